package dev.cloister.isolate.verticle;

import java.util.Locale;

/// Where the time of a call went.
///
/// @param queueNanos from admission until a guest thread took it
/// @param instantiateNanos linking, segments and the start function
/// @param executeNanos the call itself
/// @param cpuNanos the CPU time of both
public record InvocationTimings(
    long queueNanos, long instantiateNanos, long executeNanos, long cpuNanos) {
  /// Of a call that never ran.
  public static final InvocationTimings NONE = new InvocationTimings(0, 0, 0, 0);

  private static final double NANOS_PER_MILLI = 1e6;

  /// The value of a `Server-Timing` header, in milliseconds.
  public String serverTiming() {
    return String.format(
        Locale.ROOT,
        "queue;dur=%.3f, inst;dur=%.3f, exec;dur=%.3f, cpu;dur=%.3f",
        queueNanos / NANOS_PER_MILLI,
        instantiateNanos / NANOS_PER_MILLI,
        executeNanos / NANOS_PER_MILLI,
        cpuNanos / NANOS_PER_MILLI);
  }
}
