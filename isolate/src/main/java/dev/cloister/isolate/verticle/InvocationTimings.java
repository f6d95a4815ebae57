package dev.cloister.isolate.verticle;

import java.nio.charset.StandardCharsets;

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
  private static final int MICROS_PER_MILLI = 1_000;

  /// Four names and numbers of 13 digits at most.
  private static final int MAX_BYTES = 128;

  private static final byte[] QUEUE = "queue;dur=".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] INSTANTIATE = ", inst;dur=".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] EXECUTE = ", exec;dur=".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] CPU = ", cpu;dur=".getBytes(StandardCharsets.US_ASCII);

  /// The value of a `Server-Timing` header, in milliseconds. Written out: every answer has it.
  public String serverTiming() {
    byte[] text = new byte[MAX_BYTES];
    int end = append(text, 0, QUEUE, queueNanos);
    end = append(text, end, INSTANTIATE, instantiateNanos);
    end = append(text, end, EXECUTE, executeNanos);
    end = append(text, end, CPU, cpuNanos);
    return new String(text, 0, end, StandardCharsets.ISO_8859_1);
  }

  /// Writes a time with three digits after the point; returns where it ends.
  private static int append(byte[] text, int from, byte[] name, long nanos) {
    System.arraycopy(name, 0, text, from, name.length);
    long micros = (Math.max(0, nanos) + NANOS_PER_MICRO / 2) / NANOS_PER_MICRO;
    long millis = micros / MICROS_PER_MILLI;
    int digits = 1;
    for (long rest = millis / 10; rest > 0; rest /= 10) {
      digits++;
    }
    int point = from + name.length + digits;
    for (int i = point - 1; i >= from + name.length; i--) {
      text[i] = (byte) ('0' + millis % 10);
      millis /= 10;
    }
    int fraction = (int) (micros % MICROS_PER_MILLI);
    text[point] = '.';
    text[point + 1] = (byte) ('0' + fraction / 100);
    text[point + 2] = (byte) ('0' + fraction / 10 % 10);
    text[point + 3] = (byte) ('0' + fraction % 10);
    return point + 4;
  }
}
