package dev.cloister.isolate.imports;

import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.StackGuard;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The memory of the calling instance: pointers and lengths are unsigned 32-bit numbers, and what
/// lies outside is `FAULT`, never a trap.
final class CallerMemory {
  private static final long U32_MASK = 0xFFFF_FFFFL;

  private final @Nullable Memory memory;

  private CallerMemory(@Nullable Memory memory) {
    this.memory = memory;
  }

  /// The first memory of `caller`. Also checks the stack, so that nothing a function does is cut
  /// short by an overflow.
  static CallerMemory of(Instance caller) {
    StackGuard.probe();
    return new CallerMemory(caller.memory(0));
  }

  /// A copy of `length` bytes at `pointer`.
  ///
  /// @throws ImportException `FAULT`; or `TOO_LARGE` if there are more than `maxBytes`
  byte[] bytes(int pointer, int length, int maxBytes, String what) {
    Memory present = checked(pointer, length);
    requireAtMost(length, maxBytes, what);
    return present.copy(pointer & U32_MASK, length);
  }

  /// The UTF-8 text at `pointer`.
  ///
  /// @throws ImportException `FAULT`, `TOO_LARGE`, or `INVALID` if it is not UTF-8
  String text(int pointer, int length, int maxBytes, String what) {
    byte[] bytes = bytes(pointer, length, maxBytes, what);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException _) {
      throw new ImportException(ResultCode.INVALID, what + " is not UTF-8");
    }
  }

  /// Copies `bytes` to `pointer` if they fit into `capacity`.
  ///
  /// @return how many bytes there are, whether they were copied or not
  /// @throws ImportException `FAULT` if the buffer is not within the memory
  int answer(byte[] bytes, int pointer, int capacity) {
    Memory present = checked(pointer, capacity);
    if (bytes.length <= (capacity & U32_MASK)) {
      present.write(pointer & U32_MASK, bytes, 0, bytes.length);
    }
    return bytes.length;
  }

  /// Checks that a buffer is within the memory.
  ///
  /// @throws ImportException `FAULT`
  void check(int pointer, int length) {
    checked(pointer, length);
  }

  static void requireAtMost(int length, int maxBytes, String what) {
    if ((length & U32_MASK) > maxBytes) {
      throw new ImportException(
          ResultCode.TOO_LARGE,
          what + " has " + (length & U32_MASK) + " bytes; allowed are " + maxBytes);
    }
  }

  private Memory checked(int pointer, int length) {
    Memory present = memory;
    if (present == null || (pointer & U32_MASK) + (length & U32_MASK) > present.sizeBytes()) {
      throw new ImportException(
          ResultCode.FAULT,
          (length & U32_MASK) + " bytes at " + (pointer & U32_MASK) + " are not within the memory");
    }
    return present;
  }
}
