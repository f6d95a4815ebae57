package dev.cloister.sandbox.config;

import dev.cloister.sandbox.logging.LogFormat;
import dev.cloister.sandbox.logging.LogLevel;
import java.util.List;

/// The section `logs`: what the server writes to standard error, and what plugins write.
///
/// @param format the form of the server's own log
/// @param level how much of it there is
/// @param tenantBytes how much of it is kept in memory for each tenant
/// @param maxEntryBytes the longest entry; longer lines are cut
public record LogConfig(LogFormat format, LogLevel level, int tenantBytes, int maxEntryBytes) {
  private static final int KIBIBYTE = 1 << 10;

  static LogConfig from(ConfigSection section) {
    LogConfig config =
        new LogConfig(
            section.choice("format", LogFormat.TEXT, List.of(LogFormat.values())),
            section.choice("level", LogLevel.INFO, List.of(LogLevel.values())),
            (int) section.sizeBytes("perTenant", 256 * KIBIBYTE, KIBIBYTE, 1L << 30),
            (int) section.sizeBytes("maxEntry", 8 * KIBIBYTE, 64, 1 << 20));
    section.end();
    return config;
  }

  /// Returns this section with what of `newer` can change while the server runs.
  LogConfig reloaded(LogConfig newer) {
    return new LogConfig(newer.format, newer.level, tenantBytes, maxEntryBytes);
  }
}
