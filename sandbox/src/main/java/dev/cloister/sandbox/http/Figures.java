package dev.cloister.sandbox.http;

import dev.cloister.engine.EngineStatistics;
import dev.cloister.engine.NativeModuleInfo;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.WrapperStatistics;
import dev.cloister.engine.persist.PersistenceFigures;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.stats.CodeSample;
import dev.cloister.engine.stats.CodeSampler;
import dev.cloister.engine.stats.CodeSizes;
import dev.cloister.engine.stats.CompilationPhase;
import dev.cloister.engine.stats.CompileJobInfo;
import dev.cloister.engine.stats.CompileState;
import dev.cloister.engine.stats.SampleTrigger;
import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapSnapshot;
import dev.cloister.isolate.verticle.CallUsage;
import dev.cloister.sandbox.auth.Principal;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.stats.CallCounters;
import dev.cloister.sandbox.stats.LatencyHistogram;
import dev.cloister.sandbox.storage.Role;
import dev.cloister.sandbox.storage.TenantName;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The server's figures at this moment, as a principal may see them.
public final class Figures {
  private static final double NANOS_IN_MILLI = 1e6;
  private static final double MEDIAN = 0.5;
  private static final double P90 = 0.9;
  private static final double P99 = 0.99;

  private final WasmEngine engine;
  private final CompileFeed compilations;
  private final TenantRegistry tenants;
  private final CallMeter meter;
  private final Clock clock;
  private final Instant startedAt;

  /// Creates the figures of a server that starts now.
  public Figures(
      WasmEngine engine,
      CompileFeed compilations,
      TenantRegistry tenants,
      CallMeter meter,
      Clock clock) {
    this.engine = engine;
    this.compilations = compilations;
    this.tenants = tenants;
    this.meter = meter;
    this.clock = clock;
    this.startedAt = clock.instant();
  }

  /// The live native modules.
  List<NativeModuleInfo> nativeModules() {
    return engine.nativeModules();
  }

  /// The whole server for the operator, a tenant's share for its keys.
  ///
  /// @param latency durations to show percentiles of
  Map<String, Object> statistics(Principal principal, LatencyHistogram.Snapshot latency) {
    @Nullable TenantName own = principal.tenant();
    return own == null ? serverStatistics(latency) : tenantStatistics(tenants.require(own));
  }

  /// How long the calls so far took.
  LatencyHistogram.Snapshot latency() {
    return meter.latency().snapshot();
  }

  private Map<String, Object> serverStatistics(LatencyHistogram.Snapshot latency) {
    Collection<Tenant> all = tenants.all();
    EngineStatistics engineFigures = engine.statistics();
    Map<String, Object> figures = new LinkedHashMap<>();
    putTimes(figures);
    figures.put("tenants", all.size());
    figures.put("suspendedTenants", all.stream().filter(Tenant::isSuspended).count());
    figures.put("plugins", all.stream().mapToInt(tenant -> tenant.plugins().size()).sum());
    figures.put("nativeModules", engineFigures.nativeModules());
    putIsolates(figures, all);
    figures.put("calls", calls(meter.calls(), all));
    figures.put(
        "latencyMillis",
        Map.of(
            "p50", latency.quantileMillis(MEDIAN),
            "p90", latency.quantileMillis(P90),
            "p99", latency.quantileMillis(P99)));
    figures.put("codeBytes", engineFigures.codeBytes());
    figures.put("metadataBytes", engineFigures.metadataBytes());
    figures.put("wireBytes", engineFigures.wireBytes());
    figures.put("compileJobs", compileJobs(engine.compileJobs()));
    figures.put("engineMemory", engineFigures.memory().toMap());
    figures.put("wrappers", wrappers(engine.wrapperStatistics()));
    figures.put("sampling", sampling(engine.sampler()));
    figures.put("compilations", engineFigures.compilations());
    figures.put("cacheHits", engineFigures.cacheHits());
    figures.put("compilation", compilation());
    PersistenceFigures persisted = engine.persistenceFigures();
    if (persisted != null) {
      figures.put("persistedCode", persistedCode(persisted));
    }
    figures.put("stops", stops(engineFigures.stops()));
    figures.put("code", CodeApi.figures(engine.codeStatistics()));
    figures.put("jvm", jvm());
    return figures;
  }

