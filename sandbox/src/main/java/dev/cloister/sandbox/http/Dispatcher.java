package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.Identity;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Finds the route of each request of one event loop, checks its key, and hands it to the endpoint.
///
/// The library's router is asked only for what [PlainUri] does not read: it decodes and normalizes,
/// which costs more than all that is done here.
final class Dispatcher {
  private final Vertx vertx;
  private final RouteTable routes;
  private final Authentication authentication;
  private final WrongKeys wrongKeys;
  private final Connections connections;
  private final CrossOrigin crossOrigin;
  private final BodyPaces paces;
  private final Router router;

  Dispatcher(
      Vertx vertx,
      RouteTable routes,
      Authentication authentication,
      WrongKeys wrongKeys,
      Connections connections,
      CrossOrigin crossOrigin,
      BodyPaces paces) {
    this.vertx = vertx;
    this.routes = routes;
    this.authentication = authentication;
    this.wrongKeys = wrongKeys;
    this.connections = connections;
    this.crossOrigin = crossOrigin;
    this.paces = paces;
    this.router = router();
  }

  /// A request whose path is known.
  ///
  /// @param row the row of the table that answers it
  /// @param path what stands in the path for parts that vary
  /// @param query the query's parameters
  private record Target(RouteTable.Row row, PathValues path, MultiMap query) {
    Access access() {
      return row.route().access();
    }

    /// The tenant in the path as it was written, null if the path has none.
    @Nullable String tenant() {
      return path.get("tenant");
    }
  }

  /// Takes a request whose head is there.
  void receive(HttpServerRequest http) {
    connections.begin(http);
    crossOrigin.allow(http);
    @Nullable Problem problem = UnreadableRequest.ambiguity(http);
    if (problem != null) {
      UnreadableRequest.answer(http, problem);
      return;
    }
    @Nullable PlainUri uri = CrossOrigin.isPreflight(http) ? null : PlainUri.of(http.uri());
    RouteTable.@Nullable Row row = uri == null ? null : routes.find(http.method(), uri.path());
    if (uri == null || row == null) {
      router.handle(http);
    } else {
      admit(http, new Target(row, row.path().values(uri.path()), uri.parameters()));
    }
  }

  private Router router() {
    Router built = Router.router(vertx);
    built
        .route()
        .handler(context -> {
          if (CrossOrigin.isPreflight(context.request())) {
            refuse(context);
          } else {
            context.next();
          }
        });
    for (RouteTable.Row row : routes.rows()) {
      @Nullable HttpMethod method = row.route().method();
      RoutePath path = row.path();
      if (method == null) {
        // What is below a handler's path begins with the path itself, which the router leaves out.
        add(built.route(path.routerRoot()), row);
        add(built.route(path.routerPath()), row);
      } else {
        io.vertx.ext.web.Route added = built.route(method, path.routerPath());
        add(HttpMethod.GET.equals(method) ? added.method(HttpMethod.HEAD) : added, row);
      }
    }
    built.route().handler(this::refuse);
    built.errorHandler(400, context -> fail(context.request(), malformedUrl()));
    built.errorHandler(500, context -> fail(context.request(), failure(context)));
    return built;
  }

  private void add(io.vertx.ext.web.Route added, RouteTable.Row row) {
    added.handler(context -> {
      // The router takes /admin/ for /admin as well; here they are two paths.
      if (row.path().matches(context.normalizedPath())) {
        Target target = new Target(row, values(context, row.path()), context.queryParams());
        admit(context.request(), target);
      } else {
        context.next();
      }
    });
  }

  private static PathValues values(RoutingContext context, RoutePath path) {
    List<String> values = new ArrayList<>();
    for (String name : path.parameters()) {
      @Nullable String value = context.pathParam(name);
      values.add(value == null ? "" : value);
    }
    return new PathValues(path.parameters(), values);
  }

  private void admit(HttpServerRequest http, Target target) {
    http.pause();
    try {
      Identity identity =
          target.access() == Access.PUBLIC
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
                        admit(http, target, decided);
                      } else {
                        fail(http, failure);
                      }
                    }));
      } else {
        admit(http, target, identity);
      }
    } catch (RuntimeException e) {
      fail(http, e);
    }
  }

  private void admit(HttpServerRequest http, Target target, Identity identity) {
    try {
      Exchange exchange = exchange(http, target, identity);
      try {
        if (identity instanceof Identity.Refused refused) {
          wrongKeys.count(refused, exchange.request().remote());
        }
        Authorization.require(target.access(), identity, target.tenant());
        target.row.route().endpoint().handle(exchange);
      } catch (RuntimeException e) {
        exchange.fail(e);
      }
    } catch (RuntimeException e) {
      fail(http, e);
    }
  }

  private Exchange exchange(HttpServerRequest http, Target target, Identity identity) {
    ApiRequest request =
        ApiRequest.of(
            http,
            target.path,
            target.query,
            identity instanceof Identity.Known known ? known.principal() : null,
            authentication.remote(http));
    return new Exchange(vertx, http, request, () -> isAdmitted(http, target), paces);
  }

  /// The exchange of a request that no endpoint gets.
  private Exchange unanswered(HttpServerRequest http) {
    ApiRequest request =
        ApiRequest.of(http, PathValues.NONE, MultiMap.caseInsensitiveMultiMap(), null, null);
    return new Exchange(vertx, http, request, () -> false, paces);
  }

  private boolean isAdmitted(HttpServerRequest http, Target target) {
    try {
      Authorization.require(target.access(), authentication.identify(http), target.tenant());
      return true;
    } catch (RuntimeException _) {
      return false;
    }
  }

  /// No route fits: the path is unknown, or known with other methods. Whoever asks for the methods
  /// is told.
  private void refuse(RoutingContext context) {
    HttpServerRequest http = context.request();
    Set<String> allowed = routes.methods(context.normalizedPath());
    http.pause();
    Exchange exchange = unanswered(http);
    if (allowed.isEmpty()) {
      exchange.fail(Problem.notFound("path", context.normalizedPath()).asException());
      return;
    }
    String methods = String.join(", ", allowed);
    if (http.method().equals(HttpMethod.OPTIONS)) {
      exchange.answer(crossOrigin.preflight(http, methods));
      return;
    }
    Problem problem =
        Problem.of(ProblemType.METHOD_NOT_ALLOWED, "this path takes " + methods)
            .with("actual", http.method().name())
            .with("allowed", List.copyOf(allowed));
    exchange.answer(Answer.problem(problem).with("Allow", methods));
  }

  private void fail(HttpServerRequest http, Throwable failure) {
    unanswered(http).fail(failure);
  }

  private static Throwable failure(RoutingContext context) {
    @Nullable Throwable failure = context.failure();
    return failure == null
        ? new IllegalStateException("a request failed without a cause")
        : failure;
  }

  private static Throwable malformedUrl() {
    return Problem.of(ProblemType.INVALID_REQUEST, "the URL is not well-formed").asException();
  }
}
