package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.stats.CodeCollected;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Finds out which of the code that calls no longer enter is run by nobody (V8 `TriggerCodeGC`,
/// `ReportLiveCodeForGC`).
///
/// There is one collection at a time; who asks for one meanwhile gets one follow-up, together with
/// all others who asked. A collection takes what is potentially dead at its beginning, has every
/// isolate report what it runs, and frees the rest; what is alive waits for the next one. Isolates
/// and code that die meanwhile leave the collection, so it never waits for them. What it frees is
/// freed in the accounts; when the classes are gone is the JVM's business, see
/// [CodeAccount#unloaded].
final class CodeGc {
  /// So much has to be potentially dead before it is worth the trouble, in bytes, and a part of all
  /// code: the values are V8's.
  private static final long MIN_BYTES = 64 << 10;

  private static final int PART_OF_ALL = 10;

  private static final class Cycle {
    final long number;
    final boolean isRequested;
    final boolean isFollowUp;
    final Set<CodeAccount> dead;
    final Set<Object> outstanding;
    final int candidates;
    final int isolates;
    final long startNanos = System.nanoTime();

    Cycle(
        long number,
        boolean isRequested,
        boolean isFollowUp,
        Collection<CodeAccount> dead,
        Collection<Object> outstanding) {
      this.number = number;
      this.isRequested = isRequested;
      this.isFollowUp = isFollowUp;
      this.dead = new LinkedHashSet<>(dead);
      this.outstanding = new LinkedHashSet<>(outstanding);
      this.candidates = dead.size();
      this.isolates = outstanding.size();
    }

    CodeCollected ended(List<CodeAccount> freed) {
      return new CodeCollected(
          number,
          isRequested,
          isFollowUp,
          isolates,
          candidates,
          freed.size(),
          freed.stream().mapToLong(CodeAccount::bytes).sum(),
          TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - startNanos));
    }
  }

  private final boolean isStressed;
  private final Executor reporter;
  private final CodeEvents events;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Set<Object> isolates = new LinkedHashSet<>();

  @GuardedBy("lock")
  private final Set<CodeAccount> potentiallyDead = new LinkedHashSet<>();

  /// What became potentially dead since the last collection began.
  @GuardedBy("lock")
  private long newBytes;

  @GuardedBy("lock")
  private @Nullable Cycle current;

  @GuardedBy("lock")
  private boolean followUp;

  /// Whether somebody asked for the follow-up.
  @GuardedBy("lock")
  private boolean isFollowUpRequested;

  @GuardedBy("lock")
  private long triggered;

  @GuardedBy("lock")
  private long finished;

  /// Figures of this moment.
  ///
  /// @param triggered the collections that were begun
  /// @param finished those of them that have ended
  /// @param outstandingIsolates how many isolates are still to report in the one that runs
  /// @param potentiallyDeadBytes what no call enters and was not freed yet
  record Figures(
      long triggered, long finished, int outstandingIsolates, long potentiallyDeadBytes) {}

  /// @param isStressed whether everything that becomes potentially dead begins a collection
  /// @param reporter runs the reports of isolates
  /// @param events tells of collections that have ended
  CodeGc(boolean isStressed, Executor reporter, CodeEvents events) {
    this.isStressed = isStressed;
    this.reporter = reporter;
    this.events = events;
  }

  void addIsolate(Object isolate) {
    synchronized (lock) {
      isolates.add(isolate);
    }
  }

  /// Forgets an isolate; the collection that runs does not wait for it any more.
  void removeIsolate(Object isolate) {
    Cycle cycle;
    synchronized (lock) {
      isolates.remove(isolate);
      cycle = current;
    }
    if (cycle != null) {
      reported(cycle, isolate, List.of());
    }
  }

  /// Notes code that calls enter no more.
  ///
  /// @param allBytes how much code there is
  void add(CodeAccount account, long bytes, long allBytes) {
    synchronized (lock) {
      if (!potentiallyDead.add(account)) {
        return;
      }
      newBytes += bytes;
      long limit = isStressed ? 0 : MIN_BYTES + allBytes / PART_OF_ALL;
      if (newBytes <= limit) {
        return;
      }
    }
    trigger(/* isRequested= */ false);
  }

  /// Notes code that was freed already but is run.
  void addAgain(CodeAccount account) {
    synchronized (lock) {
      potentiallyDead.add(account);
    }
  }

  /// Notes that calls enter some code again, or that it is gone.
  void remove(CodeAccount account) {
    synchronized (lock) {
      potentiallyDead.remove(account);
      if (current != null) {
        current.dead.remove(account);
      }
    }
  }

  /// {@return what is potentially dead}
  List<CodeAccount> potentiallyDead() {
    synchronized (lock) {
      return List.copyOf(potentiallyDead);
    }
  }

  /// Begins a collection, or lets another one follow the one that runs. Returns at once.
  ///
  /// @param isRequested whether somebody asked for it by name
  void trigger(boolean isRequested) {
    trigger(isRequested, /* isFollowUp= */ false);
  }

  private void trigger(boolean isRequested, boolean isFollowUp) {
    Cycle cycle;
    List<Object> asked;
    synchronized (lock) {
      if (current != null) {
        followUp = true;
        isFollowUpRequested |= isRequested;
        return;
      }
      newBytes = 0;
      triggered++;
      cycle = new Cycle(triggered, isRequested, isFollowUp, potentiallyDead, isolates);
      current = cycle;
      asked = List.copyOf(isolates);
    }
    if (asked.isEmpty()) {
      finish(cycle);
      return;
    }
    for (Object isolate : asked) {
      try {
        reporter.execute(() -> report(cycle, isolate));
      } catch (RejectedExecutionException _) {
        // The engine is closed: nobody is in a hurry any more.
        report(cycle, isolate);
      }
    }
  }

  /// Reports what an isolate runs, unless it did so or is gone.
  private void report(Cycle cycle, Object isolate) {
    List<CodeAccount> candidates;
    synchronized (lock) {
      if (current != cycle || !cycle.outstanding.contains(isolate)) {
        return;
      }
      candidates = List.copyOf(cycle.dead);
    }
    List<CodeAccount> live = new ArrayList<>();
    for (CodeAccount account : candidates) {
      if (account.isUsedBy(isolate)) {
        live.add(account);
      }
    }
    reported(cycle, isolate, live);
  }

  private void reported(Cycle cycle, Object isolate, List<CodeAccount> live) {
    synchronized (lock) {
      if (current != cycle || !cycle.outstanding.remove(isolate)) {
        return;
      }
      live.forEach(cycle.dead::remove);
      if (!cycle.outstanding.isEmpty()) {
        return;
      }
    }
    finish(cycle);
  }

  private void finish(Cycle cycle) {
    List<CodeAccount> dead;
    synchronized (lock) {
      dead = List.copyOf(cycle.dead);
    }
    // What was entered since, or is used by somebody who does not report, stays.
    List<CodeAccount> freed = dead.stream().filter(CodeAccount::free).toList();
    CodeCollected ended = cycle.ended(freed);
    boolean again;
    boolean isAgainRequested;
    synchronized (lock) {
      freed.forEach(potentiallyDead::remove);
      finished++;
      current = null;
      again = followUp;
      followUp = false;
      isAgainRequested = isFollowUpRequested;
      isFollowUpRequested = false;
      if (!events.isSilent()) {
        events.add(listener -> listener.codeCollected(ended));
      }
    }
    events.flush();
    if (again) {
      trigger(isAgainRequested, /* isFollowUp= */ true);
    }
  }

  /// {@return whether a collection is running}
  boolean isRunning() {
    synchronized (lock) {
      return current != null;
    }
  }

  Figures figures() {
    long dead = 0;
    for (CodeAccount account : potentiallyDead()) {
      dead += account.bytes();
    }
    synchronized (lock) {
      return new Figures(
          triggered, finished, current == null ? 0 : current.outstanding.size(), dead);
    }
  }
}
