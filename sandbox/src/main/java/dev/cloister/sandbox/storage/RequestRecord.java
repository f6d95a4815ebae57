package dev.cloister.sandbox.storage;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A request that its client may send again without it being done again.
///
/// @param id stands for who sent it and its Idempotency-Key, but tells neither
/// @param principal who sent it
/// @param fingerprint stands for what was asked
/// @param answer how it was answered, encrypted; null as long as it is not known
/// @param expiresAt when it is forgotten
public record RequestRecord(
    String id, String principal, String fingerprint, @Nullable String answer, Instant expiresAt) {

  /// How many requests of one principal are kept.
  ///
  /// @param requests how many
  /// @param bytes the size of their answers
  public record Use(long requests, long bytes) {}
}
