package dev.cloister.isolate.abi.extism;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the author of a plug-in chose for it; the policy of its tenant holds besides.
///
/// @param config texts that it can read, by name
/// @param allowedHosts patterns of the hosts that it may send requests to, see [HostPattern]; null
///   if the policy of the tenant alone decides
/// @param maxHttpResponseBytes the most bytes of an answer's body
/// @param maxVariableBytes the most bytes that its variables may take, 0 for no variables
/// @param maxMemoryBytes the most bytes of memories and blocks of an instance
/// @param timeoutMillis how long a call may take
public record ExtismSettings(
    Map<String, String> config,
    @Nullable List<HostPattern> allowedHosts,
    long maxHttpResponseBytes,
    long maxVariableBytes,
    long maxMemoryBytes,
    long timeoutMillis) {
  /// What does not bound anything beyond the limits of the tenant.
  public static final long UNLIMITED = Long.MAX_VALUE;

  static final long DEFAULT_MAX_HTTP_RESPONSE_BYTES = 50L << 20;
  static final long DEFAULT_MAX_VARIABLE_BYTES = 1L << 20;

  /// Those of a module that comes without a manifest.
  public static final ExtismSettings DEFAULTS =
      new ExtismSettings(
          Map.of(),
          null,
          DEFAULT_MAX_HTTP_RESPONSE_BYTES,
          DEFAULT_MAX_VARIABLE_BYTES,
          UNLIMITED,
          UNLIMITED);

  /// Copies the collections.
  public ExtismSettings {
    config = Map.copyOf(config);
    allowedHosts = allowedHosts == null ? null : List.copyOf(allowedHosts);
  }

  /// Whether requests to `uri` may be asked for.
  boolean allows(URI uri) {
    String host = uri.getHost();
    return host != null && allowsHost(host);
  }

  /// Whether requests to `host` may be asked for.
  boolean allowsHost(String host) {
    List<HostPattern> patterns = allowedHosts;
    if (patterns == null) {
      return true;
    }
    String name = host.toLowerCase(Locale.ROOT);
    return patterns.stream().anyMatch(pattern -> pattern.matches(name));
  }
}
