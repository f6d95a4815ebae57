package dev.cloister.isolate.wasi;

/// `clock_*`.
final class Clocks {
  static final int REALTIME = 0;
  static final int MONOTONIC = 1;
  private static final int PROCESS_CPUTIME = 2;
  private static final int THREAD_CPUTIME = 3;

  private final WasiClock clock;

  Clocks(WasiClock clock) {
    this.clock = clock;
  }

  int clockResGet(GuestMemory memory, int id, int result) {
    now(id); // INVAL for an unknown one
    memory.setInt64(result, clock.resolutionNanos());
    return Errno.SUCCESS.code();
  }

  /// The precision is a wish; the clocks are as precise as they are.
  int clockTimeGet(GuestMemory memory, int id, long precision, int result) {
    memory.setInt64(result, now(id));
    return Errno.SUCCESS.code();
  }

  /// The time on clock `id`. The guest has its thread to itself from its start, so the clocks of
  /// CPU time show the time since then.
  ///
  /// @throws ErrnoException `INVAL` for an unknown clock
  long now(int id) {
    return switch (id) {
      case REALTIME -> clock.realtimeNanos();
      case MONOTONIC, PROCESS_CPUTIME, THREAD_CPUTIME -> clock.monotonicNanos();
      default -> throw Errno.INVAL.exception();
    };
  }
}
