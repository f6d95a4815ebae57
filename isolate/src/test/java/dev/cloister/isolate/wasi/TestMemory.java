package dev.cloister.isolate.wasi;

import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import java.nio.charset.StandardCharsets;

/// One page of memory, and places in it that tests use.
final class TestMemory {
  static final int SIZE_BYTES = 1 << 16;

  private final Memory memory = Memory.create(MemoryType.of(Limits.of(1)), HeapLimiter.UNLIMITED);
  private final GuestMemory guest = new GuestMemory(memory);

  GuestMemory guest() {
    return guest;
  }

  /// Writes `text` at `address`; returns its length in bytes.
  int put(int address, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    memory.write(address, bytes, 0, bytes.length);
    return bytes.length;
  }

  String text(int address, int length) {
    return new String(memory.copy(address, length), StandardCharsets.UTF_8);
  }

  int int32(int address) {
    return memory.getInt(address);
  }

  long int64(int address) {
    return memory.getLong(address);
  }

  /// Writes pairs of address and length at `address`.
  void vectors(int address, int... pairs) {
    for (int i = 0; i < pairs.length; i++) {
      memory.setInt(address + 4L * i, pairs[i]);
    }
  }
}
