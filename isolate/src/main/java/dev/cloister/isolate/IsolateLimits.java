package dev.cloister.isolate;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// The value of every [IsolateLimit] for one tenant. Immutable.
public final class IsolateLimits {
  private static final IsolateLimits DEFAULTS =
      new IsolateLimits(
          Arrays.stream(IsolateLimit.values()).mapToLong(IsolateLimit::defaultValue).toArray());
  private static final IsolateLimits MAXIMA =
      new IsolateLimits(
          Arrays.stream(IsolateLimit.values()).mapToLong(IsolateLimit::maximum).toArray());

  /// Indexed by the limit's ordinal.
  private final long[] values;

  private IsolateLimits(long[] values) {
    this.values = values;
  }

  /// Every limit at its default.
  public static IsolateLimits defaults() {
    return DEFAULTS;
  }

  /// Every limit at the highest value that the implementation supports.
  public static IsolateLimits maxima() {
    return MAXIMA;
  }

  /// The value of `limit`.
  public long value(IsolateLimit limit) {
    return values[limit.ordinal()];
  }

  /// These limits with one changed.
  ///
  /// @throws LimitOutOfRangeException if `value` is outside the range of the implementation
  public IsolateLimits with(IsolateLimit limit, long value) {
    return with(limit, value, limit.maximum());
  }

  /// These limits with those of `changes` set, by name, none above its value in `maxima`.
  ///
  /// @throws UnknownLimitException if a name is no limit
  /// @throws LimitOutOfRangeException if a value is outside its range
  public IsolateLimits withAll(Map<String, Long> changes, IsolateLimits maxima) {
    IsolateLimits changed = this;
    for (Map.Entry<String, Long> change : changes.entrySet()) {
      IsolateLimit limit = IsolateLimit.named(change.getKey());
      if (limit == null) {
        throw new UnknownLimitException(change.getKey());
      }
      changed = changed.with(limit, change.getValue(), maxima.value(limit));
    }
    return changed;
  }

  /// The values by name, in the order of [IsolateLimit].
  public Map<String, Long> toMap() {
    Map<String, Long> map = new LinkedHashMap<>();
    for (IsolateLimit limit : IsolateLimit.values()) {
      map.put(limit.limitName(), value(limit));
    }
    return map;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IsolateLimits limits && Arrays.equals(values, limits.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return toMap().toString();
  }

  private IsolateLimits with(IsolateLimit limit, long value, long maximum) {
    if (value < limit.minimum() || value > maximum) {
      throw new LimitOutOfRangeException(limit.limitName(), value, limit.minimum(), maximum);
    }
    long[] changed = values.clone();
    changed[limit.ordinal()] = value;
    return new IsolateLimits(changed);
  }
}
