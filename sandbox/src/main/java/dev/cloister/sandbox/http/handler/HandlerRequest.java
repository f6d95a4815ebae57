package dev.cloister.sandbox.http.handler;

import dev.cloister.sandbox.http.field.TraceContext;
import dev.cloister.sandbox.problem.Problem;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A request for a plugin that is an HTTP handler.
///
/// @param method its method
/// @param protocol its protocol with the version, such as `HTTP/1.1`
/// @param scheme `http` or `https`
/// @param authority the host, and the port if it was named, that the client asked
/// @param scriptName the path under which the plugin is, as the client wrote it
/// @param rawPath the path below that, as the client wrote it; `/` if there is none
/// @param query the query without the `?`, as the client wrote it; empty if there is none
/// @param fields the header fields in their order
/// @param remoteAddress the client's address
/// @param user who the client is, as its key says
/// @param trace the request's place in its trace
public record HandlerRequest(
    String method,
    String protocol,
    String scheme,
    String authority,
    String scriptName,
    String rawPath,
    String query,
    List<Map.Entry<String, String>> fields,
    @Nullable String remoteAddress,
    String user,
    TraceContext trace) {
  private static final int HEX = 16;

  /// Copies `fields`.
  public HandlerRequest {
    fields = List.copyOf(fields);
  }

  /// The path below the plugin's, decoded.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if it has a `%` without two digits, a NUL,
  ///   or is not UTF-8
  public String pathInfo() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(rawPath.length());
    for (int i = 0; i < rawPath.length(); i++) {
      char c = rawPath.charAt(i);
      if (c != '%') {
        bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
        continue;
      }
      int high = i + 2 < rawPath.length() ? Character.digit(rawPath.charAt(i + 1), HEX) : -1;
      int low = i + 2 < rawPath.length() ? Character.digit(rawPath.charAt(i + 2), HEX) : -1;
      if (high * HEX + low <= 0 || high < 0 || low < 0) {
        throw invalidPath();
      }
      bytes.write(high * HEX + low);
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException _) {
      throw invalidPath();
    }
  }

  /// The URL that the client asked.
  public String url() {
    String search = query.isEmpty() ? "" : "?" + query;
    return scheme + "://" + authority + scriptName + rawPath + search;
  }

  /// The host that the client asked, without the port.
  public String host() {
    int colon = portColon();
    return colon < 0 ? authority : authority.substring(0, colon);
  }

  /// The port that the client asked.
  public String port() {
    int colon = portColon();
    if (colon >= 0) {
      return authority.substring(colon + 1);
    }
    return scheme.equals("https") ? "443" : "80";
  }

  /// The first value of a header field, or null.
  public @Nullable String field(String name) {
    for (Map.Entry<String, String> field : fields) {
      if (field.getKey().equalsIgnoreCase(name)) {
        return field.getValue();
      }
    }
    return null;
  }

  /// The colon before the port; those of an IPv6 address are in brackets.
  private int portColon() {
    int colon = authority.lastIndexOf(':');
    return colon > authority.lastIndexOf(']') ? colon : -1;
  }

  private RuntimeException invalidPath() {
    return Problem.invalid("the path", rawPath, "UTF-8 in percent-encoding, without NUL")
        .asException();
  }
}
