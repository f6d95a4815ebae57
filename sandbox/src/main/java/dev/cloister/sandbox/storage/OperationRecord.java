package dev.cloister.sandbox.storage;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Work whose client did not want to wait.
///
/// @param id its name
/// @param tenant whose plugin is at work
/// @param kind what work it is
/// @param plugin the plugin
/// @param actor who asked for it
/// @param status how far it is
/// @param createdAt when it began
/// @param end how it ended, null while it goes on
public record OperationRecord(
    String id,
    String tenant,
    String kind,
    String plugin,
    String actor,
    String status,
    Instant createdAt,
    @Nullable End end) {

  /// How work ended.
  ///
  /// @param at when
  /// @param httpStatus the status of its answer, 0 if it was cancelled
  /// @param headersJson the fields of its answer as a JSON object
  /// @param body the body of its answer, null if it is too large to be stored
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  public record End(Instant at, int httpStatus, String headersJson, byte @Nullable [] body) {}
}
