package dev.cloister.sandbox.http;

import io.vertx.core.http.HttpMethod;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Finds the row of the table of routes that answers a request. Any thread.
final class RouteTable {
  private static final List<String> ALL_METHODS =
      List.of("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT");

  private final List<Row> rows;

  /// A route whose path was taken apart.
  record Row(Route route, RoutePath path) {
    private boolean takes(HttpMethod method) {
      @Nullable HttpMethod own = route.method();
      return own == null
          || own.equals(method)
          || (own.equals(HttpMethod.GET) && method.equals(HttpMethod.HEAD));
    }
  }

  RouteTable(List<Route> routes) {
    this.rows = routes.stream().map(route -> new Row(route, RoutePath.of(route.path()))).toList();
  }

  /// Returns all rows; the first that fits a request answers it.
  List<Row> rows() {
    return rows;
  }

  /// Returns the row that answers a request, or null if there is none.
  ///
  /// @param path the request's path, normalized
  @Nullable Row find(HttpMethod method, String path) {
    for (Row row : rows) {
      if (row.takes(method) && row.path.matches(path)) {
        return row;
      }
    }
    return null;
  }

  /// Returns the names of the methods that may be used with a path, in order; none if there is
  /// nothing at that path.
  Set<String> methods(String path) {
    Set<String> methods = new TreeSet<>();
    for (Row row : rows) {
      if (row.path.matches(path)) {
        @Nullable HttpMethod method = row.route.method();
        if (method == null) {
          methods.addAll(ALL_METHODS);
        } else {
          methods.add(method.name());
        }
      }
    }
    if (methods.contains("GET")) {
      methods.add("HEAD");
    }
    if (!methods.isEmpty()) {
      methods.add("OPTIONS");
    }
    return methods;
  }
}
