package dev.cloister.isolate.egress;

import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import java.net.URI;
import java.util.Locale;
import java.util.regex.Pattern;

/// Where a request goes.
///
/// @param scheme `http` or `https`
/// @param host in lower case, an IPv6 address without brackets
/// @param port from 1 to 65535
/// @param pathAndQuery begins with `/`
record Target(String scheme, String host, int port, String pathAndQuery) {
  private static final int MAX_URI_LENGTH = 8_192;
  private static final int MAX_PORT = 65_535;
  private static final Pattern HOST = Pattern.compile("[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}");

  /// Takes `uri` apart.
  ///
  /// @throws HostServiceException `INVALID` if it is not absolute, has another scheme, or user
  ///   information
  static Target of(URI uri) {
    String text = uri.toString();
    if (text.length() > MAX_URI_LENGTH) {
      throw invalid("a URL of " + text.length() + " characters; allowed are " + MAX_URI_LENGTH);
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (!EgressPolicy.SCHEMES.contains(scheme)) {
      throw invalid("a URL with the scheme \"" + scheme + "\"; allowed are http and https");
    }
    if (uri.getHost() == null) {
      throw invalid("a URL without a host");
    }
    if (uri.getRawUserInfo() != null) {
      throw invalid("a URL with user information; use the field Authorization");
    }
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    if (host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    int port = uri.getPort() < 0 ? defaultPort(scheme) : uri.getPort();
    if (!HOST.matcher(host).matches() || port == 0 || port > MAX_PORT) {
      throw invalid("a URL with the host \"" + host + "\" and the port " + port);
    }
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    String query = uri.getRawQuery();
    String pathAndQuery = query == null ? path : path + "?" + query;
    if (!pathAndQuery.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
      throw invalid("a URL with a character that is not ASCII; escape it with %");
    }
    return new Target(scheme, host, port, pathAndQuery);
  }

  /// Whether the port is the one of the scheme.
  boolean isDefaultPort() {
    return port == defaultPort(scheme);
  }

  /// Whether the connection is encrypted.
  boolean isSecure() {
    return scheme.equals("https");
  }

  /// Whether requests to `other` may have the same credentials.
  boolean hasOriginOf(Target other) {
    return scheme.equals(other.scheme) && host.equals(other.host) && port == other.port;
  }

  /// Host and, unless it is the scheme's own, port.
  String authority() {
    String name = host.indexOf(':') < 0 ? host : "[" + host + "]";
    return isDefaultPort() ? name : name + ":" + port;
  }

  private static int defaultPort(String scheme) {
    return scheme.equals("https") ? 443 : 80;
  }

  private static HostServiceException invalid(String what) {
    return new HostServiceException(HostError.INVALID, what + " cannot be requested");
  }
}
