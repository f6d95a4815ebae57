package dev.cloister.engine.code;

import dev.cloister.engine.stats.EngineEvents;
import dev.cloister.engine.stats.EngineListener;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/// Tells listeners what becomes of code, one event after the other, in the order in which it
/// happens. Any thread.
///
/// Much of it happens with locks held, or on the stack of a guest that defines a class; so events
/// wait until a compile thread has told them.
public final class CodeEvents implements AutoCloseable {
  private enum State {
    /// Nobody tells events.
    IDLE,
    /// A compile thread is going to.
    SCHEDULED,
    /// Some thread does.
    TELLING,
    /// None is told any more but by the thread that closes.
    CLOSED
  }

  private final EngineEvents events;
  private final Executor executor;
  private final Queue<Consumer<EngineListener>> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);

  /// Creates the way to the listeners of an engine.
  ///
  /// @param executor runs tasks soon, and never on the stack of whoever hands them over with a lock
  ///   held
  public CodeEvents(EngineEvents events, Executor executor) {
    this.events = events;
    this.executor = executor;
  }

  /// {@return events that nobody is told}
  public static CodeEvents silent() {
    return new CodeEvents(new EngineEvents(List.of()), Runnable::run);
  }

  /// {@return whether nobody listens, so that an event need not be made}
  boolean isSilent() {
    return events.isSilent();
  }

  /// Adds an event, which is told some time after the next [#flush]. Never blocks, so locks may be
  /// held: those that give events their order.
  void add(Consumer<EngineListener> event) {
    waiting.add(event);
  }

  /// Has what waits told soon. Without locks that a listener could wait for.
  void flush() {
    if (waiting.isEmpty() || !state.compareAndSet(State.IDLE, State.SCHEDULED)) {
      return;
    }
    try {
      executor.execute(this::tellScheduled);
    } catch (RejectedExecutionException _) {
      // The engine is being closed, which tells what waits.
      state.compareAndSet(State.SCHEDULED, State.IDLE);
    }
  }

  private void tellScheduled() {
    if (!state.compareAndSet(State.SCHEDULED, State.TELLING)) {
      return;
    }
    try {
      tellAll();
    } finally {
      state.compareAndSet(State.TELLING, State.IDLE);
    }
    // What was added since the last look, by somebody who saw that events are being told.
    flush();
  }

  private void tellAll() {
    for (Consumer<EngineListener> event = waiting.poll(); event != null; event = waiting.poll()) {
      events.tell(event);
    }
  }

  /// Tells what waits, after the compile threads have ended; what happens later is told nobody.
  @Override
  public void close() {
    State last = state.getAndSet(State.CLOSED);
    if (last == State.IDLE || last == State.SCHEDULED) {
      tellAll();
    }
  }
}
