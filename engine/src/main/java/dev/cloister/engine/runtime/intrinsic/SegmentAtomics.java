package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.runtime.CalledByGeneratedCode;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.SegmentAccess;
import dev.cloister.engine.runtime.SegmentMemory;

/// Atomic accesses to memories in segments, which other threads may access at the same time.
///
/// They are volatile accesses of Java: sequentially consistent among each other, as Wasm asks for.
/// Java has no atomic updates of 8 and 16 bits, so these compare and set the 32 bits around them.
///
/// All take the address first, as 64 bits and unsigned, then the operands in Wasm's order, the
/// offset, and the memory. Results of 8 and 16 bits are zero-extended, operands are wrapped.
@CalledByGeneratedCode
public final class SegmentAtomics {
  private SegmentAtomics() {}

  /// Loads 8 bits.
  @CalledByGeneratedCode
  public static int load8(long address, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 1, memory.limit);
    return (byte) SegmentAccess.ATOMIC8.getVolatile(memory.segment, at) & 0xff;
  }

  /// Loads 16 bits.
  @CalledByGeneratedCode
  public static int load16(long address, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 2, memory.limit);
    return (short) SegmentAccess.ATOMIC16.getVolatile(memory.segment, at) & 0xffff;
  }

  /// Loads 32 bits.
  @CalledByGeneratedCode
  public static int load32(long address, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 4, memory.limit);
    return (int) SegmentAccess.ATOMIC32.getVolatile(memory.segment, at);
  }

  /// Loads 64 bits.
  @CalledByGeneratedCode
  public static long load64(long address, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 8, memory.limit);
    return (long) SegmentAccess.ATOMIC64.getVolatile(memory.segment, at);
  }

  /// Stores 8 bits.
  @CalledByGeneratedCode
  public static void store8(long address, int value, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 1, memory.limit);
    SegmentAccess.ATOMIC8.setVolatile(memory.segment, at, (byte) value);
  }

  /// Stores 16 bits.
  @CalledByGeneratedCode
  public static void store16(long address, int value, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 2, memory.limit);
    SegmentAccess.ATOMIC16.setVolatile(memory.segment, at, (short) value);
  }

  /// Stores 32 bits.
  @CalledByGeneratedCode
  public static void store32(long address, int value, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 4, memory.limit);
    SegmentAccess.ATOMIC32.setVolatile(memory.segment, at, value);
  }

  /// Stores 64 bits.
  @CalledByGeneratedCode
  public static void store64(long address, long value, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 8, memory.limit);
    SegmentAccess.ATOMIC64.setVolatile(memory.segment, at, value);
  }

  /// Replaces 8 bits by what an operation of [AtomicOps] makes of them, and returns the old ones.
  @CalledByGeneratedCode
  public static int rmw8(
      long address, int operand, long offset, SegmentMemory memory, int operation) {
    long at = AtomicOps.checkedAddress(address, offset, 1, memory.limit);
    while (true) {
      int word = load32Around(at, memory);
      int old = word >>> shift(at) & 0xff;
      int replacement = AtomicOps.apply(operation, old, operand) & 0xff;
      if (replace(at, word, word ^ (old ^ replacement) << shift(at), memory)) {
        return old;
      }
    }
  }

  /// Replaces 16 bits by what an operation of [AtomicOps] makes of them, and returns the old ones.
  @CalledByGeneratedCode
  public static int rmw16(
      long address, int operand, long offset, SegmentMemory memory, int operation) {
    long at = AtomicOps.checkedAddress(address, offset, 2, memory.limit);
    while (true) {
      int word = load32Around(at, memory);
      int old = word >>> shift(at) & 0xffff;
      int replacement = AtomicOps.apply(operation, old, operand) & 0xffff;
      if (replace(at, word, word ^ (old ^ replacement) << shift(at), memory)) {
        return old;
      }
    }
  }

  /// Replaces 32 bits by what an operation of [AtomicOps] makes of them, and returns the old ones.
  @CalledByGeneratedCode
  public static int rmw32(
      long address, int operand, long offset, SegmentMemory memory, int operation) {
    long at = AtomicOps.checkedAddress(address, offset, 4, memory.limit);
    return switch (operation) {
      case AtomicOps.ADD -> (int) SegmentAccess.ATOMIC32.getAndAdd(memory.segment, at, operand);
      case AtomicOps.SUB -> (int) SegmentAccess.ATOMIC32.getAndAdd(memory.segment, at, -operand);
      case AtomicOps.AND ->
          (int) SegmentAccess.ATOMIC32.getAndBitwiseAnd(memory.segment, at, operand);
      case AtomicOps.OR ->
          (int) SegmentAccess.ATOMIC32.getAndBitwiseOr(memory.segment, at, operand);
      case AtomicOps.XOR ->
          (int) SegmentAccess.ATOMIC32.getAndBitwiseXor(memory.segment, at, operand);
      case AtomicOps.EXCHANGE ->
          (int) SegmentAccess.ATOMIC32.getAndSet(memory.segment, at, operand);
      default -> throw new IllegalArgumentException("no atomic operation: " + operation);
    };
  }

  /// Replaces 64 bits by what an operation of [AtomicOps] makes of them, and returns the old ones.
  @CalledByGeneratedCode
  public static long rmw64(
      long address, long operand, long offset, SegmentMemory memory, int operation) {
    long at = AtomicOps.checkedAddress(address, offset, 8, memory.limit);
    return switch (operation) {
      case AtomicOps.ADD -> (long) SegmentAccess.ATOMIC64.getAndAdd(memory.segment, at, operand);
      case AtomicOps.SUB -> (long) SegmentAccess.ATOMIC64.getAndAdd(memory.segment, at, -operand);
      case AtomicOps.AND ->
          (long) SegmentAccess.ATOMIC64.getAndBitwiseAnd(memory.segment, at, operand);
      case AtomicOps.OR ->
          (long) SegmentAccess.ATOMIC64.getAndBitwiseOr(memory.segment, at, operand);
      case AtomicOps.XOR ->
          (long) SegmentAccess.ATOMIC64.getAndBitwiseXor(memory.segment, at, operand);
      case AtomicOps.EXCHANGE ->
          (long) SegmentAccess.ATOMIC64.getAndSet(memory.segment, at, operand);
      default -> throw new IllegalArgumentException("no atomic operation: " + operation);
    };
  }

  /// Replaces 8 bits if they are as expected, and returns the old ones.
  @CalledByGeneratedCode
  public static int cmpxchg8(
      long address, int expected, int replacement, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 1, memory.limit);
    while (true) {
      int word = load32Around(at, memory);
      int old = word >>> shift(at) & 0xff;
      boolean isExpected = old == (expected & 0xff);
      int stored = isExpected ? replacement & 0xff : old;
      if (replace(at, word, word ^ (old ^ stored) << shift(at), memory)) {
        return old;
      }
    }
  }

  /// Replaces 16 bits if they are as expected, and returns the old ones.
  @CalledByGeneratedCode
  public static int cmpxchg16(
      long address, int expected, int replacement, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 2, memory.limit);
    while (true) {
      int word = load32Around(at, memory);
      int old = word >>> shift(at) & 0xffff;
      boolean isExpected = old == (expected & 0xffff);
      int stored = isExpected ? replacement & 0xffff : old;
      if (replace(at, word, word ^ (old ^ stored) << shift(at), memory)) {
        return old;
      }
    }
  }

  /// Replaces 32 bits if they are as expected, and returns the old ones.
  @CalledByGeneratedCode
  public static int cmpxchg32(
      long address, int expected, int replacement, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 4, memory.limit);
    return (int)
        SegmentAccess.ATOMIC32.compareAndExchange(memory.segment, at, expected, replacement);
  }

  /// Replaces 64 bits if they are as expected, and returns the old ones.
  @CalledByGeneratedCode
  public static long cmpxchg64(
      long address, long expected, long replacement, long offset, SegmentMemory memory) {
    long at = AtomicOps.checkedAddress(address, offset, 8, memory.limit);
    return (long)
        SegmentAccess.ATOMIC64.compareAndExchange(memory.segment, at, expected, replacement);
  }

  private static int load32Around(long at, SegmentMemory memory) {
    return (int) SegmentAccess.ATOMIC32.getVolatile(memory.segment, at & -4);
  }

  private static boolean replace(long at, int old, int replacement, SegmentMemory memory) {
    return SegmentAccess.ATOMIC32.compareAndSet(memory.segment, at & -4, old, replacement);
  }

  /// {@return by how many bits what is at an address is shifted in the 32 bits around it}
  private static int shift(long at) {
    return (int) (at & 3) << 3;
  }

  /// `memory.atomic.notify`.
  ///
  /// @param count how many to wake at most, unsigned
  /// @return how many were woken
  @CalledByGeneratedCode
  public static int notify(long address, int count, long offset, SegmentMemory memory) {
    return memory.wake(AtomicOps.checkedAddress(address, offset, 4, memory.limit), count);
  }

  /// `memory.atomic.wait32`.
  ///
  /// @param timeoutNanos forever if it is negative
  /// @return 0 if the caller was woken, 1 if the value is not as expected, 2 after the timeout
  @CalledByGeneratedCode
  public static int wait32(
      long address,
      int expected,
      long timeoutNanos,
      long offset,
      SegmentMemory memory,
      Instance caller) {
    long at = AtomicOps.checkedAddress(address, offset, 4, memory.limit);
    return memory.await(
        at,
        () -> (int) SegmentAccess.ATOMIC32.getVolatile(memory.segment, at) == expected,
        timeoutNanos,
        caller);
  }

  /// `memory.atomic.wait64`.
  ///
  /// @param timeoutNanos forever if it is negative
  /// @return 0 if the caller was woken, 1 if the value is not as expected, 2 after the timeout
  @CalledByGeneratedCode
  public static int wait64(
      long address,
      long expected,
      long timeoutNanos,
      long offset,
      SegmentMemory memory,
      Instance caller) {
    long at = AtomicOps.checkedAddress(address, offset, 8, memory.limit);
    return memory.await(
        at,
        () -> (long) SegmentAccess.ATOMIC64.getVolatile(memory.segment, at) == expected,
        timeoutNanos,
        caller);
  }
}
