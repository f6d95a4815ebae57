package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.storage.PluginName;
import java.time.Instant;

/// A line that a plugin wrote.
///
/// @param id increases with every line of the tenant, also over restarts
/// @param time when it was written
/// @param level `info` for what plugins write to standard error
/// @param plugin who wrote it
/// @param stream `stderr`, `stdout` or `host`
/// @param text the line without its end, exactly as the guest wrote it: never trust it
public record LogEntry(
    long id, Instant time, String level, PluginName plugin, String stream, String text) {
  private static final int OVERHEAD_BYTES = 96;

  /// Returns about how much memory the entry takes.
  int sizeBytes() {
    return OVERHEAD_BYTES + 2 * text.length();
  }
}
