package dev.cloister.isolate.host;

/// Which hosts a request may go to, beyond what the tenant's policy says. Any thread.
@FunctionalInterface
public interface HostFilter {
  /// Every host that the policy allows.
  HostFilter ANY = (_, _) -> true;

  /// Whether a request, or a redirect of it, may go to this host.
  ///
  /// @param host a name in lower case, or an address, an IPv6 one without brackets
  /// @param port from 1 to 65535
  boolean allows(String host, int port);
}
