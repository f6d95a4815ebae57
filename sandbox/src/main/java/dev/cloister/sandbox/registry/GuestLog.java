package dev.cloister.sandbox.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.sandbox.storage.PluginName;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;

/// The newest lines that a tenant's plugins wrote, within a fixed number of bytes.
///
/// Any thread may call. What is dropped is the oldest.
public final class GuestLog {
  private static final long MICROS_PER_MILLI = 1_000;

  private final int capacityBytes;
  private final Clock clock;
  private final Broadcast<LogEntry> listeners = new Broadcast<>();

  @GuardedBy("entries")
  private final ArrayDeque<LogEntry> entries = new ArrayDeque<>();

  @GuardedBy("entries")
  private int sizeBytes;

  @GuardedBy("entries")
  private long nextId;

  GuestLog(int capacityBytes, Clock clock) {
    this.capacityBytes = capacityBytes;
    this.clock = clock;
    // Starts above every id of an earlier run that wrote less than a line per microsecond.
    this.nextId = clock.millis() * MICROS_PER_MILLI;
  }

  /// Adds a line.
  public void append(PluginName plugin, String level, String stream, String text) {
    LogEntry entry;
    synchronized (entries) {
      entry = new LogEntry(nextId++, clock.instant(), level, plugin, stream, text);
      entries.add(entry);
      sizeBytes += entry.sizeBytes();
      while (sizeBytes > capacityBytes) {
        sizeBytes -= entries.remove().sizeBytes();
      }
    }
    listeners.publish(entry);
  }

  /// Returns the lines with ids above `id`, oldest first, at most the `limit` newest.
  public List<LogEntry> after(long id, int limit) {
    List<LogEntry> newer;
    synchronized (entries) {
      newer = entries.stream().filter(entry -> entry.id() > id).toList();
    }
    return newer.subList(Math.max(0, newer.size() - limit), newer.size());
  }

  /// Calls `listener` for every line from now on, on the thread of the guest.
  public Broadcast.Subscription subscribe(Consumer<LogEntry> listener) {
    return listeners.subscribe(listener);
  }
}
