package dev.cloister.isolate.host;

/// Where a plugin writes lines that say how much they matter. Any thread; never blocks, and drops
/// what comes too fast.
@FunctionalInterface
public interface PluginLog {
  /// Takes nothing and forgets it.
  PluginLog DISCARD = (_, _) -> {};

  /// The longest line in bytes; callers cut what is longer.
  int MAX_LINE_BYTES = 64 << 10;

  /// Takes one line.
  void log(LogLevel level, String line);
}
