package dev.cloister.sandbox.http;

import dev.cloister.sandbox.http.field.EntityTag;
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

  static final String PROBLEM_TYPE = "application/problem+json";

  private static final byte[] NO_BODY = new byte[0];

  private final int status;
  private final HeaderFields headers;
  private final byte[] body;
  private final @Nullable Subject subject;

  private Answer(int status, HeaderFields headers, byte[] body, @Nullable Subject subject) {
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.subject = subject;
  }

  /// What an answer is about, from which parts of it are made later.
  private sealed interface Subject {}

  /// A problem, which is told in what trace it occurred.
  private record Occurrence(Problem problem) implements Subject {}

  /// A JSON document.
  ///
  /// @param value the document
  /// @param state what its tag stands for if not for the whole document
  private record Document(Object value, @Nullable Object state) implements Subject {}

  /// Bytes with a tag of their own.
  private record Tagged(EntityTag tag) implements Subject {}

  /// An answer with `value` as JSON.
  static Answer json(int status, Object value) {
    return new Answer(status, headers(JSON_TYPE), Json.write(value), new Document(value, null));
  }

  /// An answer with bytes of some type.
  static Answer bytes(int status, String contentType, byte[] body) {
    return new Answer(status, headers(contentType), body, null);
  }

  /// An answer that was made before.
  static Answer again(int status, Map<String, String> headers, byte[] body) {
    return new Answer(status, HeaderFields.of(headers), body, null);
  }

  /// An answer without a body.
  static Answer empty(int status) {
    return new Answer(status, HeaderFields.of("Cache-Control", "no-store"), NO_BODY, null);
  }

  /// A problem (RFC 9457).
  static Answer problem(Problem problem) {
    int status = problem.type().status();
    Answer answer =
        new Answer(
            status, headers(PROBLEM_TYPE), Json.write(document(problem)), new Occurrence(problem));
    @Nullable Object wait = problem.members().get(Problem.RETRY_AFTER);
    return wait == null ? answer : answer.with("Retry-After", wait.toString());
  }

  private static HeaderFields headers(String contentType) {
    return HeaderFields.of("Content-Type", contentType, "Cache-Control", "no-store");
  }

  private static Map<String, @Nullable Object> document(Problem problem) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("type", problem.type().uri());
    document.put("title", problem.type().title());
    document.put("status", problem.type().status());
    document.put("detail", problem.detail());
    document.putAll(problem.members());
    return document;
  }

  /// Returns this answer with a tag that stands for `state` only: what can be set of a resource
  /// that also shows figures, which change by themselves.
  Answer taggedBy(Object state) {
    return subject instanceof Document document
        ? new Answer(status, headers, body, new Document(document.value, state))
        : this;
  }

  /// Returns this answer with a tag for its bytes.
  Answer tagged(EntityTag tag) {
    return new Answer(status, headers, body, new Tagged(tag));
  }

  /// Returns the strong tag of what is shown, or null if it has none.
  @Nullable EntityTag tag() {
    if (status != 200) {
      return null;
    }
    return switch (subject) {
      case Document document ->
          EntityTag.of(document.state == null ? body : Json.write(document.state));
      case Tagged tagged -> tagged.tag;
      case Occurrence _ -> null;
      case null -> null;
    };
  }

  /// Returns the cursor of the page that follows, or null if this is no page or the last.
  @Nullable String nextCursor() {
    return subject instanceof Document(Page page, var _) ? page.next() : null;
  }

  /// Returns this answer as it is told within a trace: a problem names it.
  Answer within(String traceId) {
    if (!(subject instanceof Occurrence(Problem problem))) {
      return this;
    }
    Map<String, @Nullable Object> document = document(problem);
    document.put("traceId", traceId);
    return new Answer(status, headers, Json.write(document), subject);
  }

  /// Returns this answer with another status and without its body and its type.
  Answer withoutBody(int newStatus) {
    return new Answer(newStatus, headers.without("Content-Type"), NO_BODY, null);
  }

  /// Returns this answer with more headers, or other values of headers it has.
  ///
  /// @param more name, value, name, value and so on
  Answer with(String... more) {
    return new Answer(status, headers.with(more), body, subject);
  }

  /// Returns the status code.
  int status() {
    return status;
  }

  /// Returns the headers.
  HeaderFields headers() {
    return headers;
  }

  /// Returns the body, which nobody may change.
  byte[] body() {
    return body;
  }
}
