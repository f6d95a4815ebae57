package dev.cloister.sandbox.http;

import dev.cloister.isolate.verticle.CallUsage;
import dev.cloister.isolate.verticle.GuestExecutor;
import dev.cloister.sandbox.config.LiveConfig;
import dev.cloister.sandbox.logging.RecentErrors;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.stats.ThreadReport;
import dev.cloister.sandbox.storage.DamagedRow;
import dev.cloister.sandbox.storage.StorageHealth;
import dev.cloister.sandbox.storage.TenantName;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.lang.management.RuntimeMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What an operator attaches to a report: the server's build, configuration, figures, threads and
/// recent errors in one document.
///
/// No key, no secret and no byte that a guest or a caller sent is in it: errors are named by event
/// and trace, and the stacks of threads have no names of guests' functions.
final class DiagnosticsApi {
  private static final Logger LOG = LoggerFactory.getLogger(DiagnosticsApi.class);
  private static final int MAX_TENANTS = 20;

  private final LiveConfig config;
  private final ServerInfo info;
  private final HealthApi health;
  private final Figures figures;
  private final TenantRegistry tenants;
  private final StorageHealth storage;
  private final GuestExecutor guests;
  private final ControlEndpoints control;
  private final EventStreams streams;
  private final RecentErrors errors;
  private final Clock clock;

  DiagnosticsApi(
      HttpListener.Parts parts, Figures figures, ControlEndpoints control, EventStreams streams) {
    this.config = parts.live();
    this.info = parts.info();
    this.health = parts.health();
    this.figures = figures;
    this.tenants = parts.registry().tenants();
    this.storage = parts.registry().storage();
    this.guests = parts.guests();
    this.control = control;
    this.streams = streams;
    this.errors = parts.errors();
    this.clock = parts.clock();
  }

  Answer get(ApiRequest request) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("time", clock.instant().toString());
    document.put("server", info);
    document.put("java", java());
    document.put("health", health.checks());
    document.put("storage", storage());
    document.put("queues", queues());
    document.put("memory", memory());
    document.put("statistics", figures.statistics(request.principal(), figures.latency()));
    document.put("configuration", config.settings().stream().map(ConfigApi.Item::of).toList());
    document.put("errors", errors.lines());
    document.put("deadlockedThreads", ThreadReport.deadlockedThreads());
    document.put("threads", ThreadReport.threads());
    return Answer.json(200, document)
        .with("Content-Disposition", "attachment; filename=\"cloister-diagnostics.json\"");
  }

  private static Map<String, Object> java() {
    RuntimeMXBean runtime = ManagementFactory.getRuntimeMXBean();
    Map<String, Object> java = new LinkedHashMap<>();
    java.put("version", Runtime.version().toString());
    java.put("vm", runtime.getVmName());
    java.put("vendor", runtime.getVmVendor());
    java.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    java.put("architecture", String.valueOf(System.getProperty("os.arch")));
    java.put("processors", Runtime.getRuntime().availableProcessors());
    java.put("startedAt", Instant.ofEpochMilli(runtime.getStartTime()).toString());
    // Others may carry a password.
    java.put(
        "options",
        runtime.getInputArguments().stream().filter(option -> option.startsWith("-X")).toList());
    return java;
  }

  private Map<String, Object> storage() {
    Map<String, Object> state = new LinkedHashMap<>();
    boolean isFile = config.now().cluster().database() == null;
    state.put("database", isFile ? "sqlite" : "postgresql");
    state.put("damagedBlobs", storage.damagedBlobs());
    state.put("damagedRows", storage.damagedRows().stream().map(DiagnosticsApi::damaged).toList());
    @Nullable Long free = freeBytes(Path.of(config.now().storage().folder()));
    if (free != null) {
      state.put("freeBytes", free);
    }
    return state;
  }

  private static Map<String, String> damaged(DamagedRow row) {
    @Nullable TenantName tenant = row.tenant();
    return Map.of("table", row.table(), "tenant", tenant == null ? "" : tenant.text());
  }

  private static @Nullable Long freeBytes(Path folder) {
    try {
      return Files.getFileStore(folder).getUsableSpace();
    } catch (IOException e) {
      LOG.debug("event=free-space-unknown", e);
      return null;
    }
  }

  /// What waits, and for whom.
  private Map<String, Object> queues() {
    Map<String, Object> queues = new LinkedHashMap<>();
    queues.put("guestThreads", guests.threadCount());
    queues.put("runningGuests", guests.runningCount());
    queues.put("controlRequests", control.requests());
    queues.put("eventStreams", streams.count());
    List<Map<String, Object>> busiest =
        tenants.all().stream()
            .sorted(
                Comparator.comparingInt((Tenant tenant) -> tenant.isolate().usage().inFlight())
                    .reversed()
                    .thenComparing(tenant -> tenant.name().text()))
            .limit(MAX_TENANTS)
            .map(DiagnosticsApi::calls)
            .toList();
    queues.put("busiestTenants", busiest);
    return queues;
  }

  private static Map<String, Object> calls(Tenant tenant) {
    CallUsage usage = tenant.isolate().usage();
    return Map.of(
        "tenant", tenant.name().text(), "inFlight", usage.inFlight(), "waiting", usage.waiting());
  }

  private static Map<String, Object> memory() {
    List<Map<String, Object>> pools = new ArrayList<>();
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      MemoryUsage usage = pool.getUsage();
      pools.add(
          Map.of(
              "name", pool.getName(),
              "type", pool.getType().name(),
              "usedBytes", usage.getUsed(),
              "committedBytes", usage.getCommitted(),
              "maxBytes", usage.getMax()));
    }
    List<Map<String, Object>> collectors = new ArrayList<>();
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      collectors.add(
          Map.of(
              "name", collector.getName(),
              "collections", collector.getCollectionCount(),
              "millis", collector.getCollectionTime()));
    }
    return Map.of("pools", pools, "collectors", collectors);
  }
}
