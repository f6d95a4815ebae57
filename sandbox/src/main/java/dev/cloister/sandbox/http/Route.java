package dev.cloister.sandbox.http;

import io.vertx.core.http.HttpMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A row of the table of routes.
///
/// @param method the method, null for every method; GET includes HEAD
/// @param path the path as OpenAPI writes it, `{name}` for a part that varies, `/*` at its end for
///   everything below
/// @param access who may use it
/// @param endpoint what answers
record Route(@Nullable HttpMethod method, String path, Access access, Endpoint endpoint) {
  private static final Pattern PARAMETER = Pattern.compile("\\{(\\w+)}");

  /// Returns the path as the router writes it, `:name` for a part that varies.
  String routerPath() {
    return PARAMETER.matcher(path).replaceAll(":$1");
  }

  /// Returns the names of the parts that vary, `*` last if the path has it.
  List<String> parameters() {
    List<String> names = new ArrayList<>();
    Matcher matcher = PARAMETER.matcher(path);
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    if (path.endsWith("/*")) {
      names.add("*");
    }
    return names;
  }

  /// Returns whether a request for `requestPath` is for this route, whatever its method.
  boolean matches(String requestPath) {
    String[] expected = path.split("/", -1);
    String[] actual = requestPath.split("/", -1);
    boolean isOpen = path.endsWith("/*");
    int fixed = isOpen ? expected.length - 1 : expected.length;
    if (isOpen ? actual.length < fixed : actual.length != fixed) {
      return false;
    }
    for (int i = 0; i < fixed; i++) {
      boolean isParameter = expected[i].startsWith("{");
      if (isParameter ? actual[i].isEmpty() : !expected[i].equals(actual[i])) {
        return false;
      }
    }
    return true;
  }
}
