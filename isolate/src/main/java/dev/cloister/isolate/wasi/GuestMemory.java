package dev.cloister.isolate.wasi;

import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Memory;
import dev.cloister.engine.runtime.StackGuard;
import org.jspecify.annotations.Nullable;

/// A guest's memory as host functions see it: addresses are unsigned 32-bit numbers, everything is
/// little endian, and what lies outside is `FAULT`, never a trap.
final class GuestMemory {
  private static final long U32_MASK = 0xFFFF_FFFFL;

  private final @Nullable Memory memory;

  GuestMemory(@Nullable Memory memory) {
    this.memory = memory;
  }

  /// The first memory of `caller`; without one every access is a `FAULT`.
  ///
  /// Every function begins here, so this is also where the stack is checked: what a function
  /// charges or changes must not be cut short by an overflow.
  static GuestMemory of(Instance caller) {
    StackGuard.probe();
    return new GuestMemory(caller.memory(0));
  }

  /// Checks that `length` bytes at `address` are inside.
  ///
  /// @param length unsigned
  /// @throws ErrnoException `FAULT`
  void check(int address, int length) {
    checked(address, length & U32_MASK);
  }

  int int8(int address) {
    return checked(address, 1).getByte(address & U32_MASK) & 0xFF;
  }

  int int16(int address) {
    return int8(address) | int8(address + 1) << 8;
  }

  int int32(int address) {
    return checked(address, 4).getInt(address & U32_MASK);
  }

  long int64(int address) {
    return checked(address, 8).getLong(address & U32_MASK);
  }

  void setInt8(int address, int value) {
    checked(address, 1).setByte(address & U32_MASK, (byte) value);
  }

  void setInt16(int address, int value) {
    checked(address, 2);
    setInt8(address, value);
    setInt8(address + 1, value >> 8);
  }

  void setInt32(int address, int value) {
    checked(address, 4).setInt(address & U32_MASK, value);
  }

  void setInt64(int address, long value) {
    checked(address, 8).setLong(address & U32_MASK, value);
  }

  /// A copy of `length` bytes, which the caller has bounded.
  byte[] copy(int address, int length) {
    return checked(address, length & U32_MASK).copy(address & U32_MASK, length);
  }

  void read(int address, byte[] into, int from, int length) {
    checked(address, length).read(address & U32_MASK, into, from, length);
  }

  void write(int address, byte[] bytes, int from, int length) {
    checked(address, length).write(address & U32_MASK, bytes, from, length);
  }

  private Memory checked(int address, long length) {
    Memory present = memory;
    if (present == null || (address & U32_MASK) + length > present.sizeBytes()) {
      throw Errno.FAULT.exception();
    }
    return present;
  }
}
