package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;

/// Takes what code of kind [CodeKind#FUEL] executes from the fuel of its store.
///
/// What an execution costs is defined by the Wasm text alone, so it is the same on every machine:
///
/// - Each instruction costs 1, but for `nop`, `drop` and what only delimits: `block`, `loop`,
///   `else`, `end`, `catch`, `catch_all`, `delegate`, which are free.
/// - Instructions are paid for by *segments*. A segment is a run of instructions in the text, the
///   last of which is the first that is `loop`, `if`, `else`, `end`, `catch`, `catch_all`,
///   `delegate`, a branch, a call, a tail call, `return`, `unreachable`, `throw`, `throw_ref` or
///   `rethrow`: whoever executes the first instruction of a segment executes all, unless one of
///   them traps. The cost of a segment is taken as a whole before its first instruction, and is not
///   given back if there is a trap in its middle.
/// - A bulk instruction costs one more for each 64 bytes, or part of them, that its length operand
///   asks for, taken before its bounds are checked. An element of a table counts as 8 bytes,
///   elements of arrays as their storage type, references as 8.
///
/// What the host does is free, as is instantiation, but for the start function. A charge that the
/// store cannot pay is not taken: the call traps and what is left stays.
@CalledByGeneratedCode
public final class Fuel {
  /// The bytes that a bulk instruction moves for one unit, as a power of two.
  private static final int BULK_BYTES_SHIFT = 6;

  private Fuel() {}

  /*
   * One field is changed, after everything that could fail, so a probe of the stack would protect
   * nothing.
   */
  /// Takes the cost of a segment.
  ///
  /// @throws TrapException if less than that is left
  @CalledByGeneratedCode
  public static void charge(Instance instance, int cost) {
    Store store = instance.store;
    long left = store.fuel - cost;
    if (left < 0) {
      throw new TrapException(TrapReason.ALL_FUEL_CONSUMED);
    }
    store.fuel = left;
  }

  /// Takes what a bulk instruction costs besides.
  ///
  /// @param length the number of elements, unsigned
  /// @param elementBytes the size of one, a power of two
  /// @throws TrapException if less than that is left
  @CalledByGeneratedCode
  public static void chargeBulk(int length, int elementBytes, Instance instance) {
    charge(instance.store, Integer.toUnsignedLong(length), elementBytes);
  }

  /// Takes what a bulk instruction with a 64-bit length costs besides.
  ///
  /// @param length the number of elements, unsigned
  /// @param elementBytes the size of one, a power of two
  /// @throws TrapException if less than that is left
  @CalledByGeneratedCode
  public static void chargeBulk(long length, int elementBytes, Instance instance) {
    charge(instance.store, length, elementBytes);
  }

  private static void charge(Store store, long length, int elementBytes) {
    // Of elements, not of bytes, whose number may be too large for a long.
    int shift = BULK_BYTES_SHIFT - Integer.numberOfTrailingZeros(elementBytes);
    long units = length >>> shift;
    boolean hasRest = (length & (1L << shift) - 1) != 0;
    long left = store.fuel - units - (hasRest ? 1 : 0);
    if (left < 0) {
      throw new TrapException(TrapReason.ALL_FUEL_CONSUMED);
    }
    store.fuel = left;
  }
}
