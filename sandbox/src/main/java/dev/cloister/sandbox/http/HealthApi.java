package dev.cloister.sandbox.http;

import java.util.Map;
import java.util.function.IntSupplier;

/// Whether the process lives, and whether it is ready for traffic.
public final class HealthApi {
  private final IntSupplier pendingVersions;
  private volatile boolean isDraining;

  /// Creates the health of a server that accepts traffic.
  ///
  /// @param pendingVersions how many versions are still to be compiled after the start
  public HealthApi(IntSupplier pendingVersions) {
    this.pendingVersions = pendingVersions;
  }

  /// Makes the server unready: it is about to stop.
  public void drain() {
    isDraining = true;
  }

  void health(Exchange exchange) {
    exchange.answer(Answer.json(200, Map.of("status", "alive")));
  }

  void ready(Exchange exchange) {
    int pending = pendingVersions.getAsInt();
    String status = isDraining ? "stopping" : pending > 0 ? "starting" : "ready";
    Map<String, Object> body = Map.of("status", status, "pendingVersions", pending);
    exchange.answer(Answer.json(status.equals("ready") ? 200 : 503, body));
  }
}
