package dev.cloister.sandbox.http;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapSnapshot;
import dev.cloister.isolate.verticle.CallUsage;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.LimitPolicy;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A tenant's limits and how much of them is used.
final class LimitsApi {
  private final TenantRegistry tenants;

  LimitsApi(TenantRegistry tenants) {
    this.tenants = tenants;
  }

  /// Limits as they are shown: those that hold, those set for the tenant, and the range.
  record View(
      Map<String, Long> limits,
      Map<String, Long> set,
      Map<String, Long> defaults,
      Map<String, Long> maximums) {}

  /// What a tenant uses.
  record Usage(
      Map<String, Long> usage,
      Map<String, Long> memory,
      int instances,
      Map<String, Long> calls,
      long cpuMillis) {}

  Answer get(ApiRequest request) {
    return Answer.json(200, view(tenants.require(request.tenant())));
  }

  Answer put(ApiRequest request) {
    @Nullable Map<String, @Nullable Long> changes =
        Json.read(request.body(), TenantApi.Change.class).limits();
    if (changes == null) {
      throw Problem.invalid("limits", null, "an object of limits").asException();
    }
    tenants.require(request.tenant());
    Tenant tenant = tenants.put(request.tenant(), changes, request.author()).tenant();
    return Answer.json(200, view(tenant));
  }

  Answer usage(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    HeapSnapshot heap = tenant.isolate().heap();
    CallUsage calls = tenant.isolate().usage();
    Map<String, Long> usage = new LinkedHashMap<>();
    usage.put("memoryBytes", heap.chargedBytes());
    usage.put("concurrency", (long) calls.inFlight());
    usage.put("queueLength", (long) calls.waiting());
    usage.put("keptInstances", (long) tenant.isolate().keptInstances().statefulCount());
    usage.put("plugins", (long) tenant.plugins().size());
    usage.put("codeBytes", tenant.isolate().codeBytes());
    usage.put("storageBytes", tenant.storedBytes());
    Map<String, Long> memory = new LinkedHashMap<>();
    for (HeapCategory category : HeapCategory.values()) {
      memory.put(category.name(), heap.bytes().getOrDefault(category, 0L));
    }
    return Answer.json(
        200,
        new Usage(
            usage,
            memory,
            calls.inFlight() - calls.waiting(),
            tenant.calls().toMap(),
            TimeUnit.NANOSECONDS.toMillis(calls.cpuNanos())));
  }

  private View view(Tenant tenant) {
    LimitPolicy policy = tenants.limits();
    return new View(
        tenant.isolate().limits().toMap(),
        new TreeMap<>(tenant.record().limits()),
        policy.defaults().toMap(),
        policy.maximums().toMap());
  }
}
