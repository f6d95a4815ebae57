package dev.cloister.sandbox.http;

import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.storage.BlobDigest;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The console's static files, from the class path.
///
/// Only paths of plain names with a known ending are looked up, and what was found is kept in
/// memory; so the cache is no larger than the console.
final class AdminAssets {
  private static final String FOLDER = "META-INF/resources/admin/";
  private static final String HEADERS = "META-INF/cloister/console-headers.properties";
  private static final String STRICT_POLICY = "default-src 'self'; frame-ancestors 'none'";

  /// Names separated by slashes; no name starts with a dot.
  private static final Pattern PATH =
      Pattern.compile("(?:[A-Za-z0-9@_-][A-Za-z0-9@._-]*/)*[A-Za-z0-9@_-][A-Za-z0-9@._-]*");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml",
          "json", "application/json",
          "woff2", "font/woff2",
          "txt", "text/plain; charset=utf-8");

  private final ClassLoader loader;
  private final Map<String, String> headers;
  private final Map<String, Asset> assets = new ConcurrentHashMap<>();

  private record Asset(String tag, Answer answer) {}

  /// Reads the console's headers.
  ///
  /// @throws IOException if the class path cannot be read
  AdminAssets(ClassLoader loader) throws IOException {
    this.loader = loader;
    this.headers = headers(loader);
  }

  Answer get(ApiRequest request) throws IOException {
    String path = request.path("*");
    String name = path.isEmpty() ? "index.html" : path;
    @Nullable Asset asset = find(name);
    if (asset == null) {
      throw Problem.notFound("file", "/admin/" + path).asException();
    }
    if (asset.tag.equals(request.header("If-None-Match"))) {
      return complete(Answer.empty(304), asset.tag);
    }
    return asset.answer;
  }

  private @Nullable Asset find(String name) throws IOException {
    @Nullable Asset known = assets.get(name);
    if (known != null) {
      return known;
    }
    @Nullable String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    if (type == null || !PATH.matcher(name).matches()) {
      return null;
    }
    try (InputStream in = loader.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        return null;
      }
      byte[] bytes = in.readAllBytes();
      String tag = "\"" + BlobDigest.of(bytes).hex() + "\"";
      Asset asset = new Asset(tag, complete(Answer.bytes(200, type, bytes), tag));
      assets.put(name, asset);
      return asset;
    }
  }

  private Answer complete(Answer answer, String tag) {
    Answer complete = answer.with("ETag", tag).with("Cache-Control", "no-cache");
    for (Map.Entry<String, String> header : headers.entrySet()) {
      complete = complete.with(header.getKey(), header.getValue());
    }
    return complete;
  }

  private static Map<String, String> headers(ClassLoader loader) throws IOException {
    Map<String, String> headers = new LinkedHashMap<>();
    try (InputStream in = loader.getResourceAsStream(HEADERS)) {
      if (in == null) {
        headers.put("Content-Security-Policy", STRICT_POLICY);
        return headers;
      }
      Properties properties = new Properties();
      properties.load(in);
      properties.stringPropertyNames().stream()
          .sorted()
          .forEach(name -> headers.put(name, properties.getProperty(name)));
      return headers;
    }
  }
}
