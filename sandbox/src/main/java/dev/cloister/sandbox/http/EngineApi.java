package dev.cloister.sandbox.http;

import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.registry.Broadcast;
import dev.cloister.sandbox.stats.LatencyHistogram;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The live engine: native modules, statistics, and a stream of both and of compilations.
final class EngineApi implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EngineApi.class);
  private static final long TICK_SECONDS = 1;

  private final Vertx vertx;
  private final Figures figures;
  private final CompileFeed compilations;
  private final EventStreams streams;
  private final Broadcast<Tick> ticks = new Broadcast<>();
  private final ScheduledExecutorService ticker;

  /// The durations before the last tick; on the ticker's thread only.
  private LatencyHistogram.Snapshot latencyBefore;

  /// What every stream gets once a second.
  ///
  /// @param latency the durations of the calls of the last second
  private record Tick(LatencyHistogram.Snapshot latency) {}

  EngineApi(Vertx vertx, Figures figures, CompileFeed compilations, EventStreams streams) {
    this.vertx = vertx;
    this.figures = figures;
    this.compilations = compilations;
    this.streams = streams;
    this.latencyBefore = figures.latency();
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("cloister-figures").factory());
    ScheduledFuture<?> _ =
        executor.scheduleAtFixedRate(this::tick, TICK_SECONDS, TICK_SECONDS, TimeUnit.SECONDS);
    this.ticker = executor;
  }

  Answer nativeModules(ApiRequest request) {
    @Nullable String text = request.query("q");
    List<EngineRows.Row> rows =
        EngineRows.visible(figures.nativeModules(), request.principal())
            .filter(row -> text == null || isMatch(row, text))
            .toList();
    return Answer.json(
        200, Page.byName(request, rows, row -> row.script() + " " + row.digest(), row -> row));
  }

  Answer statistics(ApiRequest request) {
    return Answer.json(200, figures.statistics(request.principal(), figures.latency()));
  }

  void events(Exchange exchange) {
    Principal principal = exchange.request().principal();
    EventStream stream = EventStream.open(vertx, exchange, streams);
    ModuleChanges changes = new ModuleChanges(principal, stream);
    Consumer<Tick> listener = tick -> send(principal, stream, changes, tick);
    Broadcast.Subscription ofTicks = ticks.subscribe(listener);
    Broadcast.Subscription ofJobs =
        compilations.subscribe(job -> {
          if (CompileJobsApi.isVisible(job, principal)) {
            stream.offer(null, "compile-job", Json.text(CompileJobsApi.View.of(job)));
          }
        });
    // Code is shared by tenants; what becomes of it is the operator's business.
    Broadcast.Subscription ofCode =
        compilations.subscribeToCode(change -> {
          if (Authorization.seesAll(principal)) {
            stream.offer(null, change.name(), Json.text(change.view()));
          }
        });
    stream.feedFrom(() -> {
      ofTicks.close();
      ofJobs.close();
      ofCode.close();
    });
    // The first figures at once, on the ticker's thread like all others.
    ticker.execute(() -> listener.accept(new Tick(figures.latency())));
  }

  @Override
  public void close() {
    ticker.shutdownNow();
  }

  private void tick() {
    LatencyHistogram.Snapshot now = figures.latency();
    Tick tick = new Tick(now.since(latencyBefore));
    latencyBefore = now;
    ticks.publish(tick);
  }

  private void send(Principal principal, EventStream stream, ModuleChanges changes, Tick tick) {
    try {
      stream.offer(null, "statistics", Json.text(figures.statistics(principal, tick.latency)));
      changes.send(figures);
    } catch (ApiException _) {
      // The tenant is gone; the stream ends at its next heartbeat.
      stream.end();
    } catch (RuntimeException e) {
      // A ticker that throws never ticks again.
      LOG.error("event=figures-failed", e);
      stream.end();
    }
  }

  private static boolean isMatch(EngineRows.Row row, String text) {
    return row.script().contains(text)
        || row.digest().contains(text)
        || row.tenants().contains(text);
  }

  /// What one stream was told of native modules. On the ticker's thread only.
  private static final class ModuleChanges {
    private final Principal principal;
    private final EventStream stream;
    private Map<String, EngineRows.Row> told = Map.of();

    ModuleChanges(Principal principal, EventStream stream) {
      this.principal = principal;
      this.stream = stream;
    }

    /// Sends what changed since the last time.
    void send(Figures figures) {
      Map<String, EngineRows.Row> now = new HashMap<>();
      EngineRows.visible(figures.nativeModules(), principal)
          .forEach(row -> now.put(row.digest(), row));
      now.forEach((digest, row) -> {
        if (!row.equals(told.get(digest))) {
          stream.offer(null, "native-module", Json.text(row));
        }
      });
      told.keySet().stream()
          .filter(digest -> !now.containsKey(digest))
          .forEach(digest ->
              stream.offer(null, "native-module-removed", Json.text(Map.of("digest", digest))));
      told = now;
    }
  }
}
