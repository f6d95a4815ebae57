package dev.cloister.sandbox.http;

import dev.cloister.sandbox.signature.DetachedSignature;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Lets pages of listed origins read answers (the CORS protocol of the Fetch standard). Nobody is
/// listed by default, and nobody is let in with a cookie: such pages send a key.
final class CrossOrigin {
  private static final String MAX_AGE_SECONDS = "600";

  /// What such pages may send beside what every page may.
  private static final String REQUEST_HEADERS =
      String.join(
          ", ",
          "Authorization",
          "Cloister-Alias",
          DetachedSignature.HEADER,
          "Cloister-Version",
          "Content-Type",
          "Content-Digest",
          "Repr-Digest",
          "Want-Content-Digest",
          "Want-Repr-Digest",
          "If-Match",
          "If-None-Match",
          "Idempotency-Key",
          "Last-Event-ID",
          "Prefer",
          "traceparent",
          "tracestate");

  /// What such pages may read beside what every page may.
  private static final String ANSWER_HEADERS =
      String.join(
          ", ",
          "Cloister-Exit-Code",
          "Cloister-Instance",
          "Cloister-Version",
          "Content-Digest",
          "ETag",
          "Idempotency-Replayed",
          "Link",
          "Location",
          "Preference-Applied",
          "RateLimit",
          "RateLimit-Policy",
          "Repr-Digest",
          "Retry-After",
          "Server-Timing",
          "traceparent",
          "tracestate");

  private final Set<String> origins;

  CrossOrigin(List<String> origins) {
    this.origins = Set.copyOf(origins);
  }

  /// Sets what tells a browser that the page may read the answer, if it may.
  void allow(HttpServerRequest request) {
    if (origins.isEmpty()) {
      return;
    }
    HttpServerResponse response = request.response();
    response.headers().add("Vary", "Origin");
    @Nullable String origin = request.getHeader("Origin");
    if (origin != null && origins.contains(origin.toLowerCase(Locale.ROOT))) {
      response.putHeader("Access-Control-Allow-Origin", origin);
      response.putHeader("Access-Control-Expose-Headers", ANSWER_HEADERS);
    }
  }

  /// Returns the answer to what a browser asks before it sends the request of a page.
  ///
  /// @param methods what the path takes
  Answer preflight(HttpServerRequest request, String methods) {
    Answer answer = Answer.empty(204).with("Allow", methods);
    boolean isAllowed = request.response().headers().contains("Access-Control-Allow-Origin");
    return isAllowed && request.headers().contains("Access-Control-Request-Method")
        ? answer
            .with("Access-Control-Allow-Methods", methods)
            .with("Access-Control-Allow-Headers", REQUEST_HEADERS)
            .with("Access-Control-Max-Age", MAX_AGE_SECONDS)
        : answer;
  }

  /// Returns whether the request is such a question rather than one for the path's endpoint.
  static boolean isPreflight(HttpServerRequest request) {
    return request.method().equals(HttpMethod.OPTIONS)
        && request.headers().contains("Access-Control-Request-Method");
  }
}
