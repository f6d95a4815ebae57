package dev.cloister.isolate.wasi;

import dev.cloister.engine.runtime.Store;
import org.jspecify.annotations.Nullable;

/// `poll_oneoff`: waiting for times and descriptors.
///
/// Files and output are always ready. Standard input is so once reading it would not wait, as far
/// as its source can tell. A call waits in short steps and ends early when the store is to stop.
final class Polling {
  /// The most subscriptions of one call: what is kept of them is not charged.
  static final int MAX_SUBSCRIPTIONS = 1 << 12;

  private static final int EVENT_BYTES = 32;

  private static final int CLOCK = 0;
  private static final int FD_READ = 1;
  private static final int FD_WRITE = 2;
  private static final int ABSOLUTE_TIME = 1;

  /// The longest step of a wait; so a stop or input takes effect within it.
  private static final long STEP_NANOS = 5_000_000;

  private static final long NEVER = Long.MAX_VALUE;

  private final FdTable descriptors;
  private final Clocks clocks;
  private final WasiClock clock;
  private final BlockingRegion blocking;
  private final Store store;
  private final WasiSnapshot snapshot;

  Polling(
      FdTable descriptors, Clocks clocks, WasiConfig config, Store store, WasiSnapshot snapshot) {
    this.descriptors = descriptors;
    this.clocks = clocks;
    this.clock = config.clock();
    this.blocking = config.blocking();
    this.store = store;
    this.snapshot = snapshot;
  }

  int pollOneoff(GuestMemory memory, int subscriptions, int events, int count, int result) {
    if (count <= 0 || count > MAX_SUBSCRIPTIONS) {
      return Errno.INVAL.code();
    }
    memory.check(subscriptions, count * snapshot.subscriptionBytes());
    memory.check(events, count * EVENT_BYTES);
    memory.check(result, Integer.BYTES);
    Poll poll = new Poll(count);
    for (int i = 0; i < count; i++) {
      inspect(memory, subscriptions + i * snapshot.subscriptionBytes(), poll, i);
    }
    waitFor(poll);
    memory.setInt32(result, report(memory, subscriptions, events, poll));
    return Errno.SUCCESS.code();
  }

  /// What a call waits for, by subscription.
  private final class Poll {
    final long nowNanos = clock.monotonicNanos();

    /// When it has come, on the monotonic clock; [#NEVER] where input is waited for.
    final long[] untilNanos;

    /// The outcomes known at once; null is success.
    final @Nullable Errno[] outcomes;

    /// How many bytes can be read at once.
    final long[] sizesBytes;

    /// The input that is waited for; null where there is none.
    @Nullable StandardInput input;

    Poll(int count) {
      untilNanos = new long[count];
      outcomes = new @Nullable Errno[count];
      sizesBytes = new long[count];
    }

    long earliestNanos() {
      long earliest = NEVER;
      for (long until : untilNanos) {
        earliest = Math.min(earliest, until);
      }
      return earliest;
    }

    boolean hasInput() {
      return input != null && input.isReadable();
    }
  }

  private void inspect(GuestMemory memory, int subscription, Poll poll, int index) {
    poll.untilNanos[index] = poll.nowNanos;
    try {
      switch (memory.int8(subscription + 8)) {
        case CLOCK -> poll.untilNanos[index] = deadline(memory, subscription, poll.nowNanos);
        case FD_READ -> inspectReading(memory.int32(subscription + 16), poll, index);
        case FD_WRITE -> {
          poll.sizesBytes[index] = 1;
          pollable(memory.int32(subscription + 16));
        }
        default -> poll.outcomes[index] = Errno.INVAL;
      }
    } catch (ErrnoException e) {
      poll.outcomes[index] = e.errno();
    }
  }

  private void inspectReading(int fd, Poll poll, int index) {
    poll.sizesBytes[index] = 1;
    switch (pollable(fd)) {
      case OpenFile file ->
          poll.sizesBytes[index] = Math.max(0, file.node().sizeBytes() - file.position());
      case StandardInput input -> {
        if (!input.isReadable()) {
          poll.input = input;
          poll.untilNanos[index] = NEVER;
        }
      }
      case StandardOutput _, OpenDirectory _ -> {}
    }
  }

  private Descriptor pollable(int fd) {
    Descriptor descriptor = descriptors.get(fd);
    descriptor.require(Rights.POLL_FD_READWRITE);
    return descriptor;
  }

  /// Layout of a clock, from its offset on: u32 its number, u64 time at 8, u64 precision at 16, u16
  /// flags at 24.
  private long deadline(GuestMemory memory, int subscription, long nowNanos) {
    int at = subscription + snapshot.clockOffset();
    long timeNanos = memory.int64(at + 8);
    long clockNanos = clocks.now(memory.int32(at));
    if ((memory.int16(at + 24) & ABSOLUTE_TIME) != 0) {
      timeNanos = Long.compareUnsigned(timeNanos, clockNanos) <= 0 ? 0 : timeNanos - clockNanos;
    }
    boolean isForever = timeNanos < 0 || timeNanos > NEVER - nowNanos;
    return isForever ? NEVER : nowNanos + timeNanos;
  }

  /// Waits, or ends the guest if the store is to stop.
  private void waitFor(Poll poll) {
    long untilNanos = poll.earliestNanos();
    long left = untilNanos - clock.monotonicNanos();
    if (left <= 0) {
      return;
    }
    blocking.enter();
    try {
      while (left > 0 && !poll.hasInput() && !store.isStopRequested()) {
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
  private int report(GuestMemory memory, int subscriptions, int events, Poll poll) {
    long now = clock.monotonicNanos();
    boolean hasInput = poll.hasInput();
    int reported = 0;
    for (int i = 0; i < poll.untilNanos.length; i++) {
      int subscription = subscriptions + i * snapshot.subscriptionBytes();
      int type = memory.int8(subscription + 8);
      boolean waitsForInput = type != CLOCK && poll.untilNanos[i] == NEVER;
      if (waitsForInput ? !hasInput : poll.untilNanos[i] > now) {
        continue;
      }
      int event = events + reported++ * EVENT_BYTES;
      long userData = memory.int64(subscription);
      Errno outcome = poll.outcomes[i];
      memory.setInt64(event, userData);
      memory.setInt64(event + 8, (outcome == null ? 0 : outcome.code()) | (long) type << 16);
      memory.setInt64(event + 16, poll.sizesBytes[i]);
      memory.setInt64(event + 24, 0);
    }
    return reported;
  }
}
