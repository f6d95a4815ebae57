package dev.cloister.sandbox.registry;

import dev.cloister.isolate.Isolate;
import dev.cloister.isolate.IsolateId;
import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateManager;
import dev.cloister.isolate.egress.EgressPolicy;
import dev.cloister.sandbox.config.SandboxConfig;
import dev.cloister.sandbox.services.EgressLog;
import dev.cloister.sandbox.services.MissingCapability;
import dev.cloister.sandbox.services.PolicyDocument;
import dev.cloister.sandbox.services.TenantPolicy;
import dev.cloister.sandbox.storage.BlobStore;
import dev.cloister.sandbox.storage.PolicyRecord;
import dev.cloister.sandbox.storage.ServicesRecord;
import dev.cloister.sandbox.storage.TenantName;
import dev.cloister.sandbox.storage.TenantRecord;
import io.vertx.core.Future;
import java.time.Clock;

/// Makes the running side of tenants and takes it down.
final class TenantFactory {
  private final IsolateManager isolates;
  private final BlobStore blobs;
  private final LimitPolicy limits;
  private final SandboxConfig config;
  private final TenantServices.Parts services;
  private final Clock clock;

  TenantFactory(
      IsolateManager isolates,
      BlobStore blobs,
      LimitPolicy limits,
      SandboxConfig config,
      TenantServices.Parts services,
      Clock clock) {
    this.isolates = isolates;
    this.blobs = blobs;
    this.limits = limits;
    this.config = config;
    this.services = services;
    this.clock = clock;
  }

  /// Makes a tenant with an isolate of its own and waits until that is there.
  ///
  /// @param stored what its plugins may use, as it is stored
  Tenant create(TenantRecord record, ServicesRecord stored) {
    Isolate isolate =
        Futures.await(isolates.create(id(record.name()), limits.effective(record.limits())));
    Tenant tenant =
        new Tenant(
            record,
            isolate,
            new LoadedVersions(isolate, blobs, config.engine().onDemandVersions()),
            new GuestLog(
                isolate.ledger(),
                config.logs().tenantBytes(),
                () -> isolate.limits().value(IsolateLimit.LOG_BYTES_PER_SECOND),
                clock),
            new CodeLog(isolate.ledger(), CodeLog.Switch.of(isolate), clock),
            new TenantServices(
                record.name(),
                services,
                isolate::limits,
                new EgressLog(config.egress().logEntries(), clock),
                state(stored),
                stored.keyValues()),
            config.logs().maxEntryBytes());
    if (tenant.isSuspended()) {
      isolate.suspend();
    }
    return tenant;
  }

  private TenantServices.State state(ServicesRecord stored) {
    TenantPolicy defaults = defaultPolicy();
    PolicyRecord policy = stored.policy();
    return new TenantServices.State(
        stored.config(),
        stored.secrets(),
        policy == null ? defaults : PolicyDocument.parse(policy.allowed(), defaults),
        policy == null ? defaults : PolicyDocument.parse(policy.wanted(), defaults));
  }

  private TenantPolicy defaultPolicy() {
    return new TenantPolicy(
        config.policy().grants(),
        config.policy().parksUploads() ? MissingCapability.PARK : MissingCapability.REFUSE,
        EgressPolicy.NONE);
  }

  /// Stops a tenant's calls and releases all it holds; done when nothing is left.
  Future<Void> dispose(TenantName name) {
    return isolates.dispose(id(name));
  }

  private static IsolateId id(TenantName name) {
    return new IsolateId(name.text());
  }
}
