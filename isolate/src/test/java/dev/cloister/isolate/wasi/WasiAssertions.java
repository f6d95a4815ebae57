package dev.cloister.isolate.wasi;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/// What tests of WASI functions check again and again.
final class WasiAssertions {
  private WasiAssertions() {}

  /// `call` answers `errno`.
  static void assertErrno(Errno errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ErrnoException.class,
            e -> {
              if (e.errno() != errno) {
                throw new AssertionError("expected " + errno + ", got " + e.errno());
              }
            });
  }
}
