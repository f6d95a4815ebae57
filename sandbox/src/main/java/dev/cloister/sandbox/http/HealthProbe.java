package dev.cloister.sandbox.http;

import dev.cloister.engine.WasmEngine;
import dev.cloister.sandbox.storage.DataFolder;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.StorageException;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks every five seconds, on a thread of its own, whether the parts of the server do their work:
/// the data folder takes a file, the database a transaction, an event loop a task, and the engine
/// has room for code.
public final class HealthProbe implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HealthProbe.class);
  private static final long PERIOD_SECONDS = 5;
  private static final long EVENT_LOOP_SECONDS = 10;
  private static final double FULL_CODE_CACHE = 0.98;
  private static final String OK = "ok";

  private final DataFolder folder;
  private final MetadataStore store;
  private final WasmEngine engine;
  private final Context eventLoop;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("cloister-health").factory());
  private volatile Map<String, String> found =
      Map.of("database", OK, "engine", OK, "eventLoops", OK, "storage", OK);

  private HealthProbe(DataFolder folder, MetadataStore store, WasmEngine engine, Vertx vertx) {
    this.folder = folder;
    this.store = store;
    this.engine = engine;
    this.eventLoop = vertx.getOrCreateContext();
  }

  /// Starts looking.
  public static HealthProbe start(
      DataFolder folder, MetadataStore store, WasmEngine engine, Vertx vertx) {
    HealthProbe probe = new HealthProbe(folder, store, engine, vertx);
    ScheduledFuture<?> _ =
        probe.executor.scheduleWithFixedDelay(
            probe::look, PERIOD_SECONDS, PERIOD_SECONDS, TimeUnit.SECONDS);
    return probe;
  }

  /// Returns what was found last, by part: `ok`, or what is wrong in a few words.
  Map<String, String> found() {
    return found;
  }

  /// Returns whether all that was found is well.
  boolean isWell() {
    return found.values().stream().allMatch(OK::equals);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }

  private void look() {
    Map<String, String> now = new LinkedHashMap<>();
    now.put("database", database());
    now.put("engine", engine());
    now.put("eventLoops", eventLoops());
    now.put("storage", storage());
    if (!now.equals(found)) {
      LOG.warn(
          "event=health-changed database=\"{}\" engine=\"{}\" eventLoops=\"{}\" storage=\"{}\"",
          now.get("database"),
          now.get("engine"),
          now.get("eventLoops"),
          now.get("storage"));
    }
    found = Map.copyOf(now);
  }

  private String storage() {
    try {
      folder.probe();
      return OK;
    } catch (IOException e) {
      LOG.debug("event=probe-failed part=storage", e);
      return "the data folder takes no file";
    }
  }

  private String database() {
    try {
      store.write(_ -> true, _ -> {});
      return OK;
    } catch (StorageException | IllegalStateException e) {
      LOG.debug("event=probe-failed part=database", e);
      return "the database takes no transaction";
    }
  }

  private String engine() {
    return engine.codeStatistics().codeCacheUse() < FULL_CODE_CACHE
        ? OK
        : "the JVM's cache of compiled code is full";
  }

  private String eventLoops() {
    CountDownLatch answered = new CountDownLatch(1);
    eventLoop.runOnContext(_ -> answered.countDown());
    try {
      return answered.await(EVENT_LOOP_SECONDS, TimeUnit.SECONDS)
          ? OK
          : "an event loop does not answer";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OK;
    }
  }
}
