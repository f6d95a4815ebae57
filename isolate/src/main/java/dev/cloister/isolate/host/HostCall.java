package dev.cloister.isolate.host;

import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.WaitRegion;
import dev.cloister.isolate.heap.HeapLedger;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The call of a guest that a service works for: what may stop it, who pays, whose place it has.
///
/// Used on the guest's thread.
///
/// @param store the guest's, which is asked to stop when the call is to end
/// @param waits is told when the guest waits
/// @param ledger the tenant's
public record HostCall(Store store, WaitRegion waits, HeapLedger ledger) {
  /// After this time a wait looks whether the call is to end.
  private static final long STEP_MILLIS = 5;

  /// Runs `work`, which may wait for a short time that nobody can cut short, such as for a disk.
  /// The guest's place goes to another one meanwhile.
  ///
  /// @throws dev.cloister.engine.error.StoppedException if the call is to end
  public <T extends @Nullable Object> T blocking(Supplier<T> work) {
    store.throwIfStopped();
    T result;
    waits.enter();
    try {
      result = work.get();
    } finally {
      waits.exit();
    }
    store.throwIfStopped();
    return result;
  }

  /// Waits for `future`, but no longer than the call lives: then the future is cancelled. The
  /// guest's place goes to another one meanwhile.
  ///
  /// @throws dev.cloister.engine.error.StoppedException if the call is to end
  /// @throws HostServiceException what the future failed with
  /// @throws IllegalStateException if it failed with anything else
  public <T> T await(CompletableFuture<T> future) {
    waits.enter();
    try {
      while (!store.isStopRequested()) {
        try {
          return future.get(STEP_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) {
          // Looks whether the call is to end.
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof HostServiceException refused) {
        throw refused;
      }
      throw new IllegalStateException("a service of the host failed", e.getCause());
    } catch (CancellationException _) {
      throw new HostServiceException(HostError.FAILED, "the host gave up");
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      waits.exit();
    }
    future.cancel(/* mayInterruptIfRunning= */ true);
    store.throwIfStopped();
    throw new HostServiceException(HostError.FAILED, "the host is stopping");
  }
}
