package dev.cloister.sandbox.storage;

import java.time.Instant;

/// The secret that a key had before, which stays valid for a while so that its holders can change.
///
/// @param secretHash SHA-256 of the whole key with that secret, in hexadecimal
/// @param validUntil when it stops being valid
public record ReplacedSecret(String secretHash, Instant validUntil) {}
