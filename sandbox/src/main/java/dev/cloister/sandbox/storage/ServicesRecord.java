package dev.cloister.sandbox.storage;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is stored of what a tenant's plugins may use, but for their key-value pairs.
///
/// @param config configuration by name
/// @param secrets secrets by name, encrypted
/// @param policy what the plugins may do; null if nothing was set
/// @param keyValues what the key-value pairs take
public record ServicesRecord(
    Map<String, String> config,
    Map<String, SecretRecord> secrets,
    @Nullable PolicyRecord policy,
    KeyValueUsage keyValues) {
  /// What a tenant has for which nothing is stored.
  public static final ServicesRecord EMPTY =
      new ServicesRecord(Map.of(), Map.of(), null, KeyValueUsage.NONE);

  /// Copies the maps.
  public ServicesRecord {
    config = Map.copyOf(config);
    secrets = Map.copyOf(secrets);
  }
}
