package dev.cloister.sandbox.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.sandbox.storage.UsageRecord;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// What a tenant used that is not stored yet, by hours. Any thread may call.
public final class UsageMeter {
  private static final long SECONDS_PER_HOUR = 3_600;

  @GuardedBy("this")
  private final TreeMap<Instant, UsageRecord> pending = new TreeMap<>();

  /// The calls of the hour that is going on, which are not in [#pending] yet.
  @GuardedBy("this")
  private final Calls recent = new Calls();

  UsageMeter() {}

  /// Calls of one hour, added up.
  private static final class Calls {
    /// The number of the hour since 1970.
    private long hour;

    private long count;
    private long errors;
    private long cpuNanos;
    private long egressBytes;
  }

  /// Counts a call that was admitted.
  ///
  /// @param isError whether it had no result
  /// @param egressBytes the bytes of its answer
  public synchronized void addCall(Instant time, boolean isError, long cpuNanos, long egressBytes) {
    long hour = Math.floorDiv(time.getEpochSecond(), SECONDS_PER_HOUR);
    if (hour != recent.hour) {
      settle();
      recent.hour = hour;
    }
    recent.count++;
    recent.errors += isError ? 1 : 0;
    recent.cpuNanos += cpuNanos;
    recent.egressBytes += egressBytes;
  }

  /// Counts bytes that left the server for the tenant in another way than as an answer.
  public void addEgress(Instant time, long bytes) {
    add(new UsageRecord(hourOf(time), 0, 0, 0, 0, bytes));
  }

  /// Counts memory that was held.
  void addMemory(Instant time, long byteSeconds) {
    if (byteSeconds > 0) {
      add(new UsageRecord(hourOf(time), 0, 0, 0, byteSeconds, 0));
    }
  }

  /// Takes what is to be stored.
  synchronized List<UsageRecord> take() {
    settle();
    List<UsageRecord> taken = new ArrayList<>(pending.values());
    pending.clear();
    return taken;
  }

  /// Adds what was counted, or could not be stored.
  synchronized void add(UsageRecord usage) {
    pending.merge(usage.hour(), usage, UsageRecord::plus);
  }

  /// Puts the calls of the hour with what else is to be stored.
  @GuardedBy("this")
  private void settle() {
    if (recent.count > 0) {
      add(
          new UsageRecord(
              Instant.ofEpochSecond(recent.hour * SECONDS_PER_HOUR),
              recent.count,
              recent.errors,
              recent.cpuNanos,
              0,
              recent.egressBytes));
      recent.count = 0;
      recent.errors = 0;
      recent.cpuNanos = 0;
      recent.egressBytes = 0;
    }
  }

  static Instant hourOf(Instant time) {
    return time.truncatedTo(ChronoUnit.HOURS);
  }
}
