package dev.cloister.isolate.wasi;

import java.security.SecureRandom;

/// The operating system's generator of random numbers.
final class SystemRandom {
  /// Making a generator takes a microsecond of looking for providers; it may be used by any thread.
  static final RandomSource SOURCE = new SecureRandom()::nextBytes;

  private SystemRandom() {}
}
