package dev.cloister.sandbox.storage;

/// A key-value pair.
///
/// @param record all but its value
/// @param value its value
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record KeyValuePair(KeyValueRecord record, byte[] value) {}
