package dev.cloister.sandbox.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.cloister.sandbox.json.Json;
import java.io.IOException;
import java.io.InputStream;

/// The description of the interface, kept by hand in `docs/api/openapi.yaml` and served as JSON.
final class OpenApiDocument {
  private static final String RESOURCE = "openapi.yaml";

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

  static JsonNode tree() throws IOException {
    try (InputStream in = OpenApiDocument.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IOException("missing resource " + RESOURCE);
      }
      return new YAMLMapper().readTree(in);
    }
  }

  void get(Exchange exchange) {
    exchange.answer(answer);
  }
}
