package dev.cloister.engine.runtime.intrinsic;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.runtime.CalledByGeneratedCode;
import org.jspecify.annotations.Nullable;

/// Makes the traps that generated code throws itself.
@CalledByGeneratedCode
public final class Traps {
  private Traps() {}

  /// The trap of `unreachable`.
  @CalledByGeneratedCode
  public static TrapException unreachable() {
    return new TrapException(TrapReason.UNREACHABLE);
  }

  /// The trap of an access whose offset alone is out of bounds.
  @CalledByGeneratedCode
  public static TrapException memoryOutOfBounds() {
    return new TrapException(TrapReason.MEMORY_OUT_OF_BOUNDS);
  }

  /// {@return `reference`, which is not null} `ref.as_non_null`.
  ///
  /// @throws TrapException if it is null
  @CalledByGeneratedCode
  public static Object nonNull(@Nullable Object reference) {
    if (reference == null) {
      throw new TrapException(TrapReason.NULL_REFERENCE);
    }
    return reference;
  }

  /// {@return `function`, which is not null} The check of `call_ref`.
  ///
  /// @throws TrapException if it is null
  @CalledByGeneratedCode
  public static Object nonNullFunction(@Nullable Object function) {
    if (function == null) {
      throw new TrapException(TrapReason.NULL_FUNCTION_REFERENCE);
    }
    return function;
  }
}
