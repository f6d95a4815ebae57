package dev.cloister.isolate.egress;

import java.util.Locale;
import java.util.regex.Pattern;

/// A host, or hosts with `*` for any characters, and perhaps a port: `api.example.com`,
/// `*.example.com`, `example.com:8443`, `[2001:db8::1]:443`. Immutable.
///
/// Without a port the scheme's own is meant: 80 and 443. `:*` means every port.
///
/// @param host in lower case, an IPv6 address without brackets
/// @param port a number, `*`, or empty for the scheme's own
public record HostPattern(String host, String port) {
  private static final int MAX_LENGTH = 260;
  private static final Pattern FORM =
      Pattern.compile("(?<host>[a-z0-9.*_-]+|\\[[0-9a-f:.]+\\])(:(?<port>[0-9]{1,5}|\\*))?");
  private static final int MAX_PORT = 65_535;

  /// Reads a pattern.
  ///
  /// @throws IllegalArgumentException if it is none
  public static HostPattern parse(String text) {
    var form = FORM.matcher(text.toLowerCase(Locale.ROOT));
    if (text.length() > MAX_LENGTH || !form.matches()) {
      throw invalid(text);
    }
    String host = form.group("host");
    String port = form.group("port");
    if (port == null) {
      port = "";
    } else if (!port.equals("*")) {
      int number = Integer.parseInt(port);
      if (number == 0 || number > MAX_PORT) {
        throw invalid(text);
      }
      port = Integer.toString(number);
    }
    boolean isBracketed = host.startsWith("[");
    return new HostPattern(isBracketed ? host.substring(1, host.length() - 1) : host, port);
  }

  /// Whether it means this host.
  ///
  /// @param hostName in lower case, an IPv6 address without brackets
  /// @param portNumber from 1 to 65535
  /// @param isDefaultPort whether that is the scheme's own
  public boolean matches(String hostName, int portNumber, boolean isDefaultPort) {
    boolean isPort =
        port.isEmpty()
            ? isDefaultPort
            : port.equals("*") || port.equals(Integer.toString(portNumber));
    return isPort && matches(host, hostName);
  }

  /// Whether every host that `other` means is one that this means, too.
  public boolean covers(HostPattern other) {
    boolean isPort = port.equals("*") || port.equals(other.port);
    return isPort && matches(host, other.host); // a `*` there is matched by a `*` here alone
  }

  @Override
  public String toString() {
    String name = host.indexOf(':') < 0 ? host : "[" + host + "]";
    return port.isEmpty() ? name : name + ":" + port;
  }

  /// Matches without backtracking further than the last `*`, so in time of at most the product of
  /// the lengths.
  private static boolean matches(String pattern, String text) {
    int p = 0;
    int t = 0;
    int star = -1;
    int resume = 0;
    while (t < text.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        resume = t;
      } else if (p < pattern.length() && pattern.charAt(p) == text.charAt(t)) {
        p++;
        t++;
      } else if (star >= 0) {
        p = star + 1;
        t = ++resume;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }

  private static IllegalArgumentException invalid(String text) {
    return new IllegalArgumentException(
        "\"" + text + "\" is no host; allowed are example.com, *.example.com, example.com:8443");
  }
}
