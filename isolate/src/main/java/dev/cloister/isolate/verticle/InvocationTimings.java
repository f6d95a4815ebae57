package dev.cloister.isolate.verticle;

/// Where the time of a call went.
///
/// @param queueNanos from admission until a guest thread took it
/// @param instantiateNanos linking, segments and the start function
/// @param executeNanos the call itself
/// @param cpuNanos the CPU time of both
/// @param fuel the units of fuel that the guest used, if they were counted
public record InvocationTimings(
    long queueNanos, long instantiateNanos, long executeNanos, long cpuNanos, long fuel) {
  /// Of a call that never ran.
  public static final InvocationTimings NONE = new InvocationTimings(0, 0, 0, 0, 0);

  private static final long NANOS_PER_MICRO = 1_000;
  private static final long MICROS_PER_MILLI = 1_000;

  /// The value of a `Server-Timing` header, in milliseconds. Written out: every answer has it.
  public String serverTiming() {
    StringBuilder text = new StringBuilder(80);
    append(text, "queue", queueNanos);
    append(text.append(", "), "inst", instantiateNanos);
    append(text.append(", "), "exec", executeNanos);
    append(text.append(", "), "cpu", cpuNanos);
    return text.toString();
  }

  private static void append(StringBuilder text, String name, long nanos) {
    long micros = (Math.max(0, nanos) + NANOS_PER_MICRO / 2) / NANOS_PER_MICRO;
    String fraction = Long.toString(MICROS_PER_MILLI + micros % MICROS_PER_MILLI);
    text.append(name).append(";dur=").append(micros / MICROS_PER_MILLI);
    text.append('.').append(fraction, 1, fraction.length());
  }
}
