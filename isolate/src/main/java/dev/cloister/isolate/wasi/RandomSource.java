package dev.cloister.isolate.wasi;

/// Where a guest's random bytes come from.
@FunctionalInterface
public interface RandomSource {
  /// Fills `bytes`.
  void fill(byte[] bytes);

  /// The operating system's generator; one for all.
  static RandomSource secure() {
    return SystemRandom.SOURCE;
  }
}
