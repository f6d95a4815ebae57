package dev.cloister.isolate.egress;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/// Finds the addresses of a host. May block.
@FunctionalInterface
public interface HostResolver {
  /// The resolver of the operating system.
  HostResolver SYSTEM = host -> List.of(InetAddress.getAllByName(host));

  /// The addresses of `host`, at least one.
  ///
  /// @param host a name, or an address as text, an IPv6 one without brackets
  /// @throws UnknownHostException if there are none
  List<InetAddress> resolve(String host) throws UnknownHostException;
}
