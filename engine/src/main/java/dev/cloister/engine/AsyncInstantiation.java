package dev.cloister.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// An instance that is being made while the caller goes on (V8 `AsyncInstantiate`), on a thread of
/// the embedder's, within a time.
///
/// Until [#result] is complete the store belongs to that thread: nobody else may use or close it.
/// Safe to use by any thread.
public final class AsyncInstantiation {
  private final CompletableFuture<Instance> result = new CompletableFuture<>();
  private final ModuleHandle module;
  private final Store store;
  private final Imports imports;

  /// Held while the store is asked to stop, so that it is not asked when the instance is there.
  private final Object lock = new Object();

  @GuardedBy("lock")
  private boolean isBegun;

  @GuardedBy("lock")
  private boolean isEnded;

  /// Why it was stopped first.
  @GuardedBy("lock")
  private @Nullable StopReason stopped;

  private AsyncInstantiation(ModuleHandle module, Store store, Imports imports) {
    this.module = module;
    this.store = store;
    this.imports = imports;
  }

  /// Begins to make an instance.
  ///
  /// @param guests runs the task once, on a thread whose stack guests may use
  /// @param timeout how long it may take, with the wait for a thread and the start function
  static AsyncInstantiation begin(
      ModuleHandle module, Store store, Imports imports, Executor guests, Duration timeout) {
    AsyncInstantiation made = new AsyncInstantiation(module, store, imports);
    Executor timer =
        CompletableFuture.delayedExecutor(
            timeout.toNanos(), TimeUnit.NANOSECONDS, /* executor= */ Runnable::run);
    CompletableFuture<Void> deadline =
        CompletableFuture.runAsync(() -> made.stop(StopReason.DEADLINE), timer);
    CompletableFuture<?> _ =
        made.result.whenComplete((_, _) -> deadline.cancel(/* mayInterruptIfRunning= */ false));
    try {
      guests.execute(made::run);
    } catch (RejectedExecutionException e) {
      made.end();
      made.result.completeExceptionally(e);
    }
    return made;
  }

  /// {@return the instance, when it is there: complete on the thread that made it}
  ///
  /// Exceptionally as [ModuleHandle#instantiate] throws; with a [StoppedException] also if it was
  /// stopped at the last moment, and with a [RejectedExecutionException] if there is no thread for
  /// it. Cancelling what is returned has no effect on the work: see [#cancel].
  public CompletableFuture<Instance> result() {
    return result.copy();
  }

  /// Stops the work: the result is a [StoppedException], at once if no thread has begun, else when
  /// its thread has left the store. Returns at once.
  ///
  /// @return whether there was anything to stop
  public boolean cancel() {
    return stop(StopReason.CANCELLED);
  }

  private boolean stop(StopReason reason) {
    boolean isWaiting;
    synchronized (lock) {
      if (isEnded || stopped != null) {
        return false;
      }
      stopped = reason;
      store.requestStop(reason);
      isWaiting = !isBegun;
      isEnded = isWaiting;
    }
    if (isWaiting) {
      result.completeExceptionally(new StoppedException(reason));
    }
    return true;
  }

  private void run() {
    synchronized (lock) {
      if (isEnded) {
        return;
      }
      isBegun = true;
    }
    Instance made;
    try {
      made = module.instantiate(store, imports, /* isAsync= */ true);
    } catch (RuntimeException | Error e) {
      end();
      result.completeExceptionally(e);
      return;
    }
    StopReason reason = end();
    if (reason == null) {
      result.complete(made);
    } else {
      result.completeExceptionally(new StoppedException(reason));
    }
  }

  /// Notes that the store is stopped no more.
  ///
  /// @return why it was, or null
  private @Nullable StopReason end() {
    synchronized (lock) {
      isEnded = true;
      return stopped;
    }
  }
}
