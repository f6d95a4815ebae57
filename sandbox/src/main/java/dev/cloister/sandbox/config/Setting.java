package dev.cloister.sandbox.config;

/// A key of the configuration, what it is set to and by whom.
///
/// @param key the whole key, `http.port` for instance
/// @param value the value as a file would have it
/// @param source `default`, `FILE:LINE`, or the name of a variable of the environment
public record Setting(String key, String value, String source) {}
