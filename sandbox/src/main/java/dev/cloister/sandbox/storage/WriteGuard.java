package dev.cloister.sandbox.storage;

import java.util.concurrent.atomic.AtomicBoolean;

/// What must still hold when a change is made, such as that nobody changed the same thing since.
///
/// Whoever asks for a change within [#call] has the check made by the store, at the beginning of
/// the first transaction that comes of it and on the writer's thread. So nothing can happen between
/// the check and the change, and who makes the change need not know of it.
public final class WriteGuard {
  private static final ScopedValue<WriteGuard> CURRENT = ScopedValue.newInstance();

  private final Runnable check;
  private final AtomicBoolean isTaken = new AtomicBoolean();

  private WriteGuard(Runnable check) {
    this.check = check;
  }

  /// Runs `action` with `check` before the first transaction that it begins on this thread.
  ///
  /// @param check throws if the change must not be made; the transaction then changes nothing, and
  ///   throws the same. Run again if the transaction is tried again
  /// @throws X what the action throws
  public static <R, X extends Throwable> R call(
      Runnable check, ScopedValue.CallableOp<? extends R, X> action) throws X {
    return ScopedValue.where(CURRENT, new WriteGuard(check)).call(action);
  }

  /// Returns what the transaction that the caller's thread asks for has to check: something only
  /// for the first one.
  static Runnable take() {
    if (CURRENT.isBound()) {
      WriteGuard guard = CURRENT.get();
      if (guard.isTaken.compareAndSet(false, true)) {
        return guard.check;
      }
    }
    return () -> {};
  }
}
