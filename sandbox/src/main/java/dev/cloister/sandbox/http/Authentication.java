package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.auth.Session;
import dev.cloister.sandbox.auth.Sessions;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Finds out who makes a request: the holder of a key, or a signed-in browser.
final class Authentication {
  static final String COOKIE = "cloister_session";

  /// The header that a change made with a cookie must carry. Pages of other origins cannot send it.
  static final String CONSOLE_HEADER = "Cloister-Console";

  private static final String BEARER = "bearer ";

  private final KeyRing keys;
  private final Sessions sessions;

  Authentication(KeyRing keys, Sessions sessions) {
    this.keys = keys;
    this.sessions = sessions;
  }

  /// Returns who makes the request, or null if it has neither a valid key nor a session.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a cookie asks for a change without the
  ///   console's header
  @Nullable Principal principal(HttpServerRequest request) {
    @Nullable String authorization = request.getHeader("Authorization");
    if (authorization != null) {
      return authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)
          ? keys.authenticate(authorization.substring(BEARER.length()).strip())
          : null;
    }
    @Nullable Session session = session(request);
    if (session == null) {
      return null;
    }
    requireConsole(request);
    return session.principal();
  }

  /// Returns the session of the request's cookie, or null.
  @Nullable Session session(HttpServerRequest request) {
    @Nullable String token = token(request);
    return token == null ? null : sessions.find(token);
  }

  /// Returns the session token of the request's cookie, or null.
  static @Nullable String token(HttpServerRequest request) {
    @Nullable Cookie cookie = request.getCookie(COOKIE);
    return cookie == null ? null : cookie.getValue();
  }

  /// Checks that a change by cookie comes from the console.
  static void requireConsole(HttpServerRequest request) {
    boolean isChange =
        !request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD);
    if (isChange && request.getHeader(CONSOLE_HEADER) == null) {
      throw Problem.of(
              ProblemType.CROSS_SITE, "send the header " + CONSOLE_HEADER + ": 1 with a cookie")
          .asException();
    }
  }
}
