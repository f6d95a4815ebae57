package dev.cloister.engine.compile;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.decode.DecodeMonitor;
import dev.cloister.engine.error.CompilationCancelledException;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.stats.CompileJobInfo;
import dev.cloister.engine.stats.CompileMode;
import dev.cloister.engine.stats.CompileState;
import dev.cloister.engine.util.Checkpoint;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One compilation, from its first byte until there is a module or none will be.
///
/// It ends exactly once, by [#succeed] or [#fail] of whoever works for it. Until then it can be
/// cancelled from any thread; the work then ends at its next [Checkpoint], also within a function
/// body, and what waits is told at once. All of its work, on whichever threads, counts towards its
/// time.
public final class CompileJob implements DecodeMonitor {
  /// The limit of the time that a compilation may take, as errors call it.
  public static final String TIME_LIMIT = "compileMillis";

  private static final long NANOS_BETWEEN_REPORTS = TimeUnit.MILLISECONDS.toNanos(100);

  private final CompileJobs jobs;
  private final long id;
  private final Object owner;
  private final String isolate;
  private final @Nullable String tag;
  private final String salt;
  private final CompileMode mode;
  private final WasmLimits limits;
  private final long allowedNanos;
  private final ThreadClock clock;
  private final long startedMillis = System.currentTimeMillis();
  private final long startedNanos = System.nanoTime();

  private final AtomicLong spentNanos = new AtomicLong();
  private final AtomicInteger validated = new AtomicInteger();
  private final AtomicLong reportedNanos = new AtomicLong(startedNanos);
  private final Object endLock = new Object();

  @GuardedBy("endLock")
  private boolean hasEnded;

  /// Completes, with nothing, when the job is cancelled.
  private final CompletableFuture<@Nullable Void> cancelled = new CompletableFuture<>();

  private volatile CompilationCancelledException.@Nullable Reason cancelReason;
  private volatile CompileState state;
  private volatile @Nullable ModuleHash hash;
  private volatile long receivedBytes;
  private volatile int functions;

  /// The work of the thread that leads, while there is one.
  private volatile @Nullable Work leading;

  CompileJob(
      CompileJobs jobs, long id, CompileRequest request, CompileMode mode, ThreadClock clock) {
    this.jobs = jobs;
    this.id = id;
    this.owner = request.owner();
    this.isolate = request.isolate();
    this.tag = request.tag();
    this.salt = request.salt();
    this.limits = request.limits();
    this.allowedNanos = TimeUnit.MILLISECONDS.toNanos(request.allowedMillis());
    this.mode = mode;
    this.clock = clock;
    this.state =
        switch (mode) {
          case SYNC -> CompileState.VALIDATING;
          case ASYNC -> CompileState.QUEUED;
          case STREAMING -> CompileState.RECEIVING;
        };
  }

  /// {@return the number of the job}
  public long id() {
    return id;
  }

  /// {@return the name of the isolate that it is for}
  public String isolate() {
    return isolate;
  }

  /// {@return what sets the modules of its isolate apart, empty if they are shared}
  public String salt() {
    return salt;
  }

  /// {@return how the module comes}
  public CompileMode mode() {
    return mode;
  }

  /// {@return the limits that the module must keep}
  public WasmLimits limits() {
    return limits;
  }

  /// {@return the digest of the module, as soon as all its bytes are there}
  public @Nullable ModuleHash hash() {
    return hash;
  }

