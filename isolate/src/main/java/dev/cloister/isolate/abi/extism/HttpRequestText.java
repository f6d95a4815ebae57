package dev.cloister.isolate.abi.extism;

import dev.cloister.isolate.host.HttpField;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a plug-in writes to ask for an HTTP request: `{"url", "method"?, "headers"?}`.
///
/// @param uri where to: absolute, with a host
/// @param method in upper case, `GET` if none was given
/// @param headers the fields
record HttpRequestText(URI uri, String method, List<HttpField> headers) {
  HttpRequestText {
    headers = List.copyOf(headers);
  }

  /// @throws ExtismException if it is not such an object
  static HttpRequestText parse(String json) {
    JsonObject object;
    try {
      object = new JsonObject(json);
    } catch (DecodeException e) {
      throw new ExtismException("an HTTP request is not a JSON object: " + e.getMessage(), e);
    }
    @Nullable URI uri = null;
    String method = "GET";
    List<HttpField> headers = new ArrayList<>();
    for (Map.Entry<String, Object> member : object) {
      switch (member.getKey()) {
        case "url" -> uri = uri(text(member));
        case "method" -> method = member.getValue() == null ? method : text(member);
        case "headers" -> headers = headers(member);
        default ->
            throw new ExtismException(
                "an HTTP request has the unknown member \""
                    + member.getKey()
                    + "\"; known are url, method, headers");
      }
    }
    if (uri == null) {
      throw new ExtismException("an HTTP request lacks \"url\"");
    }
    return new HttpRequestText(uri, method.toUpperCase(Locale.ROOT), headers);
  }

  private static URI uri(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw new ExtismException("\"" + text + "\" is not a URL: " + e.getMessage(), e);
    }
    if (uri.getHost() == null) {
      throw new ExtismException("the URL \"" + text + "\" has no host");
    }
    return uri;
  }

  private static List<HttpField> headers(Map.Entry<String, Object> member) {
    List<HttpField> fields = new ArrayList<>();
    if (member.getValue() instanceof JsonObject object) {
      for (Map.Entry<String, Object> field : object) {
        fields.add(new HttpField(field.getKey(), text(field)));
      }
    } else if (member.getValue() != null) {
      throw new ExtismException("\"headers\" of an HTTP request must be an object");
    }
    return fields;
  }

  private static String text(Map.Entry<String, Object> member) {
    if (member.getValue() instanceof String text) {
      return text;
    }
    throw new ExtismException("\"" + member.getKey() + "\" of an HTTP request must be a text");
  }
}
