package dev.cloister.engine.debug;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.runtime.DebugFrame;
import dev.cloister.engine.util.LockRank;
import dev.cloister.engine.util.OrderedLock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A guest that waits for a debugger, from the pause to its end.
///
/// Safe to use by any thread: whoever reads or changes what the guest has holds the pause's lock,
/// and the guest goes on only with it. After the end everything but [#id], [#reason] and
/// [#breakpoints] is refused with an [IllegalStateException].
public final class PausedGuest {
  /// The most that [#frames] answers.
  public static final int MAX_FRAMES = 1_000;

  private final Debugger debugger;
  private final GuestThread guestThread;
  private final Thread thread = Thread.currentThread();
  private final DebugFrame innermost;
  private final PauseReason reason;
  private final List<Breakpoint> breakpoints;
  private final OrderedLock lock = new OrderedLock(LockRank.PAUSED_GUEST);

  @GuardedBy("lock")
  private State state = State.CONDITIONS;

  @GuardedBy("lock")
  private @Nullable StepKind step;

  @GuardedBy("lock")
  private List<CodeRange> skipped = List.of();

  private enum State {
    /// The guest's own thread looks at conditions.
    CONDITIONS,
    PAUSED,
    ENDED
  }

  PausedGuest(
      Debugger debugger,
      GuestThread guestThread,
      DebugFrame innermost,
      PauseReason reason,
      List<Breakpoint> breakpoints) {
    this.debugger = debugger;
    this.guestThread = guestThread;
    this.innermost = innermost;
    this.reason = reason;
    this.breakpoints = breakpoints;
  }

  /// {@return the number of the guest, the same at each of its pauses; unique in the isolate}
  public int id() {
    return guestThread.id();
  }

  /// {@return why it pauses}
  public PauseReason reason() {
    return reason;
  }

  /// {@return the breakpoints that it reached}
  public List<Breakpoint> breakpoints() {
    return breakpoints;
  }

  /// {@return the debugger of its isolate}
  public Debugger debugger() {
    return debugger;
  }

  /// {@return whether it still pauses}
  public boolean isPaused() {
    lock.lock();
    try {
      return state == State.PAUSED;
    } finally {
      lock.unlock();
    }
  }

  /// {@return the number of frames}
  public int frameCount() {
    return access(() -> innermost.depth() + 1);
  }

  /// {@return frames, the innermost of all being number 0}
  ///
  /// @param first the number of the first
  /// @param most how many at most; never more than [#MAX_FRAMES]
  public List<PausedFrame> frames(int first, int most) {
    if (first < 0 || most < 0) {
      throw new IllegalArgumentException("negative: " + Math.min(first, most));
    }
    return access(() -> {
      List<PausedFrame> frames = new ArrayList<>();
      int index = 0;
      int count = Math.min(most, MAX_FRAMES);
      for (DebugFrame f = innermost; f != null && frames.size() < count; f = f.caller()) {
        if (index >= first) {
          frames.add(new PausedFrame(this, f, index));
        }
        index++;
      }
      return frames;
    });
  }

  /// {@return a frame, the innermost being number 0}
  ///
  /// @throws IndexOutOfBoundsException if there is no such frame
  public PausedFrame frame(int index) {
    List<PausedFrame> found = frames(index, 1);
    if (found.isEmpty()) {
      throw new IndexOutOfBoundsException("no frame " + index);
    }
    return found.getFirst();
  }

  /// Lets the guest go on.
  ///
  /// @throws IllegalStateException if it does not pause any longer
  public void resume() {
    resume(/* kind= */ null, List.of());
  }

  /// Lets the guest go on to the end of a step, or to whatever makes it pause before.
  ///
  /// @throws IllegalStateException if it does not pause any longer
  public void step(StepKind kind) {
    resume(kind, List.of());
  }

  /// The same for a step that does not end in some code.
  public void step(StepKind kind, List<CodeRange> skippedCode) {
    resume(kind, List.copyOf(skippedCode));
  }

  /// Ends the guest's call, which its caller learns as a cancellation.
  ///
  /// @throws IllegalStateException if it does not pause any longer
  public void terminate() {
    access(() -> innermost.instance().store()).requestStop(StopReason.CANCELLED);
  }

  private void resume(@Nullable StepKind kind, List<CodeRange> ranges) {
    if (!end(kind, ranges)) {
      throw notPaused();
    }
    LockSupport.unpark(thread);
  }

  /// Lets the guest go on if it still pauses.
  void release() {
    if (end(/* kind= */ null, List.of())) {
      LockSupport.unpark(thread);
    }
  }

  private boolean end(@Nullable StepKind kind, List<CodeRange> ranges) {
    lock.lock();
    try {
      boolean wasPaused = state == State.PAUSED;
      if (wasPaused) {
        step = kind;
        skipped = ranges;
      }
      state = State.ENDED;
      return wasPaused;
    } finally {
      lock.unlock();
    }
  }

  /// Lets others than the guest's own thread look at it.
  void begin() {
    lock.lock();
    try {
      state = State.PAUSED;
    } finally {
      lock.unlock();
    }
  }

  boolean hasEnded() {
    lock.lock();
    try {
      return state == State.ENDED;
    } finally {
      lock.unlock();
    }
  }

  /// Begins the step that was asked for, on the guest's thread.
  ///
  /// @return whether there is one
  boolean beginStep() {
    lock.lock();
    try {
      StepKind kind = step;
      if (kind == null) {
        return false;
      }
      guestThread.beginStep(kind, innermost.depth(), skipped);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Does something with what the guest has.
  ///
  /// @throws IllegalStateException if the guest does not pause any longer
  <T> T access(Supplier<T> action) {
    lock.lock();
    try {
      boolean isAllowed =
          state == State.PAUSED
              || (state == State.CONDITIONS && Thread.currentThread().equals(thread));
      if (!isAllowed) {
        throw notPaused();
      }
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  private IllegalStateException notPaused() {
    return new IllegalStateException("guest " + id() + " does not pause any longer");
  }
}
