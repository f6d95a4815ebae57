package dev.cloister.sandbox.storage;

/// What a tenant's key-value pairs take.
///
/// @param count how many there are
/// @param bytes keys and values together
public record KeyValueUsage(long count, long bytes) {
  /// None.
  public static final KeyValueUsage NONE = new KeyValueUsage(0, 0);

  /// Returns this with so many more.
  public KeyValueUsage plus(long moreCount, long moreBytes) {
    return new KeyValueUsage(count + moreCount, bytes + moreBytes);
  }
}
