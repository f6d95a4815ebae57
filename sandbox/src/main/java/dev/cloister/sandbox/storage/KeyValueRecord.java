package dev.cloister.sandbox.storage;

import java.time.Instant;

/// A key-value pair without its value.
///
/// @param key the key
/// @param sizeBytes the bytes of key and value together
/// @param updatedAt when it was set
public record KeyValueRecord(String key, long sizeBytes, Instant updatedAt) {}
