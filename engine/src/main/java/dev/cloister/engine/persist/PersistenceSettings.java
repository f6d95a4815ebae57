package dev.cloister.engine.persist;

import java.time.Duration;

/// When new code is written, and how much of it may be held until then.
///
/// @param minBytes new code of a module that is worth writing
/// @param quiet how long no code has been added to it before it is written
/// @param maxBytes new code of a module that is written at once
/// @param maxPendingBytes the most new code of all modules that is held in memory to be written;
///   what is generated beyond is not kept
/// @param maxArchiveBytes the most code that is kept of one module
public record PersistenceSettings(
    int minBytes, Duration quiet, int maxBytes, long maxPendingBytes, long maxArchiveBytes) {
  private static final PersistenceSettings DEFAULTS =
      new PersistenceSettings(1_000, Duration.ofSeconds(2), 1_000_000, 16L << 20, 256L << 20);

  /// Checks the settings.
  ///
  /// @throws IllegalArgumentException if one is out of its range
  public PersistenceSettings {
    if (minBytes < 0 || maxBytes < minBytes || quiet.isNegative() || maxPendingBytes < 0) {
      throw new IllegalArgumentException("not settings: " + minBytes + " to " + maxBytes);
    }
    if (maxArchiveBytes < 0) {
      throw new IllegalArgumentException("maxArchiveBytes is negative: " + maxArchiveBytes);
    }
  }

  /// {@return the thresholds of V8, 16 MiB to be written, 256 MiB a module}
  public static PersistenceSettings defaults() {
    return DEFAULTS;
  }
}
