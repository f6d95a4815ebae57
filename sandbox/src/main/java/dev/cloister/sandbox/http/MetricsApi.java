package dev.cloister.sandbox.http;

import dev.cloister.engine.CodeStatistics;
import dev.cloister.engine.EngineStatistics;
import dev.cloister.engine.NativeModuleInfo;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.WrapperStatistics;
import dev.cloister.engine.stats.CodeSampler;
import dev.cloister.engine.stats.CompilationPhase;
import dev.cloister.engine.stats.SampleTrigger;
import dev.cloister.engine.stats.SizeMetric;
import dev.cloister.isolate.egress.EgressDecision;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.stats.CallOutcome;
import dev.cloister.sandbox.stats.PrometheusText;
import dev.cloister.sandbox.storage.StorageHealth;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The server's figures for Prometheus.
///
/// At most 100 tenants have labels of their own, those with the most calls; the others are summed
/// up as `_other`, which no tenant can be called.
final class MetricsApi {
  private static final int MAX_LABELLED_TENANTS = 100;
  private static final String REST = "_other";
  private static final double NANOS_PER_SECOND = 1e9;

  private final WasmEngine engine;
  private final CompileFeed compilations;
  private final TenantRegistry tenants;
  private final CallMeter meter;
  private final EventStreams streams;
  private final WrongKeys wrongKeys;
  private final StorageHealth storage;

  MetricsApi(
      WasmEngine engine,
      CompileFeed compilations,
      TenantRegistry tenants,
      CallMeter meter,
      EventStreams streams,
      WrongKeys wrongKeys,
      StorageHealth storage) {
    this.wrongKeys = wrongKeys;
    this.storage = storage;
    this.engine = engine;
    this.compilations = compilations;
    this.tenants = tenants;
    this.meter = meter;
    this.streams = streams;
  }

