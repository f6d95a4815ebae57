package dev.cloister.engine.runtime;

/// A 128-bit vector at the border between Wasm and the host.
///
/// @param low bytes 0 to 7, little endian: lane 0 is in the least significant bits
/// @param high bytes 8 to 15
@CalledByGeneratedCode
public record V128(@CalledByGeneratedCode long low, @CalledByGeneratedCode long high) {
  /// {@return the vector with these halves}
  @CalledByGeneratedCode
  public static V128 of(long low, long high) {
    return new V128(low, high);
  }
}