  private Map<String, Object> compileJobs(List<CompileJobInfo> jobs) {
    long queued =
        jobs.stream()
            .filter(
                job -> job.state() == CompileState.QUEUED || job.state() == CompileState.WAITING)
            .count();
    return Map.of(
        "running",
        jobs.size() - queued,
        "queued",
        queued,
        "finished",
        compilations.compilations().total(/* isSuccess= */ true),
        "failed",
        compilations.compilations().total(/* isSuccess= */ false));
  }

  private static Map<String, Object> wrappers(WrapperStatistics wrappers) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("signatures", wrappers.signatures());
    figures.put("used", wrappers.used());
    figures.put("references", wrappers.references());
    figures.put("bytes", wrappers.bytes());
    figures.put("hits", wrappers.hits());
    figures.put("misses", wrappers.misses());
    figures.put("unloaded", wrappers.unloaded());
    return figures;
  }

  /// The newest sample, in which each byte is in one place.
  private static Map<String, Object> sampling(CodeSampler sampler) {
    Map<String, Object> figures = new LinkedHashMap<>();
    Map<String, Long> samples = new LinkedHashMap<>();
    for (SampleTrigger trigger : SampleTrigger.values()) {
      samples.put(trigger.label(), sampler.samples(trigger));
    }
    figures.put("samples", samples);
    CodeSample last = sampler.last();
    if (last != null) {
      CodeSizes sizes = last.sizes();
      figures.put("time", last.time().toString());
      figures.put("trigger", last.trigger().label());
      figures.put("moduleCodeBytes", sizes.moduleCodeBytes());
      figures.put("moduleMetadataBytes", sizes.moduleMetadataBytes());
      figures.put("sharedCodeBytes", sizes.sharedCodeBytes());
      figures.put("engineBytes", sizes.engineBytes());
      figures.put("totalBytes", sizes.total());
    }
    return figures;
  }

  /// A tenant's share in the newest sample, if it was there.
  private void putShare(Map<String, Object> figures, Tenant tenant) {
    CodeSample last = engine.sampler().last();
    CodeSizes.Share share = last == null ? null : last.sizes().shares().get(tenant.name().text());
    if (last != null && share != null) {
      Map<String, Object> members = new LinkedHashMap<>();
      members.put("time", last.time().toString());
      members.put("trigger", last.trigger().label());
      members.put("codeBytes", share.codeBytes());
      members.put("metadataBytes", share.metadataBytes());
      figures.put("sampling", members);
    }
  }

  private static Map<String, Object> stops(Stopper.Figures stops) {
    return Map.of(
        "guests", stops.stops(),
        "armings", stops.armings(),
        "armedModules", stops.armed(),
        "polledInstances", stops.polledInstances());
  }

  private Map<String, Object> tenantStatistics(Tenant tenant) {
    List<Tenant> alone = List.of(tenant);
    List<EngineRows.Row> rows =
        EngineRows.visible(
                engine.nativeModules(), new Principal.Member(tenant.name(), Role.TENANT_ADMIN, ""))
            .toList();
    Map<String, Object> figures = new LinkedHashMap<>();
    putTimes(figures);
    figures.put("tenants", 1);
    figures.put("suspendedTenants", tenant.isSuspended() ? 1 : 0);
    figures.put("plugins", tenant.plugins().size());
    figures.put("nativeModules", rows.size());
    putIsolates(figures, alone);
    figures.put("memoryLimitBytes", tenant.isolate().limits().value(IsolateLimit.MEMORY_BYTES));
    figures.put("calls", calls(tenant.calls(), alone));
    figures.put("codeBytes", rows.stream().mapToLong(EngineRows.Row::codeBytes).sum());
    figures.put("metadataBytes", rows.stream().mapToLong(EngineRows.Row::metadataBytes).sum());
    figures.put("wireBytes", rows.stream().mapToLong(EngineRows.Row::wireBytes).sum());
    putShare(figures, tenant);
    return figures;
  }

  private void putTimes(Map<String, Object> figures) {
    Instant now = clock.instant();
    figures.put("time", now.toString());
    figures.put("uptimeSeconds", Duration.between(startedAt, now).toSeconds());
  }

  private static void putIsolates(Map<String, Object> figures, Collection<Tenant> tenants) {
    int instances = 0;
    long memoryBytes = 0;
    Map<String, Long> memory = new LinkedHashMap<>();
    for (HeapCategory category : HeapCategory.values()) {
      memory.put(category.name(), 0L);
    }
    for (Tenant tenant : tenants) {
      CallUsage usage = tenant.isolate().usage();
      instances += usage.inFlight() - usage.waiting();
      HeapSnapshot heap = tenant.isolate().heap();
      memoryBytes += heap.chargedBytes();
      heap.bytes().forEach((category, bytes) -> memory.merge(category.name(), bytes, Long::sum));
    }
    figures.put("instances", instances);
    figures.put("memoryBytes", memoryBytes);
    figures.put("memory", memory);
  }

  private static Map<String, Object> calls(CallCounters counters, Collection<Tenant> tenants) {
    Map<String, Object> calls = new LinkedHashMap<>(counters.toMap());
    int inFlight = 0;
    int waiting = 0;
    for (Tenant tenant : tenants) {
      CallUsage usage = tenant.isolate().usage();
      inFlight += usage.inFlight();
      waiting += usage.waiting();
    }
    calls.put("inFlight", inFlight);
    calls.put("queued", waiting);
    return calls;
  }

  private List<Map<String, Object>> compilation() {
    List<Map<String, Object>> phases = new ArrayList<>();
    for (CompilationPhase phase : engine.compilationPhases()) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("phase", phase.phase());
      row.put("tier", phase.tier());
      row.put("count", phase.count());
      row.put("millis", phase.nanos() / NANOS_IN_MILLI);
      row.put("bytes", phase.bytes());
      phases.add(row);
    }
    return phases;
  }

  private static Map<String, Object> persistedCode(PersistenceFigures persisted) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("loadedUnits", persisted.loadedUnits());
    figures.put("loadedBytes", persisted.loadedBytes());
    figures.put("writtenUnits", persisted.writtenUnits());
    figures.put("writtenBytes", persisted.writtenBytes());
    figures.put("droppedBytes", persisted.droppedBytes());
    figures.put("pendingBytes", persisted.pendingBytes());
    return figures;
  }

  private static Map<String, Object> jvm() {
    Map<String, Object> jvm = new LinkedHashMap<>();
    Runtime runtime = Runtime.getRuntime();
    jvm.put("heapUsedBytes", runtime.totalMemory() - runtime.freeMemory());
    jvm.put("heapMaxBytes", runtime.maxMemory());
    jvm.put("metaspaceBytes", sum(pools("Metaspace"), false));
    jvm.put("classes", ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
    jvm.put("codeCacheUsedBytes", sum(pools("Code"), false));
    jvm.put("codeCacheMaxBytes", sum(pools("Code"), true));
    jvm.put("threads", ManagementFactory.getThreadMXBean().getThreadCount());
    @Nullable Double cpu = processCpu();
    if (cpu != null) {
      jvm.put("processCpu", cpu);
    }
    jvm.put("processors", runtime.availableProcessors());
    return jvm;
  }

  private static List<MemoryPoolMXBean> pools(String namePart) {
    List<MemoryPoolMXBean> pools = new ArrayList<>();
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      if (pool.getType() == MemoryType.NON_HEAP && pool.getName().contains(namePart)) {
        pools.add(pool);
      }
    }
    return pools;
  }

  private static long sum(List<MemoryPoolMXBean> pools, boolean isMaximum) {
    return pools.stream()
        .map(MemoryPoolMXBean::getUsage)
        .mapToLong(usage -> isMaximum ? Math.max(0, usage.getMax()) : usage.getUsed())
        .sum();
  }

  private static @Nullable Double processCpu() {
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      double load = system.getProcessCpuLoad();
      return load < 0 ? null : load;
    }
    return null;
  }
}
