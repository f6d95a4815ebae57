package dev.cloister.isolate.wasi;

import java.io.InputStream;

/// What a guest reads as standard input. Called on the guest's thread, one call at a time.
@FunctionalInterface
public interface InputSource {
  /// No input at all.
  InputSource EMPTY = (_, _, _) -> -1;

  /// Reads at least one byte, waiting for it if need be, and at most `length` of them.
  ///
  /// @param length more than 0
  /// @return the number of bytes read, or -1 at the end
  int read(byte[] into, int from, int length);

  /// Whether reading would not wait now: there is a byte, or the end. A source that cannot tell
  /// says yes.
  default boolean isReadable() {
    return true;
  }

  /// Whether reading never waits.
  default boolean isReady() {
    return false;
  }

  /// The bytes of `bytes`, which the caller leaves alone.
  static InputSource of(byte[] bytes) {
    return new ArrayInput(bytes);
  }

  /// The bytes of `stream`, which the caller closes. Once a guest polls it, a thread reads ahead.
  static InputSource of(InputStream stream) {
    return new StreamInput(stream);
  }
}
