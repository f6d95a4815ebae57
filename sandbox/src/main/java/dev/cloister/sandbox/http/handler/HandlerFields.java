package dev.cloister.sandbox.http.handler;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// Which header fields pass between clients and handlers.
///
/// All tenants share the server's origin, with its console. So what a browser keeps for an origin
/// does not pass in either direction, and what a handler answers is shown in a sandbox.
final class HandlerFields {
  /// What an answer gets whatever the handler says, so that a page of a tenant can neither use the
  /// session of somebody who looks at it nor reach other pages of this server.
  static final String POLICY = "content-security-policy";

  static final String SANDBOX = "sandbox";

  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  /// What is about the connection or the key. `Proxy` would be taken for the variable that names a
  /// proxy.
  private static final Set<String> NOT_FOR_HANDLERS =
      Set.of(
          "authorization",
          "connection",
          "cookie",
          "keep-alive",
          "proxy",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /// What is about the connection or the origin, or is the server's to say.
  private static final Set<String> NOT_FOR_CLIENTS =
      Set.of(
          "alt-svc",
          "clear-site-data",
          "connection",
          "content-length",
          "keep-alive",
          "proxy-authenticate",
          "proxy-connection",
          "server-timing",
          "service-worker-allowed",
          "set-cookie",
          "set-cookie2",
          "strict-transport-security",
          "te",
          "traceparent",
          "tracestate",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "x-content-type-options");

  private static final String OWN_PREFIX = "cloister-";
  private static final String CROSS_ORIGIN_PREFIX = "access-control-";

  private HandlerFields() {}

  /// Whether a field of a request is passed on.
  static boolean isForHandlers(String name) {
    return !NOT_FOR_HANDLERS.contains(name.toLowerCase(Locale.ROOT));
  }

  /// Whether a field of an answer is passed on.
  static boolean isForClients(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return !NOT_FOR_CLIENTS.contains(lower)
        && !lower.startsWith(OWN_PREFIX)
        && !lower.startsWith(CROSS_ORIGIN_PREFIX);
  }

  /// Whether `name` can be the name of a field.
  static boolean isName(String name) {
    return TOKEN.matcher(name).matches();
  }

  /// Whether `value` can be the value of a field: visible characters, spaces and tabs.
  static boolean isValue(String value) {
    return value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c != 0x7F && c <= 0xFF));
  }
}
