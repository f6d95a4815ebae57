package dev.cloister.sandbox;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What was started, in order; stops it in the opposite order. One thread at a time uses it.
final class Lifecycle implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);

  private final Deque<Part> parts = new ArrayDeque<>();

  private record Part(String name, AutoCloseable stop) {}

  /// Adds a part that is started now and returns it.
  <T extends AutoCloseable> T add(String name, T part) {
    onStop(name, part);
    return part;
  }

  /// Adds what stops a part that is started now.
  void onStop(String name, AutoCloseable stop) {
    parts.push(new Part(name, stop));
  }

  /// Stops everything, last first. What fails to stop is logged and does not keep the rest running.
  @Override
  public void close() {
    while (!parts.isEmpty()) {
      Part part = parts.pop();
      try {
        part.stop.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        LOG.error("event=stop-interrupted part=\"{}\"", part.name, e);
      } catch (Exception e) {
        LOG.error("event=stop-failed part=\"{}\"", part.name, e);
      }
    }
  }
}
