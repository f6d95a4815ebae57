package dev.cloister.sandbox.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.logging.CodeCreated;
import dev.cloister.engine.logging.CodeLogListener;
import dev.cloister.isolate.Isolate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The newest entries of a tenant's code log, which is off until somebody switches it on. It is not
/// stored. Any thread may call.
public final class CodeLog {
  /// How many entries are kept; the oldest are dropped.
  static final int MAX_ENTRIES = 2_000;

  private static final long MICROS_PER_MILLI = 1_000;

  private final Isolate isolate;
  private final Clock clock;
  private final Broadcast<Entry> listeners = new Broadcast<>();

  @GuardedBy("entries")
  private final ArrayDeque<Entry> entries = new ArrayDeque<>();

  @GuardedBy("entries")
  private long nextId;

  CodeLog(Isolate isolate, Clock clock) {
    this.isolate = isolate;
    this.clock = clock;
    // Starts above every id of an earlier run that had less than an entry per microsecond.
    this.nextId = clock.millis() * MICROS_PER_MILLI;
  }

  /// An entry: code, or how much could not be told of.
  ///
  /// @param id increases with every entry
  /// @param time when it was told of
  /// @param code what was made, null if functions were lost
  /// @param lostFunctions how many were lost
  public record Entry(long id, Instant time, @Nullable CodeCreated code, long lostFunctions) {}

  private final class Listener implements CodeLogListener {
    @Override
    public void codeCreated(CodeCreated event) {
      add(event, 0);
    }

    @Override
    public void codeLost(long functions) {
      add(null, functions);
    }
  }

  private void add(@Nullable CodeCreated code, long lostFunctions) {
    Entry entry;
    synchronized (entries) {
      entry = new Entry(nextId++, clock.instant(), code, lostFunctions);
      entries.add(entry);
      if (entries.size() > MAX_ENTRIES) {
        entries.remove();
      }
    }
    listeners.publish(entry);
  }

  /// Returns whether code is logged.
  public boolean isOn() {
    return isolate.isLoggingCode();
  }

  /// Switches the log on, which adds all code that there is, or off.
  public void turn(boolean on) {
    if (!on) {
      isolate.stopCodeLog();
    } else if (!isOn()) {
      isolate.startCodeLog(new Listener());
    }
  }

  /// Returns the entries with ids above `id`, oldest first.
  public List<Entry> after(long id) {
    synchronized (entries) {
      return entries.stream().filter(entry -> entry.id() > id).toList();
    }
  }

  /// Calls `listener` for every entry from now on, on whatever thread it comes.
  public Broadcast.Subscription subscribe(Consumer<Entry> listener) {
    return listeners.subscribe(listener);
  }
}
