package dev.cloister.sandbox.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.sandbox.storage.PluginName;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// The newest lines that a tenant's plugins wrote, within a fixed number of bytes.
///
/// Any thread may call. What is dropped is the oldest, also where the tenant has no memory left for
/// more: what is kept is charged to its ledger. Lines that come faster than the tenant may write
/// are dropped at once, but for a second's worth; the next line that is taken says how many.
public final class GuestLog {
  private static final long MICROS_PER_MILLI = 1_000;
  private static final long MILLIS_PER_SECOND = 1_000;

  private final LongSupplier bytesPerSecond;
  private final Clock clock;
  private final Broadcast<LogEntry> listeners = new Broadcast<>();

  @GuardedBy("entries")
  private final ChargedRing<LogEntry> entries;

  @GuardedBy("entries")
  private long nextId;

  /// What may be written at `filledMillis`, in thousandths of a byte; below 0 after a line that was
  /// longer than was left.
  @GuardedBy("entries")
  private long available;

  @GuardedBy("entries")
  private long filledMillis;

  /// The lines dropped since the last one that was taken.
  @GuardedBy("entries")
  private long droppedLines;

  @GuardedBy("entries")
  private long allDroppedLines;

  /// @param ledger what the lines that are kept are charged to
  /// @param capacityBytes the most memory that lines take
  /// @param bytesPerSecond the rate of text that is taken now, in bytes of UTF-16 as it is kept
  GuestLog(HeapLedger ledger, int capacityBytes, LongSupplier bytesPerSecond, Clock clock) {
    this.entries = new ChargedRing<>(ledger, capacityBytes, LogEntry::sizeBytes);
    this.bytesPerSecond = bytesPerSecond;
    this.clock = clock;
    this.filledMillis = clock.millis() - MILLIS_PER_SECOND;
    // Starts above every id of an earlier run that wrote less than a line per microsecond.
    this.nextId = clock.millis() * MICROS_PER_MILLI;
  }

  /// Adds a line, or drops it if too much was written within the last second.
  public void append(PluginName plugin, String level, String stream, String text) {
    List<LogEntry> taken = new ArrayList<>(2);
    synchronized (entries) {
      fill();
      if (available <= 0) {
        droppedLines++;
        allDroppedLines++;
        return;
      }
      if (droppedLines > 0) {
        String note = droppedLines + " lines were dropped: the limit is logBytesPerSecond";
        taken.add(add(plugin, "warn", "host", note));
        droppedLines = 0;
      }
      LogEntry entry = add(plugin, level, stream, text);
      taken.add(entry);
      available -= entry.sizeBytes() * MILLIS_PER_SECOND;
    }
    taken.forEach(listeners::publish);
  }

  /// Returns how many lines were dropped since the tenant was made.
  public long droppedLines() {
    synchronized (entries) {
      return allDroppedLines;
    }
  }

  @GuardedBy("entries")
  private LogEntry add(PluginName plugin, String level, String stream, String text) {
    LogEntry entry = new LogEntry(nextId++, clock.instant(), level, plugin, stream, text);
    entries.add(entry);
    return entry;
  }

  /// Forgets all lines and keeps no more. Repeating it does nothing.
  void close() {
    synchronized (entries) {
      entries.close();
    }
  }

  /// Adds what the time since the last look allows; a clock that goes back allows nothing.
  @GuardedBy("entries")
  private void fill() {
    long perSecond = bytesPerSecond.getAsLong();
    long nowMillis = clock.millis();
    long elapsedMillis = Math.clamp(nowMillis - filledMillis, 0, MILLIS_PER_SECOND);
    available = Math.min(perSecond * MILLIS_PER_SECOND, available + elapsedMillis * perSecond);
    filledMillis = nowMillis;
  }

  /// Returns the lines with ids above `id`, oldest first, at most the `limit` newest.
  public List<LogEntry> after(long id, int limit) {
    List<LogEntry> newer;
    synchronized (entries) {
      newer = entries.stream(entry -> entry.id() > id).toList();
    }
    return newer.subList(Math.max(0, newer.size() - limit), newer.size());
  }

  /// Calls `listener` for every line from now on, on the thread of the guest.
  public Broadcast.Subscription subscribe(Consumer<LogEntry> listener) {
    return listeners.subscribe(listener);
  }
}
