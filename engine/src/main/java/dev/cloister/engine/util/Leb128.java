package dev.cloister.engine.util;

import java.io.ByteArrayOutputStream;

/// Writes integers of variable length (Spec 5.2.2). Reading is [ByteReader]'s.
public final class Leb128 {

  private Leb128() {}

  /// Appends `value`, taken as unsigned, in as few bytes as possible.
  public static void writeUnsigned(ByteArrayOutputStream out, long value) {
    long rest = value;
    while (rest >>> 7 != 0) {
      out.write((int) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  /// Appends `value`, taken as signed, in as few bytes as possible.
  public static void writeSigned(ByteArrayOutputStream out, long value) {
    long rest = value;
    while (rest < -64 || rest > 63) {
      out.write((int) ((rest & 0x7F) | 0x80));
      rest >>= 7;
    }
    out.write((int) (rest & 0x7F));
  }
}
