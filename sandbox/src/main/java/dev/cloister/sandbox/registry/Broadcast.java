package dev.cloister.sandbox.registry;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// Hands each value to everybody who listens at that moment. Any thread may call.
///
/// Listeners are called on the publisher's thread and must neither block nor throw.
public final class Broadcast<T> {
  private final List<Consumer<T>> listeners = new CopyOnWriteArrayList<>();

  /// Creates a broadcast without listeners.
  public Broadcast() {}

  /// A listener's place; closing it ends the listening.
  public interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  /// Adds a listener.
  public Subscription subscribe(Consumer<T> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  /// Calls every listener with `value`.
  public void publish(T value) {
    for (Consumer<T> listener : listeners) {
      listener.accept(value);
    }
  }

  /// Returns whether nobody listens.
  public boolean isSilent() {
    return listeners.isEmpty();
  }
}
