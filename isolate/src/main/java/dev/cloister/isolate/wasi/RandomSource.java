package dev.cloister.isolate.wasi;

import java.security.SecureRandom;

/// Where a guest's random bytes come from.
@FunctionalInterface
public interface RandomSource {
  /// Fills `bytes`.
  void fill(byte[] bytes);

  /// The operating system's generator.
  static RandomSource secure() {
    return new SecureRandom()::nextBytes;
  }
}
