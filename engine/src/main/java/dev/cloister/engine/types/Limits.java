package dev.cloister.engine.types;

/// The sizes that a memory or table may have (Spec 2.3.11). Immutable: what grows is the memory or
/// table, never its type.
///
/// @param is64 whether addresses are i64 instead of i32
/// @param min initial size, unsigned
/// @param hasMax whether there is a largest size
/// @param max largest size, unsigned; 0 without one
public record Limits(boolean is64, long min, boolean hasMax, long max) {

  /// Returns limits with 32-bit addresses and no largest size.
  public static Limits of(long min) {
    return new Limits(false, min, false, 0);
  }

  /// Returns limits with 32-bit addresses.
  public static Limits of(long min, long max) {
    return new Limits(false, min, true, max);
  }

  /// Returns the type of addresses: i64 or i32.
  public NumType addressType() {
    return is64 ? NumType.I64 : NumType.I32;
  }

  @Override
  public String toString() {
    return (is64 ? "i64 " : "")
        + Long.toUnsignedString(min)
        + (hasMax ? " " + Long.toUnsignedString(max) : "");
  }
}
