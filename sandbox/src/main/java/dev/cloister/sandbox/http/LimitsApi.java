package dev.cloister.sandbox.http;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.LimitPolicy;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import java.util.Map;
import java.util.TreeMap;
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

  Answer get(ApiRequest request) {
    return Answer.json(200, view(tenants.require(request.tenant())));
  }

  Answer put(ApiRequest request) {
    Map<String, @Nullable Long> changes = changes(request.body());
    tenants.require(request.tenant());
    Tenant tenant = tenants.put(request.tenant(), changes, request.author()).tenant();
    return Answer.json(200, view(tenant));
  }

  /// A body that is nothing but limits.
  ///
  /// @param values by the names of the limits; null is the default
  private record BareLimits(Map<String, @Nullable Long> values) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    BareLimits {}
  }

  /// Reads the limits, which may stand in a field of their own, as in the body of a tenant.
  private static Map<String, @Nullable Long> changes(byte[] body) {
    boolean isBare = Json.readTree(body) instanceof ObjectNode object && !object.has("limits");
    @Nullable Map<String, @Nullable Long> changes =
        isBare
            ? Json.read(body, BareLimits.class).values()
            : Json.read(body, TenantApi.Change.class).limits();
    if (changes == null || (changes.isEmpty() && isBare)) {
      throw Problem.invalid("limits", null, "an object of limits").asException();
    }
    return changes;
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
