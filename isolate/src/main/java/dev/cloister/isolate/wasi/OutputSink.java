package dev.cloister.isolate.wasi;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/// Where a guest's standard output or error goes. Called on the guest's thread, one call at a time.
@FunctionalInterface
public interface OutputSink {
  /// Takes nothing and forgets it.
  OutputSink DISCARD = (_, _, _) -> {};

  /// Takes `length` bytes; copies what it keeps. An exception ends the guest.
  void write(byte[] bytes, int from, int length);

  /// Writes to `stream` and flushes it each time; the caller closes it.
  static OutputSink of(OutputStream stream) {
    return (bytes, from, length) -> {
      try {
        stream.write(bytes, from, length);
        stream.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }
}
