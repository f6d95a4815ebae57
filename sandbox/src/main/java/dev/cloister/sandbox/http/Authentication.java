package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.Identity;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.auth.Session;
import dev.cloister.sandbox.auth.Sessions;
import dev.cloister.sandbox.auth.TrustedProxies;
import dev.cloister.sandbox.auth.oidc.TokenVerifier;
import dev.cloister.sandbox.config.LiveConfig;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds out who makes a request: the holder of a key, or a signed-in browser.
final class Authentication {
  static final String COOKIE = "cloister_session";

  /// The header that a change made with a cookie must carry. Pages of other origins cannot send it.
  static final String CONSOLE_HEADER = "Cloister-Console";

  private static final String FORWARDED_FOR = "X-Forwarded-For";
  private static final String BEARER = "bearer ";

  private final KeyRing keys;
  private final Sessions sessions;
  private final TokenVerifier tokens;
  private final LiveConfig config;

  Authentication(KeyRing keys, Sessions sessions, TokenVerifier tokens, LiveConfig config) {
    this.tokens = tokens;
    this.keys = keys;
    this.sessions = sessions;
    this.config = config;
  }

  /// Returns what the request proves of who makes it, by a key or by a session.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a cookie asks for a change without the
  ///   console's header
  Identity identify(HttpServerRequest request) {
    @Nullable String authorization = request.getHeader("Authorization");
    if (authorization != null) {
      return authorization.regionMatches(/* ignoreCase= */ true, 0, BEARER, 0, BEARER.length())
          ? identify(authorization.substring(BEARER.length()).strip())
          : new Identity.Refused("send a valid key as Authorization: Bearer KEY", null);
    }
    @Nullable Session session = session(request);
    if (session == null) {
      return new Identity.Anonymous();
    }
    requireConsole(request);
    return new Identity.Known(session.principal());
  }

  private Identity identify(String credential) {
    return TokenVerifier.isToken(credential)
        ? tokens.identify(credential)
        : keys.identify(credential);
  }

  /// Returns the network address the request came from, null if it is unknown.
  @Nullable String remote(HttpServerRequest request) {
    @Nullable SocketAddress peer = request.remoteAddress();
    @Nullable String address = peer == null ? null : peer.hostAddress();
    if (!request.headers().contains(FORWARDED_FOR)) {
      return address;
    }
    List<String> forwarded = request.headers().getAll(FORWARDED_FOR);
    return new TrustedProxies(config.now().auth().trustedProxies())
        .client(address, String.join(",", forwarded));
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
