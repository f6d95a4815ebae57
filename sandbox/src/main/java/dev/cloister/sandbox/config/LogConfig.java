package dev.cloister.sandbox.config;

/// The section `logs`: what plugins write.
///
/// @param tenantBytes how much of it is kept in memory for each tenant
/// @param maxEntryBytes the longest entry; longer lines are cut
public record LogConfig(int tenantBytes, int maxEntryBytes) {
  private static final int KIBIBYTE = 1 << 10;

  static LogConfig from(ConfigSection section) {
    LogConfig config =
        new LogConfig(
            (int) section.sizeBytes("perTenant", 256 * KIBIBYTE, KIBIBYTE, 1L << 30),
            (int) section.sizeBytes("maxEntry", 8 * KIBIBYTE, 64, 1 << 20));
    section.end();
    return config;
  }
}
