package dev.cloister.sandbox.services;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.isolate.egress.EgressDecision;
import dev.cloister.isolate.egress.EgressRecord;
import dev.cloister.sandbox.storage.PluginName;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// The newest requests of a tenant's plugins, and how many there were. Any thread.
public final class EgressLog {
  private static final long MICROS_PER_MILLI = 1_000;

  private final int maxEntries;
  private final Clock clock;
  private final List<Consumer<Entry>> listeners = new CopyOnWriteArrayList<>();
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final ArrayDeque<Entry> entries = new ArrayDeque<>(0);

  @GuardedBy("lock")
  private final Map<EgressDecision, Long> counts = new EnumMap<>(EgressDecision.class);

  @GuardedBy("lock")
  private long sentBytes;

  @GuardedBy("lock")
  private long receivedBytes;

  @GuardedBy("lock")
  private long nextId;

  /// Starts empty.
  ///
  /// @param maxEntries how many are kept; the oldest go first
  public EgressLog(int maxEntries, Clock clock) {
    this.maxEntries = maxEntries;
    this.clock = clock;
    // Starts above every id of an earlier run that had less than a request per microsecond.
    this.nextId = clock.millis() * MICROS_PER_MILLI;
  }

  /// A request as it ended.
  ///
  /// @param id its number in the log
  /// @param time when it ended
  /// @param plugin whose it was
  /// @param request what it was
  public record Entry(long id, Instant time, PluginName plugin, EgressRecord request) {}

  /// How much was sent and received, and how many requests ended how.
  ///
  /// @param counts requests by decision
  /// @param sentBytes bytes of the bodies of requests
  /// @param receivedBytes bytes of the bodies of answers
  public record Totals(Map<EgressDecision, Long> counts, long sentBytes, long receivedBytes) {
    /// Copies the map.
    public Totals {
      counts = Map.copyOf(counts);
    }
  }

  /// Adds a request and returns it as it stands in the log.
  @CanIgnoreReturnValue
  public Entry add(PluginName plugin, EgressRecord request) {
    Entry entry;
    synchronized (lock) {
      entry = new Entry(nextId++, clock.instant(), plugin, request);
      entries.add(entry);
      if (entries.size() > maxEntries) {
        entries.remove();
      }
      counts.merge(request.decision(), 1L, Long::sum);
      sentBytes += request.requestBytes();
      receivedBytes += request.responseBytes();
    }
    listeners.forEach(listener -> listener.accept(entry));
    return entry;
  }

  /// Returns the entries with ids above `id`, oldest first, at most the `limit` newest.
  public List<Entry> after(long id, int limit) {
    List<Entry> newer;
    synchronized (lock) {
      newer = entries.stream().filter(entry -> entry.id() > id).toList();
    }
    return newer.subList(Math.max(0, newer.size() - limit), newer.size());
  }

  /// Returns what there was since the server started.
  public Totals totals() {
    synchronized (lock) {
      return new Totals(counts, sentBytes, receivedBytes);
    }
  }

  /// Calls `listener` for every entry from now on, on the guest's thread, until what is returned
  /// runs.
  public Runnable subscribe(Consumer<Entry> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }
}
