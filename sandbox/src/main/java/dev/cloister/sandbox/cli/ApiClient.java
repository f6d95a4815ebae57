package dev.cloister.sandbox.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Talks to a server over its HTTP interface; a problem ends the command.
final class ApiClient {
  private static final String JSON = "application/json";
  private static final int FIRST_ERROR_STATUS = 400;

  private final ObjectMapper mapper = new ObjectMapper();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Credentials credentials;

  ApiClient(Credentials credentials) {
    this.credentials = credentials;
  }

  /// Returns `text` as a part of a path or query.
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /// Reads JSON.
  JsonNode get(String path) {
    return tree(send("GET", path, BodyPublishers.noBody(), null, BodyHandlers.ofByteArray()));
  }

  /// Sends JSON, null for no body, and returns the JSON answered.
  JsonNode send(String method, String path, @Nullable Object body) {
    BodyPublisher publisher =
        body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(bytes(body));
    @Nullable String type = body == null ? null : JSON;
    return tree(send(method, path, publisher, type, BodyHandlers.ofByteArray()));
  }

  /// Sends any body and returns the answer.
  HttpResponse<byte[]> send(
      String method, String path, BodyPublisher body, @Nullable String contentType) {
    return send(method, path, body, contentType, BodyHandlers.ofByteArray());
  }

  /// Reads bytes of a type.
  byte[] download(String path, String type) {
    HttpRequest request = request(path).header("Accept", type).GET().build();
    return exchange(request, BodyHandlers.ofByteArray()).body();
  }

  /// Opens a stream of events.
  InputStream stream(String path) {
    HttpRequest request = request(path).header("Accept", "text/event-stream").GET().build();
    return exchange(request, BodyHandlers.ofInputStream()).body();
  }

  /// Reads JSON from `bytes`.
  JsonNode tree(byte[] bytes) {
    try {
      return bytes.length == 0 ? mapper.createObjectNode() : mapper.readTree(bytes);
    } catch (IOException e) {
      throw CommandFailure.failed("the server did not answer with JSON: " + e.getMessage());
    }
  }

  private JsonNode tree(HttpResponse<byte[]> response) {
    return tree(response.body());
  }

  private byte[] bytes(Object body) {
    try {
      return mapper.writeValueAsBytes(body);
    } catch (IOException e) {
      throw new IllegalStateException("cannot write " + body.getClass(), e);
    }
  }

  private <T> HttpResponse<T> send(
      String method,
      String path,
      BodyPublisher body,
      @Nullable String contentType,
      BodyHandler<T> handler) {
    HttpRequest.Builder request = request(path).method(method, body);
    if (contentType != null) {
      request.header("Content-Type", contentType);
    }
    return exchange(request.build(), handler);
  }

  private HttpRequest.Builder request(String path) {
    try {
      return HttpRequest.newBuilder(URI.create(credentials.url() + path))
          .header("Authorization", "Bearer " + credentials.key());
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("not a server's address or key: " + e.getMessage());
    }
  }

  private <T> HttpResponse<T> exchange(HttpRequest request, BodyHandler<T> handler) {
    try {
      HttpResponse<T> response = http.send(request, handler);
      if (response.statusCode() >= FIRST_ERROR_STATUS) {
        throw failure(response);
      }
      return response;
    } catch (IOException e) {
      throw CommandFailure.failed("cannot reach " + credentials.url() + ": " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CommandFailure.failed("interrupted");
    }
  }

  private CommandFailure failure(HttpResponse<?> response) {
    byte[] body =
        switch (response.body()) {
          case byte[] bytes -> bytes;
          case InputStream in -> readAll(in);
          default -> new byte[0];
        };
    JsonNode problem = tree(body);
    String type = problem.path("type").asText("");
    return CommandFailure.failed(
        response.statusCode()
            + " "
            + type.substring(type.lastIndexOf('/') + 1)
            + ": "
            + problem.path("detail").asText("no detail"));
  }

  private static byte[] readAll(InputStream in) {
    try (in) {
      return in.readAllBytes();
    } catch (IOException _) {
      return new byte[0];
    }
  }
}
