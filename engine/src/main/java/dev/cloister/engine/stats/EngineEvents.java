package dev.cloister.engine.stats;

import dev.cloister.engine.util.OrderedLock;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// The way from what happens to the listeners of an engine. Safe to use by any thread; never with a
/// lock held.
public final class EngineEvents {
  private final List<EngineListener> listeners;
  private final Consumer<RuntimeException> report;
  private final AtomicBoolean isReported = new AtomicBoolean();

  /// Creates the events of an engine, which says so in the log when a listener throws.
  public EngineEvents(List<EngineListener> listeners) {
    this(listeners, EngineEvents::log);
  }

  /// @param report is given the first exception of a listener
  EngineEvents(List<EngineListener> listeners, Consumer<RuntimeException> report) {
    this.listeners = List.copyOf(listeners);
    this.report = report;
  }

  private static void log(RuntimeException thrown) {
    System.getLogger(EngineEvents.class.getName())
        .log(System.Logger.Level.ERROR, "event=engine-listener-failed", thrown);
  }

  /// {@return whether nobody listens, so that an event need not be made}
  public boolean isSilent() {
    return listeners.isEmpty();
  }

  /// Tells every listener.
  ///
  /// @param event calls the listener's method
  public void tell(Consumer<EngineListener> event) {
    OrderedLock.assertNoneHeld();
    for (EngineListener listener : listeners) {
      try {
        event.accept(listener);
      } catch (RuntimeException e) {
        // Not the fault of whoever compiles or runs something.
        if (isReported.compareAndSet(false, true)) {
          report.accept(e);
        }
      }
    }
  }
}
