package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.Identity;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.auth.Session;
import dev.cloister.sandbox.auth.Sessions;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.AuditLog;
import dev.cloister.sandbox.registry.Author;
import dev.cloister.sandbox.storage.TenantName;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Signing a browser in and out.
final class SessionApi {
  private final KeyRing keys;
  private final Sessions sessions;
  private final WrongKeys wrongKeys;
  private final AuditLog audit;
  private final ServerInfo server;
  private final ControlEndpoints threads;

  SessionApi(
      KeyRing keys,
      Sessions sessions,
      WrongKeys wrongKeys,
      AuditLog audit,
      ServerInfo server,
      ControlEndpoints threads) {
    this.keys = keys;
    this.sessions = sessions;
    this.wrongKeys = wrongKeys;
    this.audit = audit;
    this.server = server;
    this.threads = threads;
  }

  /// The body that signs in.
  record SignIn(@Nullable String key) {}

  Answer open(ApiRequest request) {
    requireDeclaredJson(request);
    @Nullable String key = Json.read(request.body(), SignIn.class).key();
    Principal principal = holder(key, request.remote());
    String token = sessions.open(principal);
    audit.append(new Author(principal, request.remote()), "session.create");
    @Nullable Session session = sessions.find(token);
    if (session == null) {
      throw new IllegalStateException("a session ended as it began");
    }
    return Answer.json(200, view(session)).with("Set-Cookie", cookie(token, sessions.duration()));
  }

  /// Says who is signed in. Never a 401, which browsers show as an error.
  void get(Exchange exchange) {
    @Nullable String token = Authentication.token(exchange.http());
    @Nullable Session session = token == null ? null : sessions.find(token);
    exchange.answer(Answer.json(200, session == null ? Map.of("signedIn", false) : view(session)));
  }

  void close(Exchange exchange) {
    Authentication.requireConsole(exchange.http());
    @Nullable String token = Authentication.token(exchange.http());
    if (token == null) {
      exchange.answer(Answer.empty(204));
      return;
    }
    threads
        .of(request -> {
          sessions.close(token);
          return Answer.empty(204).with("Set-Cookie", cookie("", Duration.ZERO));
        })
        .handle(exchange);
  }

  private Principal holder(@Nullable String key, @Nullable String remote) {
    Identity identity =
        key == null ? new Identity.Refused("send a key", null) : keys.identify(key.strip());
    return switch (identity) {
      case Identity.Known known -> known.principal();
      case Identity.Anonymous(), Identity.Pending _, Identity.Unavailable _ ->
          throw new IllegalStateException("a key is somebody's or refused");
      case Identity.Expired expired ->
          throw Problem.of(ProblemType.UNAUTHORIZED, "the key is not valid since " + expired.end())
              .asException();
      case Identity.Refused refused -> {
        wrongKeys.countSignIn(refused, remote);
        throw Problem.of(ProblemType.UNAUTHORIZED, refused.reason()).asException();
      }
    };
  }

  /// A form of another site can send text, but not JSON.
  private static void requireDeclaredJson(ApiRequest request) {
    String type = request.header("Content-Type");
    if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
      throw ApiRequest.unsupportedType(type, Answer.JSON_TYPE).asException();
    }
  }

  private Map<String, @Nullable Object> view(Session session) {
    Map<String, @Nullable Object> view = new LinkedHashMap<>();
    @Nullable TenantName tenant = session.principal().tenant();
    view.put("signedIn", true);
    view.put("role", session.principal().role().text());
    view.put("tenant", tenant == null ? null : tenant.text());
    view.put("expiresAt", session.expiresAt().toString());
    view.put("server", server);
    return view;
  }

  private static String cookie(String token, Duration duration) {
    return Authentication.COOKIE
        + "="
        + token
        + "; Path=/; HttpOnly; SameSite=Strict; Max-Age="
        + duration.toSeconds();
  }
}
