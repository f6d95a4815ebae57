package dev.cloister.isolate;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToLongFunction;

/// The value of every [IsolateLimit] for one tenant. Immutable.
public final class IsolateLimits {
  private static final IsolateLimits DEFAULTS = of(IsolateLimit::defaultValue);
  private static final IsolateLimits MAXIMA = of(IsolateLimit::maximum);

  /// The value of every limit; never changed.
  private final EnumMap<IsolateLimit, Long> values;

  private IsolateLimits(EnumMap<IsolateLimit, Long> values) {
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
    return Objects.requireNonNull(values.get(limit));
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
    return other instanceof IsolateLimits limits && values.equals(limits.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return toMap().toString();
  }

  private IsolateLimits with(IsolateLimit limit, long value, long maximum) {
    if (value < limit.minimum() || value > maximum) {
      throw new LimitOutOfRangeException(limit.limitName(), value, limit.minimum(), maximum);
    }
    EnumMap<IsolateLimit, Long> changed = new EnumMap<>(values);
    changed.put(limit, value);
    return new IsolateLimits(changed);
  }

  private static IsolateLimits of(ToLongFunction<IsolateLimit> value) {
    EnumMap<IsolateLimit, Long> values = new EnumMap<>(IsolateLimit.class);
    for (IsolateLimit limit : IsolateLimit.values()) {
      values.put(limit, value.applyAsLong(limit));
    }
    return new IsolateLimits(values);
  }
}
