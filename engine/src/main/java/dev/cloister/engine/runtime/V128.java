package dev.cloister.engine.runtime;

/// A 128-bit vector at the border between Wasm and the host.
///
/// @param low bytes 0 to 7, little endian: lane 0 is in the least significant bits
/// @param high bytes 8 to 15
public record V128(long low, long high) {}
