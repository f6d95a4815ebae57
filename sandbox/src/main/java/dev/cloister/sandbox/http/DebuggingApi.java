package dev.cloister.sandbox.http;

import dev.cloister.engine.debug.Debugger;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import org.jspecify.annotations.Nullable;

/// Whether a tenant is being debugged: a state of this node, which ends with it.
final class DebuggingApi {
  private final TenantRegistry tenants;

  DebuggingApi(TenantRegistry tenants) {
    this.tenants = tenants;
  }

  /// The body that turns debugging on and off.
  record Change(@Nullable Boolean enabled) {}

  /// The state as it is shown.
  ///
  /// @param skippedPauses how often guests went on where they were to pause, since as many as may
  ///   already did
  record View(boolean enabled, int breakpoints, int pausedGuests, long skippedPauses) {
    static View of(Debugger debugger) {
      return new View(
          debugger.isEnabled(),
          debugger.breakpoints().size(),
          debugger.paused().size(),
          debugger.skippedPauses());
    }
  }

  Answer get(ApiRequest request) {
    return Answer.json(200, View.of(debugger(request)));
  }

  Answer put(ApiRequest request) {
    @Nullable Boolean enabled = Json.read(request.body(), Change.class).enabled();
    if (enabled == null) {
      throw Problem.invalid("enabled", null, "true or false").asException();
    }
    Tenant tenant = tenants.debug(request.tenant(), enabled, request.author());
    return Answer.json(200, View.of(tenant.isolate().debugger()));
  }

  private Debugger debugger(ApiRequest request) {
    return tenants.require(request.tenant()).isolate().debugger();
  }
}
