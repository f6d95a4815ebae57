package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.Identity;
import dev.cloister.sandbox.config.HttpConfig;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One event loop's HTTP listener: finds the route, checks the key, hands over to the endpoint.
final class HttpVerticle extends VerticleBase {
  private static final int MAX_URL_BYTES = 16 << 10;
  private static final int MAX_HEADER_BYTES = 32 << 10;
  private static final int MAX_WEB_SOCKET_MESSAGE_BYTES = 2 << 20;

  private final HttpConfig config;
  private final List<Route> routes;
  private final Authentication authentication;
  private final WrongKeys wrongKeys;
  private @Nullable HttpServer server;

  HttpVerticle(
      HttpConfig config, List<Route> routes, Authentication authentication, WrongKeys wrongKeys) {
    this.config = config;
    this.routes = routes;
    this.authentication = authentication;
    this.wrongKeys = wrongKeys;
  }

  @Override
  public Future<?> start() {
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost(config.host())
            .setPort(config.port())
            .setMaxInitialLineLength(MAX_URL_BYTES)
            .setMaxHeaderSize(MAX_HEADER_BYTES)
            // Every request would pay for looking whether it is a WebSocket to be compressed.
            .setPerFrameWebSocketCompressionSupported(false)
            .setPerMessageWebSocketCompressionSupported(false)
            .setMaxWebSocketFrameSize(MAX_WEB_SOCKET_MESSAGE_BYTES)
            .setMaxWebSocketMessageSize(MAX_WEB_SOCKET_MESSAGE_BYTES)
            .setIdleTimeout((int) config.idleTimeout().toSeconds())
            .setIdleTimeoutUnit(TimeUnit.SECONDS);
    HttpServer created = vertx.createHttpServer(options).requestHandler(router());
    server = created;
    return created.listen();
  }

  @Override
  public Future<?> stop() {
    HttpServer current = server;
    return current == null ? Future.succeededFuture() : current.shutdown(config.drainTimeout());
  }

  private Router router() {
    Router router = Router.router(vertx);
    for (Route route : routes) {
      RoutePath path = RoutePath.of(route.path());
      @Nullable HttpMethod method = route.method();
      io.vertx.ext.web.Route added =
          method == null
              ? router.route(path.routerPath())
              : router.route(method, path.routerPath());
      if (HttpMethod.GET.equals(method)) {
        added.method(HttpMethod.HEAD);
      }
      added.handler(context -> {
        // The router takes /admin/ for /admin as well; here they are two paths.
        if (path.matches(context.normalizedPath())) {
          admit(context, route, path.parameters());
        } else {
          context.next();
        }
      });
    }
    router.route().handler(this::refuse);
    router.errorHandler(400, context -> fail(context, malformedUrl()));
    router.errorHandler(500, context -> fail(context, context.failure()));
    return router;
  }

  private void admit(RoutingContext context, Route route, List<String> parameters) {
    HttpServerRequest http = context.request();
    http.pause();
    @Nullable String tenant = context.pathParam("tenant");
    Map<String, String> path = new HashMap<>();
    for (String name : parameters) {
      @Nullable String value = context.pathParam(name);
      path.put(name, value == null ? "" : value);
    }
    try {
      Identity identity =
          route.access() == Access.PUBLIC
              ? new Identity.Anonymous()
              : authentication.identify(http);
      Exchange exchange = exchange(context, path, identity, route.access(), tenant);
      try {
        if (identity instanceof Identity.Refused refused) {
          wrongKeys.count(refused, exchange.request().remote());
        }
        Authorization.require(route.access(), identity, tenant);
        route.endpoint().handle(exchange);
      } catch (RuntimeException e) {
        exchange.fail(e);
      }
    } catch (RuntimeException e) {
      fail(context, e);
    }
  }

  private Exchange exchange(
      RoutingContext context,
      Map<String, String> path,
      Identity identity,
      Access access,
      @Nullable String tenant) {
    HttpServerRequest http = context.request();
    ApiRequest request =
        ApiRequest.of(
            path,
            context.queryParams(),
            http.headers(),
            identity instanceof Identity.Known known ? known.principal() : null,
            authentication.remote(http));
    return new Exchange(vertx, http, request, () -> isAdmitted(http, access, tenant));
  }

  private boolean isAdmitted(HttpServerRequest http, Access access, @Nullable String tenant) {
    try {
      Authorization.require(access, authentication.identify(http), tenant);
      return true;
    } catch (RuntimeException _) {
      return false;
    }
  }

  /// No route fits: the path is unknown, or known with other methods.
  private void refuse(RoutingContext context) {
    TreeSet<String> allowed = new TreeSet<>();
    for (Route route : routes) {
      @Nullable HttpMethod method = route.method();
      if (method != null && RoutePath.of(route.path()).matches(context.normalizedPath())) {
        allowed.add(method.name());
        if (method.equals(HttpMethod.GET)) {
          allowed.add("HEAD");
        }
      }
    }
    context.request().pause();
    Exchange exchange = exchange(context, Map.of(), new Identity.Anonymous(), Access.PUBLIC, null);
    if (allowed.isEmpty()) {
      exchange.fail(Problem.notFound("path", context.normalizedPath()).asException());
      return;
    }
    String methods = String.join(", ", allowed);
    Problem problem =
        Problem.of(ProblemType.METHOD_NOT_ALLOWED, "this path takes " + methods)
            .with("actual", context.request().method().name())
            .with("allowed", List.copyOf(allowed));
    exchange.answer(Answer.problem(problem).with("Allow", methods));
  }

  private void fail(RoutingContext context, @Nullable Throwable failure) {
    Throwable cause =
        failure == null ? new IllegalStateException("a request failed without a cause") : failure;
    exchange(context, Map.of(), new Identity.Anonymous(), Access.PUBLIC, null).fail(cause);
  }

  private static Throwable malformedUrl() {
    return Problem.of(ProblemType.INVALID_REQUEST, "the URL is not well-formed").asException();
  }
}
