package dev.cloister.isolate.verticle;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.Store;
import org.jspecify.annotations.Nullable;

/// Whether a call is to stop, and the store to be told while one serves it. Any thread.
///
/// A store that was told once runs nothing any more, so it is told only while it serves the call.
final class CallStop {
  private final Object lock = new Object();

  /// Null while nobody wants the call to stop; the first reason stays.
  @GuardedBy("lock")
  private @Nullable StopReason reason;

  /// What serves the call; null before and after.
  @GuardedBy("lock")
  private @Nullable Store store;

  /// Wants the call to stop.
  void request(StopReason wanted) {
    synchronized (lock) {
      if (reason == null) {
        reason = wanted;
        if (store != null) {
          store.requestStop(wanted);
        }
      }
    }
  }

  boolean isRequested() {
    synchronized (lock) {
      return reason != null;
    }
  }

  /// Lets `serving` be told from now on.
  ///
  /// @throws StoppedException if the call is to stop already; the store is not told
  void bind(Store serving) {
    synchronized (lock) {
      if (reason != null) {
        throw new StoppedException(reason);
      }
      store = serving;
    }
  }

  /// Lets the store be told no more.
  void unbind() {
    synchronized (lock) {
      store = null;
    }
  }
}
