package dev.cloister.sandbox.storage;

import java.time.Instant;

/// What a tenant used in an hour, or in a part of it.
///
/// @param hour the beginning of the hour
/// @param invocations calls that were admitted
/// @param errors how many of them had no result
/// @param cpuNanos their processor time
/// @param memoryByteSeconds bytes times the seconds for which they were held
/// @param egressBytes bytes that left the server for the tenant
public record UsageRecord(
    Instant hour,
    long invocations,
    long errors,
    long cpuNanos,
    long memoryByteSeconds,
    long egressBytes) {

  /// Nothing, in this hour.
  public static UsageRecord none(Instant hour) {
    return new UsageRecord(hour, 0, 0, 0, 0, 0);
  }

  /// Returns the sum of this and `other`, in the hour of this.
  public UsageRecord plus(UsageRecord other) {
    return new UsageRecord(
        hour,
        invocations + other.invocations,
        errors + other.errors,
        cpuNanos + other.cpuNanos,
        memoryByteSeconds + other.memoryByteSeconds,
        egressBytes + other.egressBytes);
  }
}
