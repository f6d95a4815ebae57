package dev.cloister.engine.feature;

import dev.cloister.engine.error.LimitExceededException;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The implementation limits that a module must keep, an immutable value. They can be lowered, not
/// raised: the engine relies on the standard ones.
public final class WasmLimits {

  private static final WasmLimits DEFAULTS = new WasmLimits(new EnumMap<>(WasmLimit.class));

  /// A limit that is lower than the standard one.
  ///
  /// @param name what messages call it
  private record Lowered(long value, String name) {}

  private final Map<WasmLimit, Lowered> lowered;

  private WasmLimits(Map<WasmLimit, Lowered> lowered) {
    this.lowered = lowered;
  }

  /// Returns the standard limits.
  public static WasmLimits defaults() {
    return DEFAULTS;
  }

  /// Returns the largest amount allowed of what `limit` names.
  public long allowed(WasmLimit limit) {
    Lowered value = lowered.get(limit);
    return value == null ? limit.standard() : value.value;
  }

  /// Returns these limits with another value for `limit`.
  ///
  /// @throws IllegalArgumentException if the value is negative or above the standard one
  public WasmLimits with(WasmLimit limit, long value) {
    if (value < 0 || value > limit.standard()) {
      throw new IllegalArgumentException(
          "limit " + limit.text() + " must be in [0, " + limit.standard() + "], is " + value);
    }
    Map<WasmLimit, Lowered> copy = new EnumMap<>(lowered);
    if (value == limit.standard()) {
      copy.remove(limit);
    } else {
      copy.put(limit, new Lowered(value, limit.text()));
    }
    return new WasmLimits(copy);
  }

  /// Returns these limits with `limit` at most `value`, where that is lower; whoever exceeds it is
  /// told that `name` is what was exceeded.
  ///
  /// @throws IllegalArgumentException if the value is negative
  public WasmLimits atMost(WasmLimit limit, long value, String name) {
    if (value >= allowed(limit)) {
      return this;
    }
    if (value < 0) {
      throw new IllegalArgumentException("limit " + name + " must not be negative, is " + value);
    }
    Map<WasmLimit, Lowered> copy = new EnumMap<>(lowered);
    copy.put(limit, new Lowered(value, name));
    return new WasmLimits(copy);
  }

  /// Requires that `used` is within `limit`.
  ///
  /// @param used an amount, unsigned
  /// @param offset where in the module the amount stands
  /// @throws LimitExceededException if it is not
  public void check(WasmLimit limit, long used, long offset) {
    long most = allowed(limit);
    if (used < 0 || used > most) {
      Lowered value = lowered.get(limit);
      String name = value == null ? limit.text() : value.name;
      throw new LimitExceededException(name, used, most, offset);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WasmLimits limits && lowered.equals(limits.lowered);
  }

  @Override
  public int hashCode() {
    return lowered.hashCode();
  }
}
