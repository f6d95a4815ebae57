package dev.cloister.isolate.fake;

import dev.cloister.isolate.wasi.OutputSink;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// A sink that keeps everything.
public final class Captured implements OutputSink {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /// Makes an empty one.
  public Captured() {}

  @Override
  public synchronized void write(byte[] source, int from, int length) {
    bytes.write(source, from, length);
  }

  /// What was written.
  public synchronized byte[] bytes() {
    return bytes.toByteArray();
  }

  /// What was written, as text.
  public String text() {
    return new String(bytes(), StandardCharsets.UTF_8);
  }
}
