package dev.cloister.sandbox.http;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The event streams that are open, so that a stopping server can end them.
final class EventStreams {
  private final Set<EventStream> open = ConcurrentHashMap.newKeySet();

  void add(EventStream stream) {
    open.add(stream);
  }

  void remove(EventStream stream) {
    open.remove(stream);
  }

  int count() {
    return open.size();
  }

  /// Ends every open stream.
  void endAll() {
    open.forEach(EventStream::end);
  }
}
