package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.runtime.CalledByGeneratedCode;
import dev.cloister.engine.runtime.HeapMemory;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.MemoryAccess;

/// Atomic accesses to memories in arrays: these are not shared, so plain accesses are atomic. What
/// remains is the check of the alignment.
///
/// All take the address first, as 64 bits and unsigned, then the operands in Wasm's order, the
/// offset, and the memory. Results of 8 and 16 bits are zero-extended, operands are wrapped.
@CalledByGeneratedCode
public final class HeapAtomics {
  private HeapAtomics() {}

  private static int index(long address, long offset, int width, HeapMemory memory) {
    return (int) AtomicOps.checkedAddress(address, offset, width, memory.limit);
  }

  /// Loads 8 bits.
  @CalledByGeneratedCode
  public static int load8(long address, long offset, HeapMemory memory) {
    int at = index(address, offset, 1, memory);
    return memory.bytes[at] & 0xff;
  }

  /// Loads 16 bits.
  @CalledByGeneratedCode
  public static int load16(long address, long offset, HeapMemory memory) {
    int at = index(address, offset, 2, memory);
    return (short) MemoryAccess.I16.get(memory.bytes, at) & 0xffff;
  }

  /// Loads 32 bits.
  @CalledByGeneratedCode
  public static int load32(long address, long offset, HeapMemory memory) {
    int at = index(address, offset, 4, memory);
    return (int) MemoryAccess.I32.get(memory.bytes, at);
  }

  /// Loads 64 bits.
  @CalledByGeneratedCode
  public static long load64(long address, long offset, HeapMemory memory) {
    int at = index(address, offset, 8, memory);
    return (long) MemoryAccess.I64.get(memory.bytes, at);
  }

  /// Stores 8 bits.
  @CalledByGeneratedCode
  public static void store8(long address, int value, long offset, HeapMemory memory) {
    int at = index(address, offset, 1, memory);
    memory.bytes[at] = (byte) value;
  }

  /// Stores 16 bits.
  @CalledByGeneratedCode
  public static void store16(long address, int value, long offset, HeapMemory memory) {
    int at = index(address, offset, 2, memory);
    MemoryAccess.I16.set(memory.bytes, at, (short) value);
  }

  /// Stores 32 bits.
  @CalledByGeneratedCode
  public static void store32(long address, int value, long offset, HeapMemory memory) {
    int at = index(address, offset, 4, memory);
    MemoryAccess.I32.set(memory.bytes, at, value);
  }

  /// Stores 64 bits.
  @CalledByGeneratedCode
  public static void store64(long address, long value, long offset, HeapMemory memory) {
    int at = index(address, offset, 8, memory);
    MemoryAccess.I64.set(memory.bytes, at, value);
  }

  /// Replaces 8 bits by what an operation of [AtomicOps] makes of them, and returns the old ones.
  @CalledByGeneratedCode
  public static int rmw8(long address, int operand, long offset, HeapMemory memory, int operation) {
    int at = index(address, offset, 1, memory);
    int old = memory.bytes[at] & 0xff;
    memory.bytes[at] = (byte) AtomicOps.apply(operation, old, operand);
    return old;
  }

  /// Replaces 16 bits by what an operation of [AtomicOps] makes of them, and returns the old ones.
  @CalledByGeneratedCode
  public static int rmw16(
      long address, int operand, long offset, HeapMemory memory, int operation) {
    int at = index(address, offset, 2, memory);
    int old = (short) MemoryAccess.I16.get(memory.bytes, at) & 0xffff;
    MemoryAccess.I16.set(memory.bytes, at, (short) AtomicOps.apply(operation, old, operand));
    return old;
  }

  /// Replaces 32 bits by what an operation of [AtomicOps] makes of them, and returns the old ones.
  @CalledByGeneratedCode
  public static int rmw32(
      long address, int operand, long offset, HeapMemory memory, int operation) {
    int at = index(address, offset, 4, memory);
    int old = (int) MemoryAccess.I32.get(memory.bytes, at);
    MemoryAccess.I32.set(memory.bytes, at, AtomicOps.apply(operation, old, operand));
    return old;
  }

  /// Replaces 64 bits by what an operation of [AtomicOps] makes of them, and returns the old ones.
  @CalledByGeneratedCode
  public static long rmw64(
      long address, long operand, long offset, HeapMemory memory, int operation) {
    int at = index(address, offset, 8, memory);
    long old = (long) MemoryAccess.I64.get(memory.bytes, at);
    MemoryAccess.I64.set(memory.bytes, at, AtomicOps.apply(operation, old, operand));
    return old;
  }

  /// Replaces 8 bits if they are as expected, and returns the old ones.
  @CalledByGeneratedCode
  public static int cmpxchg8(
      long address, int expected, int replacement, long offset, HeapMemory memory) {
    int at = index(address, offset, 1, memory);
    int old = memory.bytes[at] & 0xff;
    if (old == (expected & 0xff)) {
      memory.bytes[at] = (byte) replacement;
    }
    return old;
  }

  /// Replaces 16 bits if they are as expected, and returns the old ones.
  @CalledByGeneratedCode
  public static int cmpxchg16(
      long address, int expected, int replacement, long offset, HeapMemory memory) {
    int at = index(address, offset, 2, memory);
    int old = (short) MemoryAccess.I16.get(memory.bytes, at) & 0xffff;
    if (old == (expected & 0xffff)) {
      MemoryAccess.I16.set(memory.bytes, at, (short) replacement);
    }
    return old;
  }

  /// Replaces 32 bits if they are as expected, and returns the old ones.
  @CalledByGeneratedCode
  public static int cmpxchg32(
      long address, int expected, int replacement, long offset, HeapMemory memory) {
    int at = index(address, offset, 4, memory);
    int old = (int) MemoryAccess.I32.get(memory.bytes, at);
    if (old == expected) {
      MemoryAccess.I32.set(memory.bytes, at, replacement);
    }
    return old;
  }

  /// Replaces 64 bits if they are as expected, and returns the old ones.
  @CalledByGeneratedCode
  public static long cmpxchg64(
      long address, long expected, long replacement, long offset, HeapMemory memory) {
    int at = index(address, offset, 8, memory);
    long old = (long) MemoryAccess.I64.get(memory.bytes, at);
    if (old == expected) {
      MemoryAccess.I64.set(memory.bytes, at, replacement);
    }
    return old;
  }

  /// `memory.atomic.notify`: nobody waits at a memory that is not shared.
  @CalledByGeneratedCode
  public static int notify(long address, int count, long offset, HeapMemory memory) {
    AtomicOps.checkedAddress(address, offset, 4, memory.limit);
    return 0;
  }

  /// `memory.atomic.wait32`, which always traps.
  @CalledByGeneratedCode
  public static int wait32(
      long address, int expected, long timeout, long offset, HeapMemory memory, Instance caller) {
    AtomicOps.checkedAddress(address, offset, 4, memory.limit);
    throw new TrapException(TrapReason.EXPECTED_SHARED_MEMORY);
  }

  /// `memory.atomic.wait64`, which always traps.
  @CalledByGeneratedCode
  public static int wait64(
      long address, long expected, long timeout, long offset, HeapMemory memory, Instance caller) {
    AtomicOps.checkedAddress(address, offset, 8, memory.limit);
    throw new TrapException(TrapReason.EXPECTED_SHARED_MEMORY);
  }
}
