package dev.cloister.isolate.wasi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class StreamInputTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void bytes_comeInOrderWhetherPolledOrNot() throws IOException {
    PipedOutputStream out = new PipedOutputStream();
    try (PipedInputStream in = new PipedInputStream(out)) {
      InputSource source = InputSource.of(in);
      out.write("abc".getBytes(StandardCharsets.UTF_8));
      assertThat(read(source, 1)).isEqualTo("a");

      await().atMost(PATIENCE).until(source::isReadable);
      assertThat(read(source, 1)).isEqualTo("b");
      assertThat(read(source, 9)).isEqualTo("c");

      out.write("de".getBytes(StandardCharsets.UTF_8));
      out.close();
      assertThat(read(source, 9)).isEqualTo("de");
      await().atMost(PATIENCE).until(source::isReadable);
      assertThat(source.read(new byte[1], 0, 1)).isEqualTo(-1);
      assertThat(source.read(new byte[1], 0, 1)).isEqualTo(-1);
    }
  }

  @Test
  void quietStream_isNotReadable() throws IOException {
    try (PipedOutputStream out = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(out)) {
      InputSource source = InputSource.of(in);
      assertThat(source.isReadable()).isFalse();
      assertThat(source.isReadable()).isFalse();
    }
  }

  @Test
  void failureOfTheStream_isThatOfTheRead() {
    InputSource source =
        InputSource.of(
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw new IOException("gone");
              }

              @Override
              public int read(byte[] into, int from, int length) throws IOException {
                throw new IOException("gone");
              }
            });

    await().atMost(PATIENCE).until(source::isReadable);
    assertThatThrownBy(() -> source.read(new byte[1], 0, 1))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("gone");
  }

  private static String read(InputSource source, int length) {
    byte[] bytes = new byte[length];
    int count = source.read(bytes, 0, length);
    return new String(bytes, 0, count, StandardCharsets.UTF_8);
  }
}
