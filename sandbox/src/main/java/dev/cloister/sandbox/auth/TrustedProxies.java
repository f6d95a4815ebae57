package dev.cloister.sandbox.auth;

import dev.cloister.isolate.egress.AddressRange;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The proxies whose word on where a request came from is taken.
///
/// Everybody can send `X-Forwarded-For`; each proxy appends the address it saw. So the list is read
/// from its end, and the first address that is no trusted proxy's is the client's.
///
/// @param ranges the addresses of the proxies; nobody is believed if there are none
public record TrustedProxies(List<AddressRange> ranges) {
  private static final int MAX_HOPS = 32;

  /// Copies the list.
  public TrustedProxies {
    ranges = List.copyOf(ranges);
  }

  /// Returns where a request came from.
  ///
  /// @param peer the other end of the connection, null if that is unknown
  /// @param forwardedFor the header `X-Forwarded-For`, its lines joined with commas, null without
  public @Nullable String client(@Nullable String peer, @Nullable String forwardedFor) {
    if (peer == null || forwardedFor == null || !isTrusted(peer)) {
      return peer;
    }
    String client = peer;
    String[] hops = forwardedFor.split(",", -1);
    for (int i = hops.length - 1; i >= Math.max(0, hops.length - MAX_HOPS); i--) {
      @Nullable InetAddress hop = AddressText.parse(hops[i].strip());
      if (hop == null) {
        // What stands before it was written by nobody we know.
        return client;
      }
      client = hop.getHostAddress();
      if (!isTrusted(client)) {
        return client;
      }
    }
    return client;
  }

  private boolean isTrusted(String address) {
    @Nullable InetAddress parsed = AddressText.parse(address);
    return parsed != null && ranges.stream().anyMatch(range -> range.contains(parsed));
  }
}
