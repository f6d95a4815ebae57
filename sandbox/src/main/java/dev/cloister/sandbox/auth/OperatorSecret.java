package dev.cloister.sandbox.auth;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What the operator's key is compared with.
///
/// @param hash the hash of the key
/// @param replacedHash the hash of the key before it, null if there is none
/// @param replacedUntil when that stops being valid, null if there is none
record OperatorSecret(
    SecretHash hash, @Nullable SecretHash replacedHash, @Nullable Instant replacedUntil) {

  /// Returns whether `presented` is the hash of a key that is valid at `time`.
  boolean isSame(SecretHash presented, Instant time) {
    boolean isCurrent = hash.isSame(presented);
    boolean isReplaced = replacedHash != null && replacedHash.isSame(presented);
    return isCurrent || (isReplaced && replacedUntil != null && time.isBefore(replacedUntil));
  }
}
