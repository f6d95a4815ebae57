package dev.cloister.engine.feature;

import dev.cloister.engine.error.LimitExceededException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The implementation limits that a module must keep, an immutable value. They can be lowered, not
/// raised: the engine relies on the standard ones.
public final class WasmLimits {

  private static final WasmLimits DEFAULTS = new WasmLimits(standardLimits());

  private final long[] allowed;

  private WasmLimits(long[] allowed) {
    this.allowed = allowed;
  }

  /// Returns the standard limits.
  public static WasmLimits defaults() {
    return DEFAULTS;
  }

  /// Returns the largest amount allowed of what `limit` names.
  public long allowed(WasmLimit limit) {
    return allowed[limit.ordinal()];
  }

  /// Returns these limits with another value for `limit`.
  ///
  /// @throws IllegalArgumentException if the value is negative or above the standard one
  public WasmLimits with(WasmLimit limit, long value) {
    if (value < 0 || value > limit.standard()) {
      throw new IllegalArgumentException(
          "limit " + limit.text() + " must be in [0, " + limit.standard() + "], is " + value);
    }
    long[] copy = allowed.clone();
    copy[limit.ordinal()] = value;
    return new WasmLimits(copy);
  }

  /// Requires that `used` is within `limit`.
  ///
  /// @param used an amount, unsigned
  /// @param offset where in the module the amount stands
  /// @throws LimitExceededException if it is not
  public void check(WasmLimit limit, long used, long offset) {
    long most = allowed[limit.ordinal()];
    if (used < 0 || used > most) {
      throw new LimitExceededException(limit.text(), used, most, offset);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WasmLimits limits && Arrays.equals(allowed, limits.allowed);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(allowed);
  }

  private static long[] standardLimits() {
    WasmLimit[] limits = WasmLimit.values();
    long[] standard = new long[limits.length];
    for (WasmLimit limit : limits) {
      standard[limit.ordinal()] = limit.standard();
    }
    return standard;
  }
}
