package dev.cloister.engine.stats;

/// Why sizes were sampled. Samples at collections alone would show the times at which programs
/// allocate much, so each sample says why it was taken.
public enum SampleTrigger {
  /// The JVM has collected garbage.
  GC,
  /// It was time.
  TIMER,
  /// Somebody asked.
  REQUEST;

  /// {@return the name, for metrics}
  public String label() {
    return switch (this) {
      case GC -> "gc";
      case TIMER -> "timer";
      case REQUEST -> "request";
    };
  }
}
