package dev.cloister.sandbox.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.cloister.isolate.instance.InstanceInfo;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.registry.PluginRegistry;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A plugin's stateful instances on this node.
final class InstancesApi {
  private final TenantRegistry tenants;
  private final PluginRegistry plugins;

  InstancesApi(TenantRegistry tenants, PluginRegistry plugins) {
    this.tenants = tenants;
    this.plugins = plugins;
  }

  /// An instance as it is shown.
  ///
  /// @param instance its key
  /// @param state `busy`, `idle` or `hibernating`
  /// @param staysAwake why it does not hibernate although no call had it for long, absent if not so
  /// @param waiting calls that wait for it
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record View(
      String instance,
      String version,
      String state,
      @Nullable String staysAwake,
      int waiting,
      long calls,
      long idleMillis) {
    static View of(InstanceInfo info) {
      String idle = info.isHibernating() ? "hibernating" : "idle";
      return new View(
          info.key().key(),
          "sha256:" + info.key().version().module().hex(),
          info.isBusy() ? "busy" : idle,
          info.obstacle(),
          info.waiting(),
          info.calls(),
          TimeUnit.NANOSECONDS.toMillis(info.idleNanos()));
    }
  }

  Answer list(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    String plugin = tenant.requirePlugin(request.plugin()).name().text();
    List<InstanceInfo> instances = tenant.isolate().keptInstances().stateful(plugin);
    return Answer.json(
        200,
        Page.byName(
            request,
            instances,
            info -> info.key().key() + " " + info.key().version().module().hex(),
            View::of));
  }

  Answer delete(ApiRequest request) {
    Tenant tenant = tenants.require(request.tenant());
    String key = ApiRequest.instanceKey(request.path("instance"));
    if (!plugins.dropInstance(tenant, request.plugin(), key, request.author())) {
      throw Problem.notFound("instance", key).asException();
    }
    return Answer.empty(204);
  }
}
