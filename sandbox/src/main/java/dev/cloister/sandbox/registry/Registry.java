package dev.cloister.sandbox.registry;

import dev.cloister.isolate.IsolateManager;
import dev.cloister.isolate.egress.EgressClient;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.config.LiveConfig;
import dev.cloister.sandbox.config.SandboxConfig;
import dev.cloister.sandbox.services.SecretBox;
import dev.cloister.sandbox.storage.BlobStore;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.Storage;
import dev.cloister.sandbox.storage.StorageHealth;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The whole state of the server, restored from what is stored.
///
/// @param tenants the tenants
/// @param plugins their plugins
/// @param archives tenants on their way from server to server
/// @param aliases which of their versions calls get
/// @param keys their keys
/// @param services what their plugins may use
/// @param audit what changed
/// @param storage what is damaged of what is stored
/// @param usage what tenants used
/// @param signatures whose signatures of modules tenants want
/// @param hostFolders the folders of this machine that plugins may use
public record Registry(
    TenantRegistry tenants,
    PluginRegistry plugins,
    AliasRegistry aliases,
    TenantArchives archives,
    KeyRegistry keys,
    ServiceRegistry services,
    AuditLog audit,
    RepeatableRequests requests,
    StoredOperations operations,
    StorageHealth storage,
    UsageLog usage,
    Signatures signatures,
    HostFolders hostFolders) {

  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  /// Reads everything that is stored and makes an isolate for each tenant. Blobs that no version
  /// names are removed.
  ///
  /// @param stored what is stored
  /// @param storage is told what is damaged of it
  /// @throws IOException if the blobs cannot be listed or removed, or a host folder cannot be used
  public static Registry restore(
      LiveConfig live,
      Storage stored,
      StorageHealth storage,
      IsolateManager isolates,
      KeyRing keys,
      SecretBox secrets,
      EgressClient egress,
      SecureRandom random,
      Clock clock)
      throws IOException {
    SandboxConfig config = live.now();
    MetadataStore store = stored.metadata();
    BlobStore blobs = stored.blobs();
    HostFolders hostFolders = HostFolders.open(config.hostFolders());
    LimitPolicy limits = new LimitPolicy(config.limits());
    AuditLog audit = new AuditLog(store, clock);
    BlobCollector collector = new BlobCollector(store, blobs);
    TenantServices.Parts services =
        new TenantServices.Parts(
            secrets,
            egress,
            tenant -> new StoredKeyValues(store, audit, clock, tenant),
            System::nanoTime);
    TenantFactory factory = new TenantFactory(isolates, blobs, limits, config, services, clock);
    TenantRegistry tenants =
        new TenantRegistry(store, factory, limits, keys, audit, collector, clock);
    tenants.restore(store.load(), storage);
    if (storage.damagedRows().isEmpty()) {
      collector.collectAll();
    } else {
      // One of them may have named a blob that nothing else names.
      LOG.warn("event=blobs-not-collected damagedRows={}", storage.damagedRows().size());
    }
    live.onChange(changed -> tenants.changeLimits(changed.limits()));
    Signatures signatures =
        new Signatures(store, tenants, audit, () -> live.now().auth().minSignatures());
    ServiceRegistry serviceRegistry = new ServiceRegistry(store, tenants, audit, secrets, clock);
    serviceRegistry.renewSecrets();
    PluginRegistry plugins =
        new PluginRegistry(store, blobs, tenants, signatures, audit, collector, clock);
    TenantArchives archives =
        new TenantArchives(
            Path.of(config.storage().folder()).resolve("archives"),
            new TenantExport(store, blobs, tenants, audit, collector),
            plugins);
    archives.removeLeftovers();
    return new Registry(
        tenants,
        plugins,
        new AliasRegistry(store, tenants, signatures, audit, clock),
        archives,
        new KeyRegistry(
            store, tenants, keys, audit, () -> live.now().auth().keysPerTenant(), random, clock),
        serviceRegistry,
        audit,
        new RepeatableRequests(store, random, clock),
        new StoredOperations(store),
        storage,
        new UsageLog(store, tenants::all, clock),
        signatures,
        hostFolders);
  }
}
