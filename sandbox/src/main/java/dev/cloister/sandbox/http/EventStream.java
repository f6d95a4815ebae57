package dev.cloister.sandbox.http;

import dev.cloister.sandbox.registry.Broadcast;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// An answer that goes on: server-sent events to one client.
///
/// Events may be offered from any thread. A client that reads too slowly misses events and is told
/// how many by an event `lagged`; nobody waits for it. Every heartbeat checks that whoever opened
/// the stream may still read it.
final class EventStream {
  private static final long HEARTBEAT_MILLIS = 15_000;
  private static final int MAX_WAITING_EVENTS = 1_000;
  private static final String RETRY = "retry: 2000\n\n";
  private static final String HEARTBEAT = ": still here\n\n";

  private final Vertx vertx;
  private final Exchange exchange;
  private final HttpServerResponse response;
  private final EventStreams streams;
  private final AtomicInteger waitingEvents = new AtomicInteger();
  private final AtomicLong droppedEvents = new AtomicLong();

  // On the event loop only.
  private Broadcast.@Nullable Subscription subscription;
  private long heartbeatTimer;
  private boolean isEnded;

  private EventStream(Vertx vertx, Exchange exchange, EventStreams streams) {
    this.vertx = vertx;
    this.exchange = exchange;
    this.response = exchange.http().response();
    this.streams = streams;
  }

  /// Answers with the head of a stream. Called on the event loop.
  static EventStream open(Vertx vertx, Exchange exchange, EventStreams streams) {
    return open(vertx, exchange, streams, () -> true);
  }

  /// Answers with the head of a stream that lasts no longer than its subject. Called on the event
  /// loop.
  ///
  /// @param subject whether what the stream tells of is still there
  static EventStream open(
      Vertx vertx, Exchange exchange, EventStreams streams, BooleanSupplier subject) {
    EventStream stream = new EventStream(vertx, exchange, streams);
    stream.start(subject);
    return stream;
  }

  /// Keeps what feeds the stream until the stream ends. Called on the event loop.
  void feedFrom(Broadcast.Subscription source) {
    if (isEnded) {
      source.close();
    } else {
      subscription = source;
    }
  }

  /// Sends an event, or counts it as dropped if the client is too slow. Any thread.
  ///
  /// @param id the number to resume after, null for events that cannot be resumed
  void offer(@Nullable Long id, String event, String data) {
    if (waitingEvents.incrementAndGet() > MAX_WAITING_EVENTS) {
      waitingEvents.decrementAndGet();
      droppedEvents.incrementAndGet();
      return;
    }
    exchange
        .context()
        .runOnContext(_ -> {
          waitingEvents.decrementAndGet();
          write(id, event, data);
        });
  }

  /// Ends the stream. Any thread.
  void end() {
    exchange.context().runOnContext(_ -> close());
  }

  private void start(BooleanSupplier subject) {
    response.setChunked(true);
    response.putHeader("Content-Type", "text/event-stream");
    response.putHeader("Cache-Control", "no-store");
    exchange.putCommonHeaders(response);
    response.closeHandler(_ -> release());
    exchange.http().resume();
    response.write(RETRY);
    streams.add(this);
    heartbeatTimer =
        vertx.setPeriodic(
            HEARTBEAT_MILLIS,
            _ -> {
              if (exchange.isStillAdmitted() && subject.getAsBoolean()) {
                writeRaw(HEARTBEAT);
              } else {
                close();
              }
            });
  }

  private void write(@Nullable Long id, String event, String data) {
    if (response.writeQueueFull()) {
      droppedEvents.incrementAndGet();
      return;
    }
    long dropped = droppedEvents.getAndSet(0);
    if (dropped > 0) {
      writeRaw("event: lagged\ndata: {\"dropped\":" + dropped + "}\n\n");
    }
    // JSON has no line feeds, so the data is always one line.
    writeRaw(
        (id == null ? "" : "id: " + id + "\n") + "event: " + event + "\ndata: " + data + "\n\n");
  }

  private void writeRaw(String text) {
    if (!isEnded && !response.closed()) {
      response.write(text);
    }
  }

  private void close() {
    if (!isEnded) {
      release();
      if (!response.ended() && !response.closed()) {
        response.end();
      }
    }
  }

  private void release() {
    if (isEnded) {
      return;
    }
    isEnded = true;
    vertx.cancelTimer(heartbeatTimer);
    streams.remove(this);
    if (subscription != null) {
      subscription.close();
    }
  }
}
