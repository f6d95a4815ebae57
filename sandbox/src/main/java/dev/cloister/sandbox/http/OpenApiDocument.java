package dev.cloister.sandbox.http;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.cloister.sandbox.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/// The description of the interface, kept by hand in `docs/api/openapi.yaml` and served as JSON.
///
/// What holds for many operations stands once in the file, in `x-common`, by what it holds for:
/// `all`, `key` (those that need a key), or a method. It is written into each of them here.
final class OpenApiDocument {
  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final String RESOURCE = "openapi.yaml";
  private static final String COMMON = "x-common";
  private static final String ROLE = "x-role";

  private final Answer answer;

  private OpenApiDocument(Answer answer) {
    this.answer = answer;
  }

  /// Reads the description from the class path.
  ///
  /// @throws IOException if it cannot be read
  static OpenApiDocument load() throws IOException {
    return new OpenApiDocument(Answer.bytes(200, Answer.JSON_TYPE, Json.write(tree())));
  }

  /// Returns the whole description.
  ///
  /// @throws IOException if it cannot be read
  static JsonNode tree() throws IOException {
    try (InputStream in = OpenApiDocument.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IOException("missing resource " + RESOURCE);
      }
      ObjectNode document = (ObjectNode) YAML.readTree(in);
      JsonNode common = document.remove(COMMON);
      for (JsonNode path : document.path("paths")) {
        for (Map.Entry<String, JsonNode> entry : path.properties()) {
          if (entry.getValue() instanceof ObjectNode operation && operation.has(ROLE)) {
            complete(operation, entry.getKey(), common);
          }
        }
      }
      return document;
    }
  }

  void get(Exchange exchange) {
    exchange.answer(answer);
  }

  private static void complete(ObjectNode operation, String method, JsonNode common) {
    add(operation, common.path("all"));
    add(operation, common.path(method));
    if (!operation.path(ROLE).asText().equals("public")) {
      add(operation, common.path("key"));
    }
  }

  /// What an operation says itself stays.
  private static void add(ObjectNode operation, JsonNode common) {
    ObjectNode responses = operation.withObjectProperty("responses");
    common
        .path("responses")
        .properties()
        .forEach(response -> responses.putIfAbsent(response.getKey(), response.getValue()));
    if (common.has("parameters")) {
      ArrayNode parameters = operation.withArrayProperty("parameters");
      common.path("parameters").forEach(parameters::add);
    }
  }
}
