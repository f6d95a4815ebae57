package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.http.field.TraceContext;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.Author;
import dev.cloister.sandbox.storage.AliasName;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.TenantName;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A request without its connection: what endpoints read, on any thread.
///
/// Reading a parameter that is wrong throws the problem that says so.
final class ApiRequest {
  /// What clients declare that were not told anything.
  private static final String FORM_TYPE = "application/x-www-form-urlencoded";

  /// What names of stateful instances are made of.
  private static final Pattern INSTANCE_KEY = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:-]{0,127}");

  private static final String IDENTITY = "identity";
  private static final String TRACE_PARENT = "traceparent";
  private static final byte[] NO_BODY = new byte[0];

  private final HttpMethod method;
  private final String uri;
  private final PathValues path;
  private final MultiMap query;
  private final MultiMap headers;
  private final @Nullable Principal principal;
  private final @Nullable String remote;
  private final TraceContext trace;
  private final byte[] body;

  private ApiRequest(
      HttpMethod method,
      String uri,
      PathValues path,
      MultiMap query,
      MultiMap headers,
      @Nullable Principal principal,
      @Nullable String remote,
      TraceContext trace,
      byte[] body) {
    this.method = method;
    this.uri = uri;
    this.path = path;
    this.query = query;
    this.headers = headers;
    this.principal = principal;
    this.remote = remote;
    this.trace = trace;
    this.body = body;
  }

  /// Returns the request that `http` is.
  ///
  /// @param path what stands in the path for the parts that vary
  /// @param query the query's parameters
  static ApiRequest of(
      HttpServerRequest http,
      PathValues path,
      MultiMap query,
      @Nullable Principal principal,
      @Nullable String remote) {
    MultiMap headers = http.headers();
    TraceContext trace =
        headers.contains(TRACE_PARENT)
            ? TraceContext.of(headers.getAll(TRACE_PARENT), headers.getAll("tracestate"))
            : TraceContext.begin();
    return new ApiRequest(
        http.method(), http.uri(), path, query, headers, principal, remote, trace, NO_BODY);
  }

  ApiRequest withBody(byte[] newBody) {
    return new ApiRequest(method, uri, path, query, headers, principal, remote, trace, newBody);
  }

  /// Returns the method and the URL's path and query, with a space between.
  String line() {
    return method + " " + uri;
  }

  /// Returns who made the request.
  ///
  /// @throws IllegalStateException on a public route, where nobody needs a key
  Principal principal() {
    if (principal == null) {
      throw new IllegalStateException("a public route asked for the principal");
    }
    return principal;
  }

  /// Returns who made the request, null on a public route.
  @Nullable Principal sender() {
    return principal;
  }

  /// Returns the network address the request came from.
  @Nullable String remote() {
    return remote;
  }

  /// Returns the request's place in its trace.
  TraceContext trace() {
    return trace;
  }

  /// Returns a reference to this request's path with the same query but for one parameter.
  String target(String parameter, String value) {
    StringBuilder target = new StringBuilder("?");
    query.forEach(entry -> {
      if (!entry.getKey().equals(parameter)) {
        target.append(encoded(entry.getKey())).append('=').append(encoded(entry.getValue()));
        target.append('&');
      }
    });
    return target.append(parameter).append('=').append(encoded(value)).toString();
  }

  /// Returns who made the request, for the audit log.
  Author author() {
    return new Author(principal(), remote);
  }

  /// Returns a part of the path that the route names.
  String path(String name) {
    @Nullable String value = path.get(name);
    if (value == null) {
      throw new IllegalStateException("the route has no parameter " + name);
    }
    return value;
  }

  /// Returns the tenant in the path.
  TenantName tenant() {
    return new TenantName(path("tenant"));
  }

  /// Returns the plugin in the path.
  PluginName plugin() {
    return new PluginName(path("plugin"));
  }

  /// Returns the alias in the path.
  AliasName alias() {
    return new AliasName(path("alias"));
  }

  /// Returns the version in the path.
  BlobDigest version() {
    return digest("version", path("version"));
  }

  /// Returns the digest in the path.
  BlobDigest digest() {
    return digest("digest", path("digest"));
  }

  /// Returns the version that the query names, or null.
  @Nullable BlobDigest queryVersion() {
    @Nullable String text = query("version");
    return text == null ? null : digest("version", text);
  }

  /// Returns the alias that the query names, else `live`.
  AliasName queryAlias() {
    @Nullable String text = query("alias");
    return text == null ? AliasName.LIVE : new AliasName(text);
  }

  /// Returns the version that the header `Cloister-Version` names, or null.
  @Nullable BlobDigest headerVersion() {
    @Nullable String text = header("Cloister-Version");
    return text == null ? null : digest("Cloister-Version", text);
  }

  /// Returns the alias that the header `Cloister-Alias` names, else `live`.
  AliasName headerAlias() {
    @Nullable String text = header("Cloister-Alias");
    return text == null ? AliasName.LIVE : new AliasName(text);
  }

  /// Returns the stateful instance that the query names, or null.
  @Nullable String queryInstance() {
    @Nullable String text = query("instance");
    return text == null ? null : instanceKey(text);
  }

  /// Returns `text` if it can name a stateful instance.
  static String instanceKey(String text) {
    if (!INSTANCE_KEY.matcher(text).matches()) {
      throw Problem.invalid(
              "instance",
              text,
              "1 to 128 letters, digits and . _ : -, the first of them a letter or a digit")
          .asException();
    }
    return text;
  }

  /// Returns the first value of a query parameter, or null.
  @Nullable String query(String name) {
    return query.get(name);
  }

  /// Returns all values of a query parameter in order.
  List<String> queryAll(String name) {
    return query.getAll(name);
  }

  /// Returns a query parameter that is a whole number in `[minimum, maximum]`.
  int queryNumber(String name, int defaultValue, int minimum, int maximum) {
    @Nullable String text = query(name);
    if (text == null) {
      return defaultValue;
    }
    try {
      int value = Integer.parseInt(text);
      if (value >= minimum && value <= maximum) {
        return value;
      }
    } catch (NumberFormatException _) {
      // Falls through to the problem below.
    }
    throw Problem.invalid(name, text, "a number from " + minimum + " to " + maximum).asException();
  }

  /// Returns a query parameter that is `true` or `false`.
  boolean queryFlag(String name, boolean defaultValue) {
    @Nullable String text = query(name);
    return switch (text) {
      case null -> defaultValue;
      case "true" -> true;
      case "false" -> false;
      default -> throw Problem.invalid(name, text, "true or false").asException();
    };
  }

  /// Returns the first value of a header, or null.
  @Nullable String header(String name) {
    return headers.get(name);
  }

  /// Returns the body, which nobody may change.
  byte[] body() {
    return body;
  }

  /// Returns whether the header Accept names a type, or is absent and `isDefault`.
  boolean accepts(String type, boolean isDefault) {
    @Nullable String accept = header("Accept");
    if (accept == null || accept.equals("*/*")) {
      return isDefault;
    }
    return accept.contains(type);
  }

  /// Checks that a body, if there is one, is declared as JSON in UTF-8 or not declared at all.
  ///
  /// The type of a form counts as undeclared: it is what common clients send where nobody chose
  /// one. It opens no way for forms of other sites, as they cannot send a key, nor the header that
  /// goes with a session.
  void requireJsonBody() {
    @Nullable String type = header("Content-Type");
    if (type == null || body.length == 0) {
      return;
    }
    String lower = type.toLowerCase(Locale.ROOT).replace(" ", "");
    if (lower.equals(FORM_TYPE)) {
      return;
    }
    if (!lower.equals("application/json") && !lower.equals("application/json;charset=utf-8")) {
      throw unsupportedType(type, Answer.JSON_TYPE).asException();
    }
  }

  /// A body of a type that is not accepted.
  static Problem unsupportedType(@Nullable String actual, String allowed) {
    return Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "the body must have the type " + allowed)
        .with("actual", actual)
        .with("allowed", allowed);
  }

  /// Checks that a body is sent as it is, since nothing here decompresses.
  void requireIdentityCoding() {
    @Nullable String coding = header("Content-Encoding");
    if (coding != null && !coding.strip().equalsIgnoreCase(IDENTITY)) {
      throw Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE, "the body must not be compressed")
          .with("what", "Content-Encoding")
          .with("actual", coding)
          .with("allowed", IDENTITY)
          .asException();
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  static BlobDigest digest(String what, String text) {
    try {
      return BlobDigest.parse(text);
    } catch (IllegalArgumentException _) {
      throw Problem.invalid(what, text, "sha256: and 64 hexadecimal digits").asException();
    }
  }
}
