package dev.cloister.engine.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.MalformedException;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

final class ByteReaderTest {

  private static final long[] EDGES = {
    0,
    1,
    63,
    64,
    127,
    128,
    8191,
    8192,
    16383,
    16384,
    0x7FFF_FFFFL,
    0x8000_0000L,
    0xFFFF_FFFFL,
    0x1_0000_0000L,
    Long.MAX_VALUE
  };

  private static ByteReader reader(int... bytes) {
    byte[] array = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      array[i] = (byte) bytes[i];
    }
    return new ByteReader(array, 0, array.length);
  }

  private static ByteReader written(Consumer<ByteArrayOutputStream> writer) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writer.accept(out);
    return new ByteReader(out.toByteArray(), 0, out.size());
  }

  private static void assertMalformed(String text, Runnable reading) {
    assertThatThrownBy(reading::run)
        .isInstanceOf(MalformedException.class)
        .hasMessageStartingWith(text);
  }

  @Test
  void numbers_areReadAsTheyWereWritten() {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      long value =
          i < EDGES.length * 2
              ? (i % 2 == 0 ? EDGES[i / 2] : -EDGES[i / 2] - 1)
              : random.nextLong() >> random.nextInt(64);
      assertThat(written(out -> Leb128.writeUnsigned(out, value)).readU64()).isEqualTo(value);
      assertThat(written(out -> Leb128.writeSigned(out, value)).readS64()).isEqualTo(value);
      int narrow = (int) value;
      assertThat(written(out -> Leb128.writeSigned(out, narrow)).readS32()).isEqualTo(narrow);
      assertThat(
              written(out -> Leb128.writeUnsigned(out, Integer.toUnsignedLong(narrow))).readU32())
          .isEqualTo(narrow);
      assertThat(written(out -> Leb128.writeSigned(out, narrow)).readS33()).isEqualTo(narrow);
    }
  }

  @Test
  void numbers_withSpareBytes_areRead() {
    assertThat(reader(0x80, 0x80, 0x80, 0x80, 0x00).readU32()).isZero();
    assertThat(reader(0xFF, 0xFF, 0xFF, 0xFF, 0x7F).readS32()).isEqualTo(-1);
    assertThat(reader(0x80, 0x80, 0x80, 0x80, 0x78).readS32()).isEqualTo(Integer.MIN_VALUE);
  }

  @Test
  void numbers_tooLong_areRefused() {
    assertMalformed(
        "integer representation too long",
        () -> reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x00).readU32());
    assertMalformed(
        "integer representation too long",
        () -> reader(0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F).readS32());
  }

  @Test
  void numbers_tooLarge_areRefused() {
    assertMalformed("integer too large", () -> reader(0x80, 0x80, 0x80, 0x80, 0x10).readU32());
    assertMalformed("integer too large", () -> reader(0x80, 0x80, 0x80, 0x80, 0x08).readS32());
    assertMalformed("integer too large", () -> reader(0xFF, 0xFF, 0xFF, 0xFF, 0x77).readS32());
    assertMalformed("integer too large", () -> reader(0x80, 0x80, 0x80, 0x80, 0x10).readS33());
    assertMalformed(
        "integer too large",
        () -> reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02).readU64());
    assertMalformed(
        "integer too large",
        () -> reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01).readS64());
  }

  @Test
  void bytes_pastTheEnd_areRefused() {
    assertMalformed("unexpected end", () -> reader().readByte());
    assertMalformed("unexpected end", () -> reader(0x80).readU32());
    assertMalformed("unexpected end", () -> reader(0x80).readS64());
    assertMalformed("unexpected end", () -> reader(1, 2, 3).readFixed32());
    assertMalformed("unexpected end", () -> reader(1, 2, 3).readFixed64());
    assertMalformed("unexpected end", () -> reader(1, 2, 3).skip(4));
  }

  @Test
  void range_isNotLeft() {
    ByteReader reader = new ByteReader(new byte[] {1, 2, 3, 4}, 1, 2);
    assertThat(reader.readByte()).isEqualTo(2);
    assertThat(reader.atEnd()).isTrue();
    assertThat(reader.peek()).isEqualTo(-1);
    assertMalformed("unexpected end", reader::readByte);
  }

  @Test
  void fixedWidthNumbers_haveTheLowestByteFirst() {
    assertThat(reader(1, 2, 3, 0x84).readFixed32()).isEqualTo(0x84030201);
    assertThat(reader(1, 2, 3, 4, 5, 6, 7, 0x88).readFixed64()).isEqualTo(0x8807060504030201L);
  }
}
