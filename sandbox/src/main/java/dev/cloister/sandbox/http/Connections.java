package dev.cloister.sandbox.http;

import dev.cloister.sandbox.config.HttpConfig;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The connections of one event loop: not more than allowed, and none that only pretends to ask.
///
/// A connection is known from its first byte on: the library shows none before it knows which
/// version of HTTP it speaks. The library closes a connection without a byte for the idle time. One
/// that sends a byte now and then, but never the whole head of a request, is closed here. Used on
/// the event loop only, but for the number of all.
final class Connections {
  private static final int SWEEPS_PER_TIMEOUT = 4;

  private final HttpConfig.Connections limits;
  private final AtomicInteger all;
  private final IdentityHashMap<HttpConnection, Wait> waiting = new IdentityHashMap<>();

  /// Since when a connection waits for a request, or that it does not.
  private static final class Wait {
    private long sinceNanos;
    private int requests;

    Wait(long nowNanos) {
      this.sinceNanos = nowNanos;
    }

    void end() {
      requests--;
      sinceNanos = System.nanoTime();
    }
  }

  /// @param all counts the connections of all event loops
  Connections(HttpConfig.Connections limits, AtomicInteger all) {
    this.limits = limits;
    this.all = all;
  }

  /// Begins to look for connections that are to be closed. The timer ends with the verticle.
  void start(Vertx vertx) {
    Duration period = limits.idleTimeout().dividedBy(SWEEPS_PER_TIMEOUT);
    vertx.setPeriodic(period.toMillis(), _ -> sweep());
  }

  /// Takes a new connection, or closes it if there are too many.
  void open(HttpConnection connection) {
    if (all.incrementAndGet() > limits.maximum()) {
      all.decrementAndGet();
      connection.close();
      return;
    }
    waiting.put(connection, new Wait(System.nanoTime()));
    connection.closeHandler(_ -> {
      waiting.remove(connection);
      all.decrementAndGet();
    });
  }

  /// Notes that the head of a request is there, and its end when that comes.
  void begin(HttpServerRequest request) {
    @Nullable Wait wait = waiting.get(request.connection());
    if (wait == null) {
      return;
    }
    wait.requests++;
    HttpServerResponse response = request.response();
    if (request.version() == HttpVersion.HTTP_2) {
      AtomicBoolean isEnded = new AtomicBoolean();
      Runnable end =
          () -> {
            if (isEnded.compareAndSet(false, true)) {
              wait.end();
            }
          };
      response.endHandler(_ -> end.run());
      response.exceptionHandler(_ -> end.run());
      response.closeHandler(_ -> end.run());
    } else {
      // A request that ends otherwise ends its connection.
      response.endHandler(_ -> wait.end());
    }
  }

  private void sweep() {
    long now = System.nanoTime();
    long allowed = limits.idleTimeout().toNanos();
    waiting.entrySet().stream()
        .filter(entry -> entry.getValue().requests == 0)
        .filter(entry -> now - entry.getValue().sinceNanos > allowed)
        .map(Map.Entry::getKey)
        .toList()
        .forEach(HttpConnection::close);
  }
}
