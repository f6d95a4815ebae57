package dev.cloister.sandbox.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.logging.CodeCreated;
import dev.cloister.engine.logging.CodeLogListener;
import dev.cloister.isolate.Isolate;
import dev.cloister.isolate.heap.HeapLedger;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The newest entries of a tenant's code log, which is off until somebody switches it on. It is not
/// stored. What is kept is charged to the tenant's ledger. Any thread may call.
public final class CodeLog {
  /// The most memory that entries take; the oldest are dropped.
  static final int MAX_BYTES = 1 << 20;

  private static final int OVERHEAD_BYTES = 200;

  private static final long MICROS_PER_MILLI = 1_000;

  private final Switch source;
  private final Clock clock;
  private final Broadcast<Entry> listeners = new Broadcast<>();

  @GuardedBy("entries")
  private final ChargedRing<Entry> entries;

  @GuardedBy("entries")
  private long nextId;

  /// @param ledger what the entries that are kept are charged to
  CodeLog(HeapLedger ledger, Switch source, Clock clock) {
    this.entries = new ChargedRing<>(ledger, MAX_BYTES, Entry::sizeBytes);
    this.source = source;
    this.clock = clock;
    // Starts above every id of an earlier run that had less than an entry per microsecond.
    this.nextId = clock.millis() * MICROS_PER_MILLI;
  }

  /// What tells of code while it is switched on.
  interface Switch {
    boolean isOn();

    void turnOn(CodeLogListener listener);

    void turnOff();

    /// Returns that of an isolate.
    static Switch of(Isolate isolate) {
      return new Switch() {
        @Override
        public boolean isOn() {
          return isolate.isLoggingCode();
        }

        @Override
        public void turnOn(CodeLogListener listener) {
          isolate.startCodeLog(listener);
        }

        @Override
        public void turnOff() {
          isolate.stopCodeLog();
        }
      };
    }
  }

  /// An entry: code, or how much could not be told of.
  ///
  /// @param id increases with every entry
  /// @param time when it was told of
  /// @param code what was made, null if functions were lost
  /// @param lostFunctions how many were lost
  public record Entry(long id, Instant time, @Nullable CodeCreated code, long lostFunctions) {
    /// Returns about how much memory the entry takes.
    int sizeBytes() {
      int chars = 0;
      if (code != null) {
        String name = code.functionName();
        SourcePosition source = code.source();
        chars += name == null ? 0 : name.length();
        chars += source == null ? 0 : source.file().length();
      }
      return OVERHEAD_BYTES + 2 * chars;
    }
  }

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
    }
    listeners.publish(entry);
  }

  /// Forgets all entries and keeps no more. Repeating it does nothing.
  void close() {
    synchronized (entries) {
      entries.close();
    }
  }

  /// Returns whether code is logged.
  public boolean isOn() {
    return source.isOn();
  }

  /// Switches the log on, which adds all code that there is, or off.
  public void turn(boolean on) {
    if (!on) {
      source.turnOff();
    } else if (!isOn()) {
      source.turnOn(new Listener());
    }
  }

  /// Returns the entries with ids above `id`, oldest first.
  public List<Entry> after(long id) {
    synchronized (entries) {
      return entries.stream(entry -> entry.id() > id).toList();
    }
  }

  /// Calls `listener` for every entry from now on, on whatever thread it comes.
  public Broadcast.Subscription subscribe(Consumer<Entry> listener) {
    return listeners.subscribe(listener);
  }
}
