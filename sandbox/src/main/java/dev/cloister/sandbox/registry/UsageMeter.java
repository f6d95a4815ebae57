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
  @GuardedBy("this")
  private final TreeMap<Instant, UsageRecord> pending = new TreeMap<>();

  UsageMeter() {}

  /// Counts a call that was admitted.
  ///
  /// @param isError whether it had no result
  /// @param egressBytes the bytes of its answer
  public void addCall(Instant time, boolean isError, long cpuNanos, long egressBytes) {
    add(new UsageRecord(hourOf(time), 1, isError ? 1 : 0, cpuNanos, 0, egressBytes));
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
    List<UsageRecord> taken = new ArrayList<>(pending.values());
    pending.clear();
    return taken;
  }

  /// Adds what was counted, or could not be stored.
  synchronized void add(UsageRecord usage) {
    pending.merge(usage.hour(), usage, UsageRecord::plus);
  }

  static Instant hourOf(Instant time) {
    return time.truncatedTo(ChronoUnit.HOURS);
  }
}
