package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import org.jspecify.annotations.Nullable;

/// A reference that is an integer of 31 bits (Spec 2.3.3, `i31`).
///
/// Two of them are the same reference when their values are equal, which [Casts#areEqual] knows.
/// Small values are shared; others are objects that are paid for.
@CalledByGeneratedCode
public final class I31 {
  /// A header, the value and the token.
  private static final long BYTES = 24;

  private static final int MIN_SHARED = -1_024;
  private static final int MAX_SHARED = 1_023;
  private static final I31[] SHARED = makeShared();

  private final int value;

  /// Only kept, never read: the object's death is noticed by it.
  @SuppressWarnings("UnusedVariable")
  private final @Nullable GcToken token;

  private I31(int value, @Nullable GcToken token) {
    this.value = value;
    this.token = token;
  }

  private static I31[] makeShared() {
    I31[] shared = new I31[MAX_SHARED - MIN_SHARED + 1];
    for (int i = 0; i < shared.length; i++) {
      shared[i] = new I31(MIN_SHARED + i, /* token= */ null);
    }
    return shared;
  }

  /// {@return the reference with the lower 31 bits of `value`} `ref.i31`.
  @CalledByGeneratedCode
  public static I31 of(int value, GcHeap heap) {
    int signed = value << 1 >> 1;
    return signed >= MIN_SHARED && signed <= MAX_SHARED
        ? shared(signed)
        : new I31(signed, heap.take(BYTES));
  }

  /// {@return the shared reference with a small value}
  static I31 shared(int value) {
    return SHARED[value - MIN_SHARED];
  }

  /// {@return the value of a reference, sign-extended} `i31.get_s`.
  ///
  /// @throws TrapException if it is null
  @CalledByGeneratedCode
  public static int signed(@Nullable Object reference) {
    if (reference == null) {
      throw new TrapException(TrapReason.NULL_I31_REFERENCE);
    }
    return ((I31) reference).value;
  }

  /// {@return the value of a reference, zero-extended} `i31.get_u`.
  ///
  /// @throws TrapException if it is null
  @CalledByGeneratedCode
  public static int unsigned(@Nullable Object reference) {
    return signed(reference) & 0x7fff_ffff;
  }

  /// {@return the value, sign-extended}
  public int value() {
    return value;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof I31 i31 && value == i31.value;
  }

  @Override
  public int hashCode() {
    return value;
  }

  @Override
  public String toString() {
    return "i31 " + value;
  }
}
