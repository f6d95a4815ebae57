package dev.cloister.engine.runtime;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Who instances of a module are for, as far as its code is concerned: an isolate's use of the
/// module. Compared by identity. Any thread.
public final class CodeUser {
  private final @Nullable Object isolate;
  private final @Nullable StopHistory history;
  private final AtomicBoolean closed = new AtomicBoolean();

  /// Makes a user.
  ///
  /// @param isolate what reports which code it needs when code is collected; null if nobody does
  /// @param history what counts the stops of its instances, if anything does
  public CodeUser(@Nullable Object isolate, @Nullable StopHistory history) {
    this.isolate = isolate;
    this.history = history;
  }

  /// {@return what reports which code it needs, if anything does}
  public @Nullable Object isolate() {
    return isolate;
  }

  /// {@return whether `candidate` is what reports which code it needs}
  @SuppressWarnings("ReferenceEquality") // Two isolates are never the same.
  public boolean isOf(@Nullable Object candidate) {
    return isolate == candidate;
  }

  /// {@return what counts the stops of its instances, if anything does}
  public @Nullable StopHistory history() {
    return history;
  }

  /// Notes that it makes no further instances; those that it has may run on.
  ///
  /// @return whether that is new
  public boolean close() {
    return closed.compareAndSet(false, true);
  }
}
