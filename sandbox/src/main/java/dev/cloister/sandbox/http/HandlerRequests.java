package dev.cloister.sandbox.http;

import dev.cloister.sandbox.http.handler.HandlerRequest;
import dev.cloister.sandbox.problem.Problem;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.HostAndPort;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a plugin that is an HTTP handler is told of the request to it.
final class HandlerRequests {
  private HandlerRequests() {}

  /// Reads it from a request to `…/plugins/{plugin}/http/*`.
  static HandlerRequest of(Exchange exchange) {
    ApiRequest request = exchange.request();
    HttpServerRequest http = exchange.http();
    String scriptName =
        "/v1/tenants/" + request.tenant().text() + "/plugins/" + request.plugin().text() + "/http";
    String path = String.valueOf(http.path());
    if (!path.equals(scriptName) && !path.startsWith(scriptName + "/")) {
      throw Problem.invalid("the path", path, scriptName + " and more, without detours")
          .asException();
    }
    @Nullable String query = http.query();
    @Nullable HostAndPort authority = http.authority();
    List<Map.Entry<String, String>> fields =
        http.headers().entries().stream()
            .filter(field -> !field.getKey().startsWith(":")) // of HTTP/2's own
            .map(field -> Map.entry(field.getKey(), field.getValue()))
            .toList();
    return new HandlerRequest(
        http.method().name(),
        protocol(http.version()),
        http.isSSL() ? "https" : "http",
        authority == null ? "localhost" : authority.toString(),
        scriptName,
        path.length() == scriptName.length() ? "/" : path.substring(scriptName.length()),
        query == null ? "" : query,
        fields,
        request.remote(),
        request.principal().actor(),
        request.trace());
  }

  private static String protocol(HttpVersion version) {
    return switch (version) {
      case HTTP_1_0 -> "HTTP/1.0";
      case HTTP_1_1 -> "HTTP/1.1";
      case HTTP_2 -> "HTTP/2.0";
      case HTTP_3 -> "HTTP/3.0";
    };
  }
}
