package dev.cloister.sandbox.config;

import java.util.List;

/// A configuration, and where each of its values comes from.
///
/// @param config the configuration
/// @param settings all keys, in the order in which they are read
public record LoadedConfig(SandboxConfig config, List<Setting> settings) {
  /// Copies the list.
  public LoadedConfig {
    settings = List.copyOf(settings);
  }
}
