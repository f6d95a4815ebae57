package dev.cloister.isolate.egress;

import java.time.Duration;

/// What holds for every request of every guest.
///
/// @param connectTimeout how long a connection may take to be there
/// @param requestTimeout how long a request may take with its redirects; the deadline of the call
///   holds besides
/// @param maxRequestBytes the most bytes of a request's body
/// @param maxResponseBytes the most bytes of an answer's body
/// @param maxHeaderBytes the most bytes of the fields of a request, and of an answer
/// @param maxRedirects how many redirects are followed
/// @param maxConnections how many requests are under way at once, of all tenants together
public record EgressLimits(
    Duration connectTimeout,
    Duration requestTimeout,
    long maxRequestBytes,
    long maxResponseBytes,
    int maxHeaderBytes,
    int maxRedirects,
    int maxConnections) {
  /// The defaults.
  public static EgressLimits defaults() {
    return new EgressLimits(
        Duration.ofSeconds(5), Duration.ofSeconds(30), 16 << 20, 50 << 20, 16 << 10, 5, 1_000);
  }
}
