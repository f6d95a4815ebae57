package dev.cloister.sandbox.http;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// Whether the process lives, and whether it is ready for traffic.
public final class HealthApi {
  private final IntSupplier pendingVersions;
  private volatile boolean isDraining;
  private volatile @Nullable HealthProbe probe;

  /// Creates the health of a server that accepts traffic.
  ///
  /// @param pendingVersions how many versions are still to be compiled after the start
  public HealthApi(IntSupplier pendingVersions) {
    this.pendingVersions = pendingVersions;
  }

  /// Says from now on what `newProbe` finds, too.
  public void watch(HealthProbe newProbe) {
    probe = newProbe;
  }

  /// Makes the server unready: it is about to stop.
  public void drain() {
    isDraining = true;
  }

  void health(Exchange exchange) {
    exchange.answer(Answer.json(200, Map.of("status", "alive")));
  }

  void ready(Exchange exchange) {
    State state = checks();
    exchange.answer(Answer.json(state.status.equals("ready") ? 200 : 503, state));
  }

  /// Whether the server is ready, and why not.
  ///
  /// @param status `ready`, `starting`, `failing` or `stopping`
  /// @param pendingVersions how many versions are still to be compiled after the start
  /// @param checks what was found, by part
  record State(String status, int pendingVersions, Map<String, String> checks) {}

  State checks() {
    int pending = pendingVersions.getAsInt();
    @Nullable HealthProbe present = probe;
    boolean isWell = present == null || present.isWell();
    String status =
        isDraining ? "stopping" : !isWell ? "failing" : pending > 0 ? "starting" : "ready";
    Map<String, String> found = present == null ? Map.of() : present.found();
    return new State(status, pending, new TreeMap<>(found));
  }
}
