package dev.cloister.engine.module;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// What the validation of all function bodies of a module has found, so that bytes that are known
/// to be the same need not be validated again. Immutable.
public final class ValidatedBodies {
  private static final int SETS = 3;

  /// The [FunctionFacts] about each own function.
  private final byte[] facts;

  private final BitSet tailCallers;
  private final BitSet tailCallees;
  private final BitSet memoryGrowers;

  ValidatedBodies(byte[] facts, BitSet tailCallers, BitSet tailCallees, BitSet memoryGrowers) {
    this.facts = facts;
    this.tailCallers = tailCallers;
    this.tailCallees = tailCallees;
    this.memoryGrowers = memoryGrowers;
  }

  /// {@return the number of own functions}
  public int count() {
    return facts.length;
  }

  /// {@return the [FunctionFacts] about an own function, by its position among them}
  public int facts(int ownIndex) {
    return facts[ownIndex];
  }

  BitSet tailCallers() {
    return (BitSet) tailCallers.clone();
  }

  BitSet tailCallees() {
    return (BitSet) tailCallees.clone();
  }

  BitSet memoryGrowers() {
    return (BitSet) memoryGrowers.clone();
  }

  /// {@return the findings as bytes: the number of functions, facts, then three sets of functions,
  /// each the number of its bytes and bits from the lowest on}
  public byte[] toBytes() {
    byte[][] sets = {
      tailCallers.toByteArray(), tailCallees.toByteArray(), memoryGrowers.toByteArray()
    };
    int size = Integer.BYTES + facts.length;
    for (byte[] set : sets) {
      size += Integer.BYTES + set.length;
    }
    ByteBuffer bytes = ByteBuffer.allocate(size).putInt(facts.length).put(facts);
    for (byte[] set : sets) {
      bytes.putInt(set.length).put(set);
    }
    return bytes.array();
  }

  /// {@return the findings that [#toBytes] made bytes of}
  ///
  /// @throws IllegalArgumentException if it did not
  public static ValidatedBodies of(ByteBuffer bytes) {
    try {
      byte[] facts = take(bytes);
      BitSet[] sets = new BitSet[SETS];
      for (int i = 0; i < SETS; i++) {
        sets[i] = BitSet.valueOf(take(bytes));
      }
      if (bytes.hasRemaining()) {
        throw new IllegalArgumentException("not findings: too long");
      }
      return new ValidatedBodies(facts, sets[0], sets[1], sets[2]);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("not findings: too short", e);
    }
  }

  private static byte[] take(ByteBuffer bytes) {
    int length = bytes.getInt();
    if (length < 0 || length > bytes.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] taken = new byte[length];
    bytes.get(taken);
    return taken;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ValidatedBodies bodies
        && Arrays.equals(facts, bodies.facts)
        && tailCallers.equals(bodies.tailCallers)
        && tailCallees.equals(bodies.tailCallees)
        && memoryGrowers.equals(bodies.memoryGrowers);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(facts);
  }
}
