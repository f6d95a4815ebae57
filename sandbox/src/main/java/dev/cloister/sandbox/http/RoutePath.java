package dev.cloister.sandbox.http;

import java.util.ArrayList;
import java.util.List;

/// The path of a route, taken apart once so that each request is compared without allocation.
///
/// Written as OpenAPI does: `{name}` for a part that varies, `/*` at the end for everything below.
final class RoutePath {
  private static final String REST = "*";

  /// Stands for a part that varies.
  private static final String ANY = "{}";

  /// What each part has to be.
  private final List<String> parts;

  private final List<String> parameters;
  private final String routerPath;

  /// Whether anything may follow.
  private final boolean isOpen;

  private RoutePath(
      List<String> parts, List<String> parameters, String routerPath, boolean isOpen) {
    this.parts = parts;
    this.parameters = parameters;
    this.routerPath = routerPath;
    this.isOpen = isOpen;
  }

  /// Takes `path` apart, which begins with a slash.
  static RoutePath of(String path) {
    boolean isOpen = path.endsWith("/" + REST);
    List<String> parts = new ArrayList<>();
    List<String> parameters = new ArrayList<>();
    StringBuilder routerPath = new StringBuilder();
    for (String part : path.substring(1).split("/", -1)) {
      boolean isParameter = part.startsWith("{");
      String name = isParameter ? part.substring(1, part.length() - 1) : part;
      routerPath.append('/').append(isParameter ? ":" + name : part);
      if (isParameter) {
        parameters.add(name);
        parts.add(ANY);
      } else if (!isOpen || !part.equals(REST)) {
        parts.add(part);
      }
    }
    if (isOpen) {
      parameters.add(REST);
    }
    return new RoutePath(
        List.copyOf(parts), List.copyOf(parameters), routerPath.toString(), isOpen);
  }

  /// Returns the path as the router writes it, `:name` for a part that varies.
  String routerPath() {
    return routerPath;
  }

  /// Returns the path as the router writes it, without `/*` at its end.
  String routerRoot() {
    return isOpen ? routerPath.substring(0, routerPath.length() - REST.length() - 1) : routerPath;
  }

  /// Returns the names of the parts that vary, `*` last if the path has it.
  List<String> parameters() {
    return parameters;
  }

  /// Returns whether `requestPath`, which begins with a slash, is one of these.
  boolean matches(String requestPath) {
    int from = 1;
    for (int i = 0; i < parts.size(); i++) {
      if (from > requestPath.length()) {
        return false; // the part before was the last
      }
      int slash = requestPath.indexOf('/', from);
      int to = slash < 0 ? requestPath.length() : slash;
      if (!matches(parts.get(i), requestPath, from, to)) {
        return false;
      }
      from = to + 1;
    }
    return isOpen || from > requestPath.length();
  }

  /// Returns what stands in `requestPath`, which is one of these, for the parts that vary.
  PathValues values(String requestPath) {
    if (parameters.isEmpty()) {
      return PathValues.NONE;
    }
    List<String> values = new ArrayList<>(parameters.size());
    int from = 1;
    for (String part : parts) {
      int slash = requestPath.indexOf('/', from);
      int to = slash < 0 ? requestPath.length() : slash;
      if (part.equals(ANY)) {
        values.add(requestPath.substring(from, to));
      }
      from = to + 1;
    }
    if (isOpen) {
      values.add(from < requestPath.length() ? requestPath.substring(from) : "");
    }
    return new PathValues(parameters, values);
  }

  private static boolean matches(String part, String requestPath, int from, int to) {
    return part.equals(ANY)
        ? from < to
        : part.length() == to - from && requestPath.startsWith(part, from);
  }
}