  Answer get(ApiRequest request) {
    PrometheusText text = new PrometheusText();
    List<Tenant> byCalls =
        tenants.all().stream()
            .sorted(Comparator.comparingLong((Tenant t) -> t.calls().total()).reversed())
            .toList();
    writeCalls(text, byCalls);
    writeMemory(text, byCalls);
    writeCpu(text, byCalls);
    writeFuel(text, byCalls);
    writeEgress(text, byCalls);
    writeInstances(text, byCalls);
    writeEngine(text);
    writeSizes(text);
    writeCode(text);
    writeCompilations(text);
    text.single("cloister_tenants", "gauge", "Tenants.", byCalls.size());
    text.single(
        "cloister_log_lines_dropped_total",
        "counter",
        "Lines that plugins wrote faster than they may.",
        byCalls.stream().mapToLong(tenant -> tenant.log().droppedLines()).sum());
    text.single(
        "cloister_auth_failures_total",
        "counter",
        "Requests with a wrong key.",
        wrongKeys.failures());
    text.single(
        "cloister_auth_damped_total",
        "counter",
        "Requests with a wrong key that were told to wait.",
        wrongKeys.damped());
    text.single(
        "cloister_storage_damaged_blobs",
        "gauge",
        "Modules that were found damaged and not repaired since.",
        storage.damagedBlobs());
    text.single(
        "cloister_storage_damaged_rows",
        "gauge",
        "Rows of the database that were found damaged at the start.",
        storage.damagedRows().size());
    text.single("cloister_event_streams", "gauge", "Open event streams.", streams.count());
    return Answer.bytes(
        200, PrometheusText.CONTENT_TYPE, text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private void writeCalls(PrometheusText text, List<Tenant> byCalls) {
    String name = "cloister_invocations_total";
    text.metric(name, "counter", "Calls by how they ended.");
    Map<CallOutcome, Long> rest = new EnumMap<>(CallOutcome.class);
    for (int i = 0; i < byCalls.size(); i++) {
      Tenant tenant = byCalls.get(i);
      for (CallOutcome outcome : CallOutcome.values()) {
        long count = tenant.calls().count(outcome);
        if (count > 0 && i < MAX_LABELLED_TENANTS) {
          text.sample(name, labels(tenant.name().text(), "outcome", outcome.label()), count);
        } else if (count > 0) {
          rest.merge(outcome, count, Long::sum);
        }
      }
    }
    rest.forEach(
        (outcome, count) -> text.sample(name, labels(REST, "outcome", outcome.label()), count));
    text.histogram(
        "cloister_invocation_duration_seconds",
        "How long calls take from admission to answer.",
        meter.latency().snapshot());
    text.histogram(
        "cloister_invocation_queue_seconds",
        "How long calls wait for a thread.",
        meter.queue().snapshot());
    text.single("cloister_invocations_in_flight", "gauge", "Calls in flight.", meter.inFlight());
  }

  private static void writeMemory(PrometheusText text, List<Tenant> byCalls) {
    String name = "cloister_isolate_memory_bytes";
    text.metric(name, "gauge", "Bytes charged to tenants by kind.");
    Map<HeapCategory, Long> rest = new EnumMap<>(HeapCategory.class);
    for (int i = 0; i < byCalls.size(); i++) {
      Tenant tenant = byCalls.get(i);
      boolean isLabelled = i < MAX_LABELLED_TENANTS;
      tenant
          .isolate()
          .heap()
          .bytes()
          .forEach((category, bytes) -> {
            if (bytes > 0 && isLabelled) {
              text.sample(name, labels(tenant.name().text(), "kind", category.label()), bytes);
            } else if (bytes > 0) {
              rest.merge(category, bytes, Long::sum);
            }
          });
    }
    rest.forEach(
        (category, bytes) -> text.sample(name, labels(REST, "kind", category.label()), bytes));
  }

  private static void writeCpu(PrometheusText text, List<Tenant> byCalls) {
    String name = "cloister_isolate_cpu_seconds_total";
    text.metric(name, "counter", "CPU time that the calls of tenants used.");
    double rest = 0;
    for (int i = 0; i < byCalls.size(); i++) {
      Tenant tenant = byCalls.get(i);
      double seconds = tenant.isolate().usage().cpuNanos() / NANOS_PER_SECOND;
      if (i < MAX_LABELLED_TENANTS) {
        text.sample(name, Map.of("tenant", tenant.name().text()), seconds);
      } else {
        rest += seconds;
      }
    }
    if (byCalls.size() > MAX_LABELLED_TENANTS) {
      text.sample(name, Map.of("tenant", REST), rest);
    }
  }

  private static void writeFuel(PrometheusText text, List<Tenant> byCalls) {
    String name = "cloister_fuel_total";
    text.metric(name, "counter", "Fuel that calls used, of tenants with fuelPerCall.");
    long rest = 0;
    for (int i = 0; i < byCalls.size(); i++) {
      long fuel = byCalls.get(i).calls().fuel();
      if (fuel > 0 && i < MAX_LABELLED_TENANTS) {
        text.sample(name, Map.of("tenant", byCalls.get(i).name().text()), fuel);
      } else {
        rest += fuel;
      }
    }
    if (rest > 0) {
      text.sample(name, Map.of("tenant", REST), rest);
    }
  }

  private static void writeEgress(PrometheusText text, List<Tenant> byCalls) {
    String name = "cloister_http_egress_total";
    text.metric(name, "counter", "HTTP requests of plugins by what became of them.");
    Map<EgressDecision, Long> rest = new EnumMap<>(EgressDecision.class);
    for (int i = 0; i < byCalls.size(); i++) {
      String tenant = byCalls.get(i).name().text();
      boolean isLabelled = i < MAX_LABELLED_TENANTS;
      byCalls
          .get(i)
          .services()
          .egressLog()
          .totals()
          .counts()
          .forEach((decision, count) -> {
            if (isLabelled) {
              text.sample(name, labels(tenant, "decision", decision.label()), count);
            } else {
              rest.merge(decision, count, Long::sum);
            }
          });
    }
    rest.forEach(
        (decision, count) -> text.sample(name, labels(REST, "decision", decision.label()), count));
  }

  private static void writeInstances(PrometheusText text, List<Tenant> byCalls) {
    String name = "cloister_kept_instances";
    text.metric(name, "gauge", "Instances that outlive a call, by policy.");
    long pooledRest = 0;
    long statefulRest = 0;
    for (int i = 0; i < byCalls.size(); i++) {
      Tenant tenant = byCalls.get(i);
      long pooled = tenant.isolate().keptInstances().pooledCount();
      long stateful = tenant.isolate().keptInstances().statefulCount();
      if (i >= MAX_LABELLED_TENANTS) {
        pooledRest += pooled;
        statefulRest += stateful;
      } else {
        writeInstances(text, name, tenant.name().text(), pooled, stateful);
      }
    }
    writeInstances(text, name, REST, pooledRest, statefulRest);
  }

  private static void writeInstances(
      PrometheusText text, String name, String tenant, long pooled, long stateful) {
    if (pooled > 0) {
      text.sample(name, labels(tenant, "policy", InstancePolicy.POOLED.label()), pooled);
    }
    if (stateful > 0) {
      text.sample(name, labels(tenant, "policy", InstancePolicy.STATEFUL.label()), stateful);
    }
  }

  private void writeEngine(PrometheusText text) {
    EngineStatistics engineFigures = engine.statistics();
    text.single(
        "cloister_native_modules", "gauge", "Native modules.", engineFigures.nativeModules());
    text.single(
        "cloister_native_module_refs",
        "gauge",
        "References of tenants to native modules.",
        engine.nativeModules().stream().mapToLong(NativeModuleInfo::references).sum());
    text.single(
        "cloister_code_bytes", "gauge", "Bytes of compiled code.", engineFigures.codeBytes());
    text.single(
        "cloister_metadata_bytes",
        "gauge",
        "Bytes of metadata of modules.",
        engineFigures.metadataBytes());
    text.single(
        "cloister_compilations_total", "counter", "Compilations.", engineFigures.compilations());
    text.single(
        "cloister_module_cache_hits_total",
        "counter",
        "Modules that were there already.",
        engineFigures.cacheHits());
    text.single(
        "cloister_guest_stops_total",
        "counter",
        "Running guests that were asked to stop.",
        engineFigures.stops().stops());
    text.single(
        "cloister_stop_armings_total",
        "counter",
        "How often a module's code was recompiled to stop guests.",
        engineFigures.stops().armings());
    text.single(
        "cloister_polled_instances_total",
        "counter",
        "Instances made in quarantine.",
        engineFigures.stops().polledInstances());
  }

  private void writeCode(PrometheusText text) {
    CodeStatistics code = engine.codeStatistics();
    text.single("cloister_code_gc_total", "counter", "Collections of code.", code.collections());
    text.single(
        "cloister_code_gc_freed_bytes_total",
        "counter",
        "Class files that the JVM has unloaded for sure.",
        code.unloadedBytes());
    text.single(
        "cloister_engine_code_committed_bytes",
        "gauge",
        "Class files that somebody runs or calls may enter.",
        code.committedBytes());
    text.single(
        "cloister_engine_code_limit_bytes",
        "gauge",
        "Class files that there may be.",
        code.maxBytes());
    text.single(
        "cloister_engine_code_potentially_dead_bytes",
        "gauge",
        "Class files that no call enters and that were not freed yet.",
        code.potentiallyDeadBytes());
    text.single(
        "cloister_engine_code_defined_bytes_total",
        "counter",
        "Class files that were defined.",
        code.definedBytes());
    text.single(
        "cloister_engine_code_freed_bytes",
        "gauge",
        "Class files that nobody runs any more; code that is run again leaves them.",
        code.freedBytes());
    text.single(
        "cloister_engine_code_unloaded_bytes_total",
        "counter",
        "Class files that the JVM has unloaded for sure.",
        code.unloadedBytes());
    text.single(
        "cloister_engine_code_collections_total",
        "counter",
        "Collections of code.",
        code.collections());
    text.single(
        "cloister_engine_code_flushed_bytes_total",
        "counter",
        "Baseline code that was given up.",
        code.flushedBytes());
    text.single(
        "cloister_engine_code_refusals_total",
        "counter",
        "How often code was refused, for the budget or for the JVM's code cache.",
        code.refusals());
    text.single(
        "cloister_engine_code_cache_ratio",
        "gauge",
        "Used part of the JVM's cache of compiled code.",
        code.codeCacheUse());
    text.single(
        "cloister_engine_samples_total",
        "counter",
        "Stacks of guests' threads that were taken.",
        code.samples());
    text.single(
        "cloister_engine_sampler_seconds_total",
        "counter",
        "Time that taking them took.",
        code.samplerNanos() / NANOS_PER_SECOND);
    text.single(
        "cloister_engine_generations_total",
        "counter",
        "Code images that were made because functions were hot.",
        code.generations());
  }

  private void writeCompilations(PrometheusText text) {
    text.metric("cloister_compile_seconds", "summary", "Work of compilations, by phase and tier.");
    for (CompilationPhase phase : engine.compilationPhases()) {
      Map<String, String> labels = new LinkedHashMap<>();
      labels.put("tier", phase.tier());
      labels.put("mode", phase.phase());
      text.sample("cloister_compile_seconds_sum", labels, phase.nanos() / NANOS_PER_SECOND);
      text.sample("cloister_compile_seconds_count", labels, phase.count());
    }
    String name = "cloister_engine_compilations_total";
    text.metric(name, "counter", "Compilations by how modules came and ended.");
    compilations
        .compilations()
        .counts()
        .forEach((labels, count) -> text.sample(name, labels.toMap(), count));
    String seconds = "cloister_engine_compilation_seconds_total";
    text.metric(seconds, "counter", "Time of all compilations, with that of waiting for bytes.");
    text.sample(seconds, Map.of(), compilations.compilations().wallSeconds());
    text.single(
        "cloister_engine_compile_jobs",
        "gauge",
        "Compilations that are going on.",
        engine.compileJobs().size());
    String instances = "cloister_engine_instantiations_total";
    text.metric(instances, "counter", "Instances that were made or could not be.");
    text.sample(instances, Map.of("result", "ok"), compilations.instances(true));
    text.sample(instances, Map.of("result", "failed"), compilations.instances(false));
    text.single(
        "cloister_engine_known_faults_total",
        "counter",
        "Faulty modules that were known from a moment before.",
        engine.statistics().knownFaults());
  }

  private void writeSizes(PrometheusText text) {
    CodeSampler sampler = engine.sampler();
    for (SizeMetric metric : SizeMetric.values()) {
      String name = "cloister_engine_" + metric.label();
      text.metric(name, "histogram", metric.help());
      for (SampleTrigger trigger : SampleTrigger.values()) {
        text.sizes(
            name,
            Map.of("trigger", trigger.label()),
            sampler.histogram(trigger, metric).snapshot());
      }
    }
    WrapperStatistics wrappers = engine.wrapperStatistics();
    text.single(
        "cloister_engine_wrappers",
        "gauge",
        "Shapes of signatures with wrappers of imports and exports.",
        wrappers.signatures());
    text.single(
        "cloister_engine_wrapper_bytes", "gauge", "Class files of wrappers.", wrappers.bytes());
    text.single(
        "cloister_engine_wrapper_cache_hits_total",
        "counter",
        "Shapes of signatures that were there already.",
        wrappers.hits());
    text.single(
        "cloister_engine_wrapper_cache_misses_total",
        "counter",
        "Shapes of signatures that were not.",
        wrappers.misses());
  }

  private static Map<String, String> labels(String tenant, String key, String value) {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("tenant", tenant);
    labels.put(key, value);
    return labels;
  }
}
