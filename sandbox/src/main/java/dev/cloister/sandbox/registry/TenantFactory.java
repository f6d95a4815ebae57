package dev.cloister.sandbox.registry;

import dev.cloister.isolate.Isolate;
import dev.cloister.isolate.IsolateId;
import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateManager;
import dev.cloister.sandbox.config.SandboxConfig;
import dev.cloister.sandbox.storage.BlobStore;
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
  private final Clock clock;

  TenantFactory(
      IsolateManager isolates,
      BlobStore blobs,
      LimitPolicy limits,
      SandboxConfig config,
      Clock clock) {
    this.isolates = isolates;
    this.blobs = blobs;
    this.limits = limits;
    this.config = config;
    this.clock = clock;
  }

  /// Makes a tenant with an isolate of its own and waits until that is there.
  Tenant create(TenantRecord record) {
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
            config.logs().maxEntryBytes());
    if (tenant.isSuspended()) {
      isolate.suspend();
    }
    return tenant;
  }

  /// Stops a tenant's calls and releases all it holds; done when nothing is left.
  Future<Void> dispose(TenantName name) {
    return isolates.dispose(id(name));
  }

  private static IsolateId id(TenantName name) {
    return new IsolateId(name.text());
  }
}
