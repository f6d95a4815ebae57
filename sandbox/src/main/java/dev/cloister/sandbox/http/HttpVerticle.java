package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.Identity;
import dev.cloister.sandbox.config.HttpConfig;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One event loop's HTTP listener: finds the route, checks the key, hands over to the endpoint.
final class HttpVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(HttpVerticle.class);

  private final HttpConfig config;
  private final CrossOrigin crossOrigin;
  private final Connections connections;
  private final List<Route> routes;
  private final Authentication authentication;
  private final WrongKeys wrongKeys;
  private final ServerReload reloads;
  private @Nullable Certificate certificate;
  private @Nullable HttpServer server;

  /// Whether the certificate's files are being read.
  private boolean isReading;

  /// @param certificate the server's certificate, null without TLS
  /// @param connectionCount counts the connections of all event loops
  /// @param reloads says when the certificate is to be looked at besides
  HttpVerticle(
      HttpConfig config,
      List<Route> routes,
      Authentication authentication,
      WrongKeys wrongKeys,
      @Nullable Certificate certificate,
      AtomicInteger connectionCount,
      ServerReload reloads) {
    this.reloads = reloads;
    this.config = config;
    this.certificate = certificate;
    this.crossOrigin = new CrossOrigin(config.corsOrigins());
    this.connections = new Connections(config.connections(), connectionCount);
    this.routes = routes;
    this.authentication = authentication;
    this.wrongKeys = wrongKeys;
  }

  @Override
  public Future<?> start() {
    HttpServer created =
        vertx
            .createHttpServer(ServerOptions.of(config, certificate))
            .connectionHandler(connections::open)
            .invalidRequestHandler(UnreadableRequest::answer)
            .requestHandler(router());
    server = created;
    connections.start(vertx);
    if (certificate != null) {
      vertx.setPeriodic(config.tls().reload().toMillis(), _ -> reload(created));
      Context loop = vertx.getOrCreateContext();
      reloads.onReload(() -> loop.runOnContext(_ -> reload(created)));
    }
    return created.listen();
  }

  /// Looks at the certificate's files. Connections that are there keep the certificate they have.
  private void reload(HttpServer running) {
    if (isReading) {
      return; // what takes longer than the period would pile up
    }
    isReading = true;
    vertx
        .executeBlocking(() -> Certificate.read(config.tls()))
        .onComplete(_ -> isReading = false)
        .compose(read -> {
          if (certificate == null || read.isSame(certificate)) {
            return Future.succeededFuture();
          }
          certificate = read;
          LOG.info("event=certificate-reloaded");
          return running.updateSSLOptions(ServerOptions.ssl(config, read));
        })
        .onFailure(failure ->
            LOG.error("event=certificate-not-reloaded reason=\"{}\"", failure.getMessage()));
  }

  @Override
  public Future<?> stop() {
    HttpServer current = server;
    return current == null ? Future.succeededFuture() : current.shutdown(config.drainTimeout());
  }

  private Router router() {
    Router router = Router.router(vertx);
    router.route().handler(this::begin);
    for (Route route : routes) {
      RoutePath path = RoutePath.of(route.path());
      @Nullable HttpMethod method = route.method();
      if (method == null) {
        // What is below a handler's path begins with the path itself, which the router leaves out.
        add(router.route(path.routerRoot()), route, path);
        add(router.route(path.routerPath()), route, path);
      } else {
        io.vertx.ext.web.Route added = router.route(method, path.routerPath());
        add(HttpMethod.GET.equals(method) ? added.method(HttpMethod.HEAD) : added, route, path);
      }
    }
    router.route().handler(this::refuse);
    router.errorHandler(400, context -> fail(context, malformedUrl()));
    router.errorHandler(500, context -> fail(context, context.failure()));
    return router;
  }

  private void add(io.vertx.ext.web.Route added, Route route, RoutePath path) {
    added.handler(context -> {
      // The router takes /admin/ for /admin as well; here they are two paths.
      if (path.matches(context.normalizedPath())) {
        admit(context, route, path.parameters());
      } else {
        context.next();
      }
    });
  }

  /// What is done for every request, whatever its path.
  private void begin(RoutingContext context) {
    HttpServerRequest http = context.request();
    connections.begin(http);
    context.addEndHandler(_ -> connections.end(http));
    crossOrigin.allow(http);
    @Nullable Problem problem = UnreadableRequest.ambiguity(http);
    if (problem != null) {
      UnreadableRequest.answer(http, problem);
    } else if (CrossOrigin.isPreflight(http)) {
      refuse(context);
    } else {
      context.next();
    }
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
      if (identity instanceof Identity.Pending pending) {
        Context connection = vertx.getOrCreateContext();
        CompletableFuture<Identity> _ =
            pending
                .identity()
                .whenComplete((decided, failure) ->
                    connection.runOnContext(_ -> {
                      if (failure == null) {
                        admit(context, route, path, tenant, decided);
                      } else {
                        fail(context, failure);
                      }
                    }));
      } else {
        admit(context, route, path, tenant, identity);
      }
    } catch (RuntimeException e) {
      fail(context, e);
    }
  }

  private void admit(
      RoutingContext context,
      Route route,
      Map<String, String> path,
      @Nullable String tenant,
      Identity identity) {
    try {
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
            http.method() + " " + http.uri(),
            path,
            context.queryParams(),
            http.headers(),
            identity instanceof Identity.Known known ? known.principal() : null,
            authentication.remote(http));
    return new Exchange(
        vertx,
        http,
        request,
        () -> isAdmitted(http, access, tenant),
        config.connections().minBodyBytesPerSecond());
  }

  private boolean isAdmitted(HttpServerRequest http, Access access, @Nullable String tenant) {
    try {
      Authorization.require(access, authentication.identify(http), tenant);
      return true;
    } catch (RuntimeException _) {
      return false;
    }
  }

  /// No route fits: the path is unknown, or known with other methods. Whoever asks for the methods
  /// is told.
  private void refuse(RoutingContext context) {
    Set<String> allowed = allowed(context.normalizedPath());
    context.request().pause();
    Exchange exchange = exchange(context, Map.of(), new Identity.Anonymous(), Access.PUBLIC, null);
    if (allowed.isEmpty()) {
      exchange.fail(Problem.notFound("path", context.normalizedPath()).asException());
      return;
    }
    String methods = String.join(", ", allowed);
    if (context.request().method().equals(HttpMethod.OPTIONS)) {
      exchange.answer(crossOrigin.preflight(context.request(), methods));
      return;
    }
    Problem problem =
        Problem.of(ProblemType.METHOD_NOT_ALLOWED, "this path takes " + methods)
            .with("actual", context.request().method().name())
            .with("allowed", List.copyOf(allowed));
    exchange.answer(Answer.problem(problem).with("Allow", methods));
  }

  /// Returns what may be done with a path; nothing if there is none.
  private Set<String> allowed(String path) {
    Set<String> allowed = new TreeSet<>();
    for (Route route : routes) {
      if (RoutePath.of(route.path()).matches(path)) {
        @Nullable HttpMethod method = route.method();
        if (method == null) {
          allowed.addAll(List.of("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"));
        } else {
          allowed.add(method.name());
        }
      }
    }
    if (allowed.contains("GET")) {
      allowed.add("HEAD");
    }
    if (!allowed.isEmpty()) {
      allowed.add("OPTIONS");
    }
    return allowed;
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
