package dev.cloister.isolate;

/// A limit was to be set to a value outside its range.
public final class LimitOutOfRangeException extends RuntimeException {
  private final String limit;
  private final long value;
  private final long minimum;
  private final long maximum;

  LimitOutOfRangeException(String limit, long value, long minimum, long maximum) {
    super(limit + " must be from " + minimum + " to " + maximum + ", not " + value);
    this.limit = limit;
    this.value = value;
    this.minimum = minimum;
    this.maximum = maximum;
  }

  /// The limit's name.
  public String limit() {
    return limit;
  }

  /// The value that was asked for.
  public long value() {
    return value;
  }

  /// The lowest value allowed.
  public long minimum() {
    return minimum;
  }

  /// The highest value allowed.
  public long maximum() {
    return maximum;
  }
}
