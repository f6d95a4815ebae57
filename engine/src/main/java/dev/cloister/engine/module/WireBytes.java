package dev.cloister.engine.module;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.types.TypeSpace;
import dev.cloister.engine.util.ByteReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/// The bytes of a module as they came, immutable. Any thread may read them.
public final class WireBytes {

  private final byte[] bytes;

  private WireBytes(byte[] bytes) {
    this.bytes = bytes;
  }

  /// Returns a copy of `bytes`.
  public static WireBytes copyOf(byte[] bytes) {
    return new WireBytes(bytes.clone());
  }

  /// Returns `bytes` without copying them; from now on nobody may change them.
  public static WireBytes adopt(byte[] bytes) {
    return new WireBytes(bytes);
  }

  /// Returns the number of bytes.
  public int size() {
    return bytes.length;
  }

  /// Returns the byte at `offset`.
  public byte byteAt(int offset) {
    return bytes[offset];
  }

  /// Returns a copy of `length` bytes from `offset`.
  public byte[] copy(int offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    return Arrays.copyOfRange(bytes, offset, offset + length);
  }

  /// Copies `length` bytes from `offset` to `target` at `targetOffset`.
  public void copyTo(int offset, byte[] target, int targetOffset, int length) {
    System.arraycopy(bytes, offset, target, targetOffset, length);
  }

  /// Copies `length` bytes from `offset` to the position of `target`.
  public void copyTo(int offset, ByteBuffer target, int length) {
    target.put(bytes, offset, length);
  }

  /// Returns a view of `length` bytes from `offset`, to read from.
  public ByteBuffer buffer(int offset, int length) {
    return ByteBuffer.wrap(bytes, offset, length).asReadOnlyBuffer();
  }

  /// Returns `length` bytes from `offset` as text in UTF-8.
  public String text(int offset, int length) {
    return new String(bytes, offset, length, StandardCharsets.UTF_8);
  }

  /// Returns a new cursor over the instructions in `[from, to)`.
  public InstructionReader instructions(
      int from, int to, TypeSpace types, WasmFeatures features, WasmLimits limits) {
    return new InstructionReader(bytes, from, to, types, features, limits);
  }

  /// Returns a new cursor over the bytes from `offset` on. For the engine itself: the type of the
  /// cursor is not exported.
  @SuppressWarnings("exports")
  public ByteReader reader(int offset) {
    return new ByteReader(bytes, offset, bytes.length);
  }

  /// Returns whether both hold the same bytes.
  public boolean contentEquals(WireBytes other) {
    return Arrays.equals(bytes, other.bytes);
  }

  /// Computes the SHA-256 digest.
  public ModuleHash sha256() {
    return ModuleHash.of(bytes, bytes.length);
  }
}
