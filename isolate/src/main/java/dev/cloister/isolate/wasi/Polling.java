package dev.cloister.isolate.wasi;

import dev.cloister.engine.runtime.Store;
import org.jspecify.annotations.Nullable;

/// `poll_oneoff`: waiting for times and descriptors.
///
/// Files and output are always ready, and so is input: reading it may wait. So a call waits itself
/// only if it asks for times alone. It waits in short steps and ends early when the store is to
/// stop.
final class Polling {
  private static final int SUBSCRIPTION_BYTES = 48;
  private static final int EVENT_BYTES = 32;
  private static final int MAX_SUBSCRIPTIONS = 1 << 16;

  private static final int CLOCK = 0;
  private static final int FD_READ = 1;
  private static final int FD_WRITE = 2;

  private static final int ABSOLUTE_TIME = 1;

  /// The longest step of a wait; so a stop takes effect within it.
  private static final long STEP_NANOS = 5_000_000;

  private final FdTable descriptors;
  private final Clocks clocks;
  private final WasiClock clock;
  private final BlockingRegion blocking;
  private final Store store;

  Polling(FdTable descriptors, Clocks clocks, WasiConfig config, Store store) {
    this.descriptors = descriptors;
    this.clocks = clocks;
    this.clock = config.clock();
    this.blocking = config.blocking();
    this.store = store;
  }

  int pollOneoff(GuestMemory memory, int subscriptions, int events, int count, int result) {
    if (count <= 0 || count > MAX_SUBSCRIPTIONS) {
      return Errno.INVAL.code();
    }
    memory.check(subscriptions, count * SUBSCRIPTION_BYTES);
    memory.check(events, count * EVENT_BYTES);
    memory.check(result, Integer.BYTES);
    long[] untilNanos = new long[count]; // on the monotonic clock
    @Nullable Errno[] outcomes = new @Nullable Errno[count];
    long earliestNanos = inspect(memory, subscriptions, untilNanos, outcomes);
    waitUntil(earliestNanos);
    memory.setInt32(result, report(memory, subscriptions, events, untilNanos, outcomes));
    return Errno.SUCCESS.code();
  }

  /// Fills in the outcomes known at once and the times of the others; returns the time until which
  /// to wait.
  private long inspect(
      GuestMemory memory, int subscriptions, long[] untilNanos, @Nullable Errno[] outcomes) {
    long now = clock.monotonicNanos();
    long earliest = Long.MAX_VALUE;
    for (int i = 0; i < untilNanos.length; i++) {
      int subscription = subscriptions + i * SUBSCRIPTION_BYTES;
      untilNanos[i] = now;
      try {
        switch (memory.int8(subscription + 8)) {
          case CLOCK -> untilNanos[i] = deadline(memory, subscription, now);
          case FD_READ, FD_WRITE -> outcomes[i] = readiness(memory.int32(subscription + 16));
          default -> outcomes[i] = Errno.INVAL;
        }
      } catch (ErrnoException e) {
        outcomes[i] = e.errno();
      }
      earliest = Math.min(earliest, untilNanos[i]);
    }
    return earliest;
  }

  /// Layout of a clock subscription: u32 clock at 16, u64 time at 24, u64 precision at 32, u16
  /// flags at 40.
  private long deadline(GuestMemory memory, int subscription, long nowNanos) {
    int id = memory.int32(subscription + 16);
    long timeNanos = memory.int64(subscription + 24);
    long clockNanos = clocks.now(id);
    if ((memory.int16(subscription + 40) & ABSOLUTE_TIME) != 0) {
      timeNanos = Long.compareUnsigned(timeNanos, clockNanos) <= 0 ? 0 : timeNanos - clockNanos;
    }
    boolean isForever = timeNanos < 0 || timeNanos > Long.MAX_VALUE - nowNanos;
    return isForever ? Long.MAX_VALUE : nowNanos + timeNanos;
  }

  private Errno readiness(int fd) {
    Descriptor descriptor = descriptors.get(fd);
    descriptor.require(Rights.POLL_FD_READWRITE);
    return Errno.SUCCESS;
  }

  /// Waits, or ends the guest if the store is to stop.
  private void waitUntil(long untilNanos) {
    long left = untilNanos - clock.monotonicNanos();
    if (left <= 0) {
      return;
    }
    blocking.enter();
    try {
      while (left > 0 && !store.isStopRequested()) {
        clock.pause(Math.min(left, STEP_NANOS));
        left = untilNanos - clock.monotonicNanos();
      }
    } finally {
      blocking.exit();
    }
    store.throwIfStopped();
  }

  /// Writes an event for everything that has come; returns their number. Layout of an event: u64
  /// user data, u16 error at 8, u8 type at 10, u64 bytes at 16, u16 flags at 24.
  private int report(
      GuestMemory memory,
      int subscriptions,
      int events,
      long[] untilNanos,
      @Nullable Errno[] outcomes) {
    long now = clock.monotonicNanos();
    int reported = 0;
    for (int i = 0; i < untilNanos.length; i++) {
      if (untilNanos[i] > now) {
        continue;
      }
      int subscription = subscriptions + i * SUBSCRIPTION_BYTES;
      int event = events + reported++ * EVENT_BYTES;
      long userData = memory.int64(subscription);
      int type = memory.int8(subscription + 8);
      Errno outcome = outcomes[i];
      memory.setInt64(event, userData);
      memory.setInt64(event + 8, (outcome == null ? 0 : outcome.code()) | (long) type << 16);
      memory.setInt64(event + 16, type == CLOCK ? 0 : 1);
      memory.setInt64(event + 24, 0);
    }
    return reported;
  }
}
