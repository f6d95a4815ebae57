package dev.cloister.sandbox.http;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// Joins what a stream missed with what comes live: every entry once, in the order of its number.
///
/// Live entries that come before the missed ones were found are held back until then. Any thread
/// may call.
final class Replay<T> {
  private static final int MAX_HELD = 1_000;

  private final ToLongFunction<T> number;
  private final Consumer<T> sink;

  /// Entries that came before [#replay]; null after it.
  @GuardedBy("this")
  private @Nullable List<T> held = new ArrayList<>();

  @GuardedBy("this")
  private long lastNumber;

  /// Creates a replay of what comes after `lastNumber`.
  ///
  /// @param sink gets the entries; must not block
  Replay(long lastNumber, ToLongFunction<T> number, Consumer<T> sink) {
    this.lastNumber = lastNumber;
    this.number = number;
    this.sink = sink;
  }

  /// Takes an entry that happens now.
  synchronized void live(T entry) {
    if (held == null) {
      send(entry);
    } else if (held.size() < MAX_HELD) {
      held.add(entry);
    }
  }

  /// Takes what was missed, in order, and lets live entries through from now on.
  synchronized void replay(List<T> missed) {
    missed.forEach(this::send);
    if (held != null) {
      held.forEach(this::send);
    }
    held = null;
  }

  @GuardedBy("this")
  private void send(T entry) {
    long entryNumber = number.applyAsLong(entry);
    if (entryNumber > lastNumber) {
      lastNumber = entryNumber;
      sink.accept(entry);
    }
  }
}
