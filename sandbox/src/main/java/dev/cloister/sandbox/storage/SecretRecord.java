package dev.cloister.sandbox.storage;

import java.time.Instant;

/// A secret as it is stored.
///
/// @param sealed its value, encrypted
/// @param updatedAt when it was set
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
public record SecretRecord(byte[] sealed, Instant updatedAt) {}
