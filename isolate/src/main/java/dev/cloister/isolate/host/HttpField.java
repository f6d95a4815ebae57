package dev.cloister.isolate.host;

/// A header field of a message, as sent.
///
/// @param name its name, in any case
/// @param value its value
public record HttpField(String name, String value) {}
