package dev.cloister.isolate.host;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/// A request that a guest sends.
///
/// @param method `GET`, `POST` … in upper case
/// @param uri where to: absolute, `http` or `https`
/// @param headers its fields in order; those that belong to the connection are refused
/// @param body its body, empty for none; handed over
/// @param timeout how long all of it may take; the deadline of the call holds besides
/// @param maxResponseBytes the most bytes of the body of the answer; the host may allow fewer
/// @param hosts which hosts it may go to, beyond what the tenant's policy says
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record OutboundRequest(
    String method,
    URI uri,
    List<HttpField> headers,
    byte[] body,
    Duration timeout,
    long maxResponseBytes,
    HostFilter hosts) {
  /// Longer than any call.
  private static final Duration LONG = Duration.ofDays(1);

  /// Copies `headers`.
  public OutboundRequest {
    headers = List.copyOf(headers);
  }

  /// A request that nothing but the policy and the deadline limits.
  public static OutboundRequest of(String method, URI uri, List<HttpField> headers, byte[] body) {
    return new OutboundRequest(method, uri, headers, body, LONG, Long.MAX_VALUE, HostFilter.ANY);
  }
}
