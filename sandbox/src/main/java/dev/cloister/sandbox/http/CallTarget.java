package dev.cloister.sandbox.http;

import dev.cloister.engine.error.StopReason;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapCharge;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.instance.InstanceRequest;
import dev.cloister.isolate.instance.InstanceSettings;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.isolate.verticle.Invocation;
import dev.cloister.isolate.verticle.InvocationOutcome;
import dev.cloister.isolate.verticle.InvocationResult;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.Plugin;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.registry.TenantRegistry;
import dev.cloister.sandbox.storage.AliasName;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.VersionRecord;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// What a request calls: the plugin, in the version that was chosen, and what holds memory for it
/// until the call does. Used on the exchange's event loop, but for [#cancel].
final class CallTarget {
  private final Exchange exchange;
  private final Tenant tenant;
  private final Plugin plugin;
  private final BlobDigest version;
  private final HeapCharge body;

  /// The call once it was admitted.
  private volatile @Nullable Invocation invocation;

  private volatile boolean isCancelled;

  private CallTarget(Exchange exchange, Tenant tenant, Plugin plugin, BlobDigest version) {
    this.exchange = exchange;
    this.tenant = tenant;
    this.plugin = plugin;
    this.version = version;
    this.body = new HeapCharge(tenant.isolate().ledger(), HeapCategory.BUFFER);
  }

  /// Finds what the path of `exchange` names.
  ///
  /// @param version the version that is asked for, null for one behind `alias`
  /// @throws dev.cloister.sandbox.problem.ApiException if there is none, or it may not be called
  static CallTarget of(
      Exchange exchange, TenantRegistry tenants, @Nullable BlobDigest version, AliasName alias) {
    ApiRequest request = exchange.request();
    Tenant tenant = tenants.require(request.tenant());
    if (tenant.isSuspended()) {
      throw Problem.of(ProblemType.SUSPENDED, "the tenant is suspended")
          .with("tenant", tenant.name().text())
          .asException();
    }
    Plugin plugin = tenant.requirePlugin(request.plugin());
    return new CallTarget(exchange, tenant, plugin, tenant.resolve(plugin, version, alias));
  }

  Exchange exchange() {
    return exchange;
  }

  ApiRequest request() {
    return exchange.request();
  }

  Tenant tenant() {
    return tenant;
  }

  Plugin plugin() {
    return plugin;
  }

  BlobDigest version() {
    return version;
  }

  /// Pays for the body until the call itself does.
  HeapCharge body() {
    return body;
  }

  /// Returns the convention that the plugin is called by.
  Abi abi() {
    @Nullable VersionRecord record = plugin.versions().get(version);
    if (record == null) {
      throw Problem.notFound("version", version.toString()).asException();
    }
    return plugin.settings().abi(record);
  }

  /// Returns what the call may use of the host.
  HostServices services() {
    return TracedRequests.in(request().trace(), tenant.services(plugin));
  }

  /// Returns which instance is to serve the call.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if one is named and the plugin has none that
  ///   have names
  InstanceRequest instance() {
    InstanceSettings settings = plugin.settings().instance().settings();
    String name = plugin.name().text();
    @Nullable String key = exchange.request().queryInstance();
    if (key == null) {
      return InstanceRequest.of(name, settings);
    }
    if (settings.policy() != InstancePolicy.STATEFUL) {
      throw Problem.invalid(
              "instance", key, "absent: the plugin's instances are " + settings.policy().label())
          .asException();
    }
    return new InstanceRequest(name, settings, key);
  }

  /// Has the tenant's isolate run `call`, which pays for its request itself from then on.
  ///
  /// @return completes on any thread
  CompletableFuture<InvocationOutcome> admit(Invocation call) {
    invocation = call;
    CompletableFuture<InvocationOutcome> outcome = tenant.isolate().start(call);
    body.close();
    if (isCancelled) {
      tenant.isolate().cancel(call);
    }
    return outcome;
  }

  /// Stops the call, or keeps it from beginning. Any thread.
  void cancel() {
    isCancelled = true;
    @Nullable Invocation admitted = invocation;
    if (admitted != null) {
      tenant.isolate().cancel(admitted);
    }
  }

  /// Returns whether the call did not begin because its version was let go between being found and
  /// being called; another attempt compiles it again.
  boolean isToBeRepeated(InvocationOutcome outcome) {
    return outcome.result() instanceof InvocationResult.Cancelled(StopReason reason)
        && reason == StopReason.CANCELLED
        && !isCancelled
        && !tenant.isSuspended();
  }

  /// Answers with a problem in place of a call.
  void fail(Throwable failure) {
    body.close();
    exchange.fail(failure);
  }
}
