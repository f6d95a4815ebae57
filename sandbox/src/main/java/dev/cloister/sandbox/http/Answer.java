package dev.cloister.sandbox.http;

import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A whole answer: status, headers and body.
final class Answer {
  static final String JSON_TYPE = "application/json";
  static final String TEXT_TYPE = "text/plain; charset=utf-8";
  static final String BYTES_TYPE = "application/octet-stream";

  private static final byte[] NO_BODY = new byte[0];
  private static final String PROBLEM_TYPE = "application/problem+json";

  private final int status;
  private final Map<String, String> headers;
  private final byte[] body;

  private Answer(int status, Map<String, String> headers, byte[] body) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  /// An answer with `value` as JSON.
  static Answer json(int status, Object value) {
    return bytes(status, JSON_TYPE, Json.write(value));
  }

  /// An answer with bytes of some type.
  static Answer bytes(int status, String contentType, byte[] body) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", contentType);
    headers.put("Cache-Control", "no-store");
    return new Answer(status, headers, body);
  }

  /// An answer without a body.
  static Answer empty(int status) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Cache-Control", "no-store");
    return new Answer(status, headers, NO_BODY);
  }

  /// A problem (RFC 9457).
  static Answer problem(Problem problem) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("type", problem.type().uri());
    document.put("title", problem.type().title());
    document.put("status", problem.type().status());
    document.put("detail", problem.detail());
    document.putAll(problem.members());
    Answer answer = bytes(problem.type().status(), PROBLEM_TYPE, Json.write(document));
    @Nullable Object wait = problem.members().get(Problem.RETRY_AFTER);
    return wait == null ? answer : answer.with("Retry-After", wait.toString());
  }

  /// Returns this answer with one more header, or another value of a header it has.
  Answer with(String header, String value) {
    Map<String, String> copy = new LinkedHashMap<>(headers);
    copy.put(header, value);
    return new Answer(status, copy, body);
  }

  /// Returns the status code.
  int status() {
    return status;
  }

  /// Returns the headers in order.
  Map<String, String> headers() {
    return headers;
  }

  /// Returns the body, which nobody may change.
  byte[] body() {
    return body;
  }
}
