package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.runtime.CalledByGeneratedCode;

/// What the atomic accesses of all forms of memories have in common: addresses, and the operations
/// of `atomic.rmw`.
@CalledByGeneratedCode
public final class AtomicOps {
  /// `add`.
  public static final int ADD = 0;

  /// `sub`.
  public static final int SUB = 1;

  /// `and`.
  public static final int AND = 2;

  /// `or`.
  public static final int OR = 3;

  /// `xor`.
  public static final int XOR = 4;

  /// `xchg`.
  public static final int EXCHANGE = 5;

  private AtomicOps() {}

  /// {@return the sum of address and offset, which are unsigned}
  ///
  /// @param width the number of bytes that are accessed, a power of two
  /// @param limit the size of the memory
  /// @throws TrapException if the access is out of bounds or not aligned
  static long checkedAddress(long address, long offset, int width, long limit) {
    long sum = address + offset;
    if (address < 0 || offset < 0 || sum < 0 || sum > limit - width) {
      throw new TrapException(TrapReason.MEMORY_OUT_OF_BOUNDS);
    }
    if ((sum & (width - 1)) != 0) {
      throw new TrapException(TrapReason.UNALIGNED_ATOMIC);
    }
    return sum;
  }

  /// {@return what an operation stores}
  static int apply(int operation, int old, int operand) {
    return switch (operation) {
      case ADD -> old + operand;
      case SUB -> old - operand;
      case AND -> old & operand;
      case OR -> old | operand;
      case XOR -> old ^ operand;
      case EXCHANGE -> operand;
      default -> throw new IllegalArgumentException("no atomic operation: " + operation);
    };
  }

  /// {@return what an operation stores}
  static long apply(int operation, long old, long operand) {
    return switch (operation) {
      case ADD -> old + operand;
      case SUB -> old - operand;
      case AND -> old & operand;
      case OR -> old | operand;
      case XOR -> old ^ operand;
      case EXCHANGE -> operand;
      default -> throw new IllegalArgumentException("no atomic operation: " + operation);
    };
  }
}
