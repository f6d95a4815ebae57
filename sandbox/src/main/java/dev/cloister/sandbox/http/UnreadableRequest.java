package dev.cloister.sandbox.http;

import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Requests of which nobody can say for sure what they ask: broken, too long, or ambiguous. Where
/// the next request on such a connection begins is not known either, so it is closed.
final class UnreadableRequest {
  private static final int MAX_HEADERS = 200;
  private static final int DELETE = 0x7f;

  private UnreadableRequest() {}

  /// Answers a request that the HTTP codec could not read.
  static void answer(HttpServerRequest request) {
    @Nullable Throwable cause = request.decoderResult().cause();
    answer(
        request,
        switch (cause) {
          case TooLongHttpLineException _ ->
              tooLong(ProblemType.URI_TOO_LONG, "urlBytes", ServerOptions.MAX_URL_BYTES);
          case TooLongHttpHeaderException _ ->
              tooLong(ProblemType.HEADERS_TOO_LARGE, "headerBytes", ServerOptions.MAX_HEADER_BYTES);
          case null, default ->
              Problem.of(ProblemType.INVALID_REQUEST, "the request is not well-formed HTTP");
        });
  }

  /// Answers with `problem` and ends the connection.
  static void answer(HttpServerRequest request, Problem problem) {
    // What follows on the connection is not looked at.
    request.pause();
    Answer answer = Answer.problem(problem);
    HttpServerResponse response = request.response();
    response.setStatusCode(answer.status());
    answer.headers().forEach(response::putHeader);
    response.putHeader("X-Content-Type-Options", "nosniff");
    if (request.version() != HttpVersion.HTTP_2) {
      response.putHeader("Connection", "close");
    }
    response.end(Buffer.buffer(answer.body()));
    if (request.version() != HttpVersion.HTTP_2) {
      // At once, after what was written, and before the next request is looked at.
      request.connection().close();
    }
  }

  /// Returns what makes a request ambiguous that the codec could read, or null if nothing does.
  static @Nullable Problem ambiguity(HttpServerRequest request) {
    int headers = 0;
    int hosts = 0;
    for (Map.Entry<String, String> header : request.headers()) {
      headers++;
      if (!isToken(header.getKey())) {
        return Problem.of(ProblemType.INVALID_REQUEST, "the name of a header is none");
      }
      if (header.getKey().equalsIgnoreCase("host")) {
        hosts++;
      }
    }
    if (headers > MAX_HEADERS) {
      return tooLong(ProblemType.HEADERS_TOO_LARGE, "headers", MAX_HEADERS);
    }
    if (request.uri().chars().anyMatch(next -> next <= ' ' || next >= DELETE)) {
      return Problem.of(ProblemType.INVALID_REQUEST, "the URL is not well-formed");
    }
    boolean isHostWrong = hosts > 1 || (hosts == 0 && request.version() == HttpVersion.HTTP_1_1);
    return isHostWrong ? Problem.invalid("Host", hosts, "there exactly once") : null;
  }

  /// RFC 9110, section 5.6.2.
  private static boolean isToken(String name) {
    for (int i = 0; i < name.length(); i++) {
      char next = name.charAt(i);
      boolean isLetterOrDigit =
          (next >= 'a' && next <= 'z')
              || (next >= 'A' && next <= 'Z')
              || (next >= '0' && next <= '9');
      // The codec shows pseudo-headers of HTTP/2 as parts of the request, never as headers.
      if (!isLetterOrDigit && "!#$%&'*+-.^_`|~".indexOf(next) < 0) {
        return false;
      }
    }
    return !name.isEmpty();
  }

  private static Problem tooLong(ProblemType type, String limit, int allowed) {
    return Problem.of(type, limit + " is more than the " + allowed + " that are allowed")
        .with("limit", limit)
        .with("allowed", allowed);
  }
}