  /// {@return the microseconds since the job was created}
  public long wallMicros() {
    return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - startedNanos);
  }

  /// {@return the processor time of all its work so far, in microseconds}
  public long workMicros() {
    return TimeUnit.NANOSECONDS.toMicros(spentNanos.get());
  }

  /// {@return the own functions whose bodies were validated}
  public int validatedFunctions() {
    return validated.get();
  }

  @SuppressWarnings("ReferenceEquality") // Owners are told apart by what they are.
  boolean isOf(Object someOwner) {
    return owner == someOwner;
  }

  boolean hasTag(String someTag) {
    return someTag.equals(tag);
  }

  /// {@return how the job is at this moment}
  public CompileJobInfo info() {
    return new CompileJobInfo(
        id,
        isolate,
        tag,
        hash,
        mode,
        state,
        receivedBytes,
        validated.get(),
        functions,
        startedMillis,
        TimeUnit.NANOSECONDS.toMillis(spentNanos.get()));
  }

  // Progress: by whoever works for the job.

  void received(long bytes) {
    receivedBytes = bytes;
    reportProgress();
  }

  void identified(ModuleHash newHash) {
    hash = newHash;
  }

  void enter(CompileState next) {
    if (state != next) {
      state = next;
      jobs.tell(this);
    }
  }

  @Override
  public void functionsDeclared(int count) {
    functions = count;
  }

  @Override
  public void functionsValidated(int count) {
    validated.addAndGet(count);
  }

  /// Tells the listeners how far the job is, unless they know from a moment ago.
  private void reportProgress() {
    long last = reportedNanos.get();
    long now = System.nanoTime();
    if (now - last >= NANOS_BETWEEN_REPORTS && reportedNanos.compareAndSet(last, now)) {
      jobs.tell(this);
    }
  }

  // Time.

  /// Work that one thread does for a job. Confined to that thread.
  final class Work implements Checkpoint, AutoCloseable {
    private final Thread thread = Thread.currentThread();
    private long last = clock.nanos();

    private void count() {
      long now = clock.nanos();
      spentNanos.addAndGet(now - last);
      last = now;
    }

    @Override
    public void pass() {
      count();
      requireGoingOn();
      reportProgress();
    }

    @Override
    public void close() {
      count();
      if (leading == this) {
        leading = null;
      }
    }
  }

  /// Begins work on the thread that leads, of which there is one at a time; closing it ends it.
  Work lead() {
    Work work = new Work();
    leading = work;
    return work;
  }

  /// Begins work on a thread that helps; closing it ends it.
  Work assist() {
    return new Work();
  }

  @Override
  public Checkpoint checkpoint() {
    Work lead = leading;
    return lead != null && lead.thread.equals(Thread.currentThread()) ? lead : new Work();
  }

  /// Requires that the job goes on.
  ///
  /// @throws CompilationCancelledException if it was cancelled
  /// @throws LimitExceededException if it has taken its time
  void requireGoingOn() {
    CompilationCancelledException.Reason reason = cancelReason;
    if (reason != null) {
      throw new CompilationCancelledException(id, reason);
    }
    long spent = spentNanos.get();
    if (spent > allowedNanos) {
      long spentMillis = TimeUnit.NANOSECONDS.toMillis(spent);
      long allowedMillis = TimeUnit.NANOSECONDS.toMillis(allowedNanos);
      throw new LimitExceededException(
          TIME_LIMIT, Math.max(spentMillis, allowedMillis + 1), allowedMillis);
    }
  }

  // The end.

  /// Cancels the job; the first reason counts. Does nothing if it has ended.
  ///
  /// @return whether it had not ended and was not cancelled already
  boolean cancel(CompilationCancelledException.Reason reason) {
    synchronized (endLock) {
      if (hasEnded || cancelReason != null) {
        return false;
      }
      cancelReason = reason;
    }
    return cancelled.complete(null);
  }

  /// Lets `action` run when the job is cancelled, on the thread that does; at once if it was
  /// cancelled already.
  public void onCancel(Consumer<CompilationCancelledException> action) {
    CompletableFuture<?> _ =
        cancelled.thenRun(() ->
            action.accept(
                new CompilationCancelledException(id, Objects.requireNonNull(cancelReason))));
  }

  /// Waits for `event` or until the job is cancelled.
  ///
  /// @throws CompilationCancelledException if that comes first
  void await(CompletableFuture<?> event) {
    CompletableFuture.anyOf(event, cancelled).join();
    requireGoingOn();
  }

  /// Ends the job with a module, if it was not cancelled before.
  ///
  /// @throws CompilationCancelledException if it was; the job is still to be ended by [#fail]
  public void succeed() {
    synchronized (endLock) {
      CompilationCancelledException.Reason reason = cancelReason;
      if (reason != null) {
        throw new CompilationCancelledException(id, reason);
      }
      if (hasEnded) {
        throw new IllegalStateException("job " + id + " has ended");
      }
      hasEnded = true;
      state = CompileState.DONE;
    }
    jobs.remove(this);
  }

  /// Ends the job without a module.
  ///
  /// @return whether it had not ended
  public boolean fail() {
    synchronized (endLock) {
      if (hasEnded) {
        return false;
      }
      hasEnded = true;
      state = cancelReason == null ? CompileState.FAILED : CompileState.CANCELLED;
    }
    jobs.remove(this);
    return true;
  }
}
