package dev.cloister.sandbox.registry;

import dev.cloister.engine.module.ModuleHash;
import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateLimits;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.instance.VersionKey;
import dev.cloister.isolate.plugin.InstancePolicy;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.plugin.Upload;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.services.MissingCapability;
import dev.cloister.sandbox.services.PolicyDocument;
import dev.cloister.sandbox.signature.SignatureCheck;
import dev.cloister.sandbox.storage.AliasName;
import dev.cloister.sandbox.storage.AliasTarget;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.BlobStore;
import dev.cloister.sandbox.storage.KeyValueUsage;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.MetadataTransaction;
import dev.cloister.sandbox.storage.PendingRecord;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.PluginRecord;
import dev.cloister.sandbox.storage.PolicyRecord;
import dev.cloister.sandbox.storage.TenantName;
import dev.cloister.sandbox.storage.VersionRecord;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Lock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Changes of plugins, their versions and settings.
public final class PluginRegistry {
  private final MetadataStore store;
  private final BlobStore blobs;
  private final TenantRegistry tenants;
  private final Signatures signatures;
  private final AuditLog audit;
  private final BlobCollector collector;
  private final Clock clock;

  PluginRegistry(
      MetadataStore store,
      BlobStore blobs,
      TenantRegistry tenants,
      Signatures signatures,
      AuditLog audit,
      BlobCollector collector,
      Clock clock) {
    this.store = store;
    this.blobs = blobs;
    this.tenants = tenants;
    this.signatures = signatures;
    this.audit = audit;
    this.collector = collector;
    this.clock = clock;
  }

  /// Starts an upload.
  ///
  /// @param isDocument whether a manifest or a bundle comes, not a module
  /// @param signature the header `Cloister-Signature`, null if there is none
  /// @throws dev.cloister.sandbox.problem.ApiException if the header is malformed
  /// @throws dev.cloister.sandbox.storage.StorageFullException if there is no space
  public PluginUpload beginUpload(
      Tenant tenant, PluginName plugin, boolean isDocument, @Nullable String signature) {
    SignatureCheck check = signatures.begin(tenant.name(), isDocument, signature);
    Upload module = startUpload(tenant, plugin, isDocument);
    try {
      return new PluginUpload(this, tenant, plugin, blobs.begin(), module, check);
    } catch (IOException e) {
      module.abort();
      throw PluginUpload.storageFailure(e);
    }
  }

  private Upload startUpload(Tenant tenant, PluginName plugin, boolean isDocument) {
    try {
      return isDocument
          ? tenant.isolate().startDocumentUpload(plugin.text())
          : tenant.isolate().startUpload(plugin.text());
    } catch (IllegalStateException e) {
      requirePresent(tenant);
      throw e;
    }
  }

  /// Checks that a tenant is still there: its isolate goes with it, perhaps since the request was
  /// admitted.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if it is not
  void requirePresent(Tenant tenant) {
    Tenant _ = tenants.requirePresent(tenant);
  }

  /// Returns the imports and exports of a version.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if there is no such version
  public ModuleInterface interfaceOf(TenantName tenant, PluginName plugin, BlobDigest version) {
    @Nullable String stored = store.versionInterface(tenant, plugin, version);
    if (stored == null) {
      throw Problem.notFound("version", version.toString()).asException();
    }
    return ModuleInterface.parse(stored);
  }

  /// Returns the bytes of a version, checked against its digest.
  ///
  /// @throws IOException if they cannot be read
  public byte[] bytesOf(VersionRecord version) throws IOException {
    return blobs.read(version.digest());
  }

  /// Makes an uploaded module a version of its plugin: the blob first, then the metadata.
  UploadedVersion commit(
      PluginUpload upload,
      BlobDigest digest,
      PluginHandle handle,
      boolean activate,
      Author author) {
    Lock lock = collector.commitLock();
    lock.lock();
    try {
      BlobDigest stored = upload.commitBlob();
      if (!stored.equals(digest)) {
        collector.offer(List.of(stored));
        throw new IllegalStateException("the engine saw " + digest + ", not " + stored);
      }
      return commitVersion(upload, digest, handle, activate, author);
    } catch (RuntimeException e) {
      collector.offer(List.of(digest));
      throw e;
    } finally {
      lock.unlock();
      collector.collectOffered();
    }
  }

  /// Returns the limits of a tenant for which these are set.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a name or value is not allowed
  IsolateLimits limitsOf(Map<String, @Nullable Long> own) {
    return tenants.limits().effective(tenants.limits().change(Map.of(), own));
  }

  /// Makes all of an archive part of the tenant: the modules first, then the metadata in one
  /// transaction.
  ///
  /// @return how many versions the tenant did not have before
  /// @throws dev.cloister.sandbox.problem.ApiException if the tenant may not have it or is gone
  int importAll(Tenant tenant, TenantImport archive, Author author) {
    Lock lock = collector.commitLock();
    lock.lock();
    try {
      archive.uploads().values().forEach(PluginUpload::commitBlob);
      ImportTransaction.Result done =
          store.write(
              transaction -> {
                tenants.requirePresent(tenant);
                return new ImportTransaction(transaction, tenant, tenants.limits(), now())
                    .run(archive, audit, author);
              },
              result -> {
                tenants.applyRecord(tenant, result.record());
                TenantServices services = tenant.services();
                services.set(services.state().withConfig(archive.config()));
                KeyValueUsage more = result.newKeyValues();
                services.setKeyValueUsage(
                    services.keyValueUsage().plus(more.count(), more.bytes()));
                result.plugins().forEach(tenant::putPlugin);
                audit.publish(result.audit());
              });
      done.plugins().forEach(plugin -> dropInstances(tenant, plugin.name(), plugin.settings()));
      return done.versions();
    } catch (RuntimeException e) {
      collector.offer(archive.uploads().keySet());
      throw e;
    } finally {
      lock.unlock();
      collector.collectOffered();
    }
  }

  private UploadedVersion commitVersion(
      PluginUpload upload,
      BlobDigest digest,
      PluginHandle handle,
      boolean activate,
      Author author) {
    Tenant tenant = upload.tenant();
    PluginName name = upload.plugin();
    ModuleInterface moduleInterface = ModuleInterface.of(handle);
    Instant now = now();
    Committed done =
        store.write(
            transaction -> {
              tenants.requirePresent(tenant);
              @Nullable Plugin existing = tenant.plugin(name);
              Plugin plugin = existing == null ? newPlugin(tenant, name, now) : existing;
              @Nullable VersionRecord known = plugin.versions().get(digest);
              CapabilityCheck check = tenant.check(plugin.settings(), moduleInterface);
              boolean isPending = isParked(tenant, plugin, digest, check);
              boolean becomesLive = activate && !isPending && !isOnlyLive(plugin, digest);
              if (known != null && !becomesLive) {
                park(transaction, new PendingRecord(tenant.name(), name, digest), isPending);
                transaction.addSigners(tenant.name(), name, digest, upload.signers());
                return new Committed(new Changed(plugin, null), false, isPending, Set.of());
              }
              Plugin next = plugin.touchedAt(now);
              transaction.putPlugin(next.record());
              if (known == null) {
                VersionRecord version =
                    new VersionRecord(
                        tenant.name(),
                        name,
                        digest,
                        upload.sizeBytes(),
                        handle.abi().label(),
                        handle.scriptUrl(),
                        now);
                transaction.insertVersion(version, moduleInterface.json());
                next = next.withVersion(version);
              }
              park(transaction, new PendingRecord(tenant.name(), name, digest), isPending);
              transaction.addSigners(tenant.name(), name, digest, upload.signers());
              if (becomesLive) {
                next = AliasRegistry.put(transaction, next, AliasName.LIVE, only(digest));
              }
              Expiry expiry = expire(transaction, next);
              checkQuota(tenant, plugin, expiry.plugin);
              String target = name + " " + digest;
              AuditRecord entry =
                  transaction.appendAudit(
                      audit.entry(
                          author,
                          isPending ? "plugin.park" : "plugin.upload",
                          tenant.name(),
                          target,
                          isPending ? "needs " + check.missing().keySet() : expiry.detail()));
              return new Committed(
                  new Changed(expiry.plugin, entry), known == null, isPending, expiry.versions);
            },
            committed -> {
              tenant.services().setPending(name, digest, committed.isPending);
              apply(tenant, committed.changed);
              collector.offer(committed.expired);
            });
    Plugin plugin = done.changed.plugin;
    @Nullable VersionRecord version = plugin.versions().get(digest);
    if (version == null) {
      throw new IllegalStateException("the uploaded version " + digest + " is not there");
    }
    return new UploadedVersion(
        version,
        moduleInterface,
        handle.unresolvedImports().stream().map(item -> item.module() + "." + item.name()).toList(),
        signatures.signers(tenant.name(), name, digest),
        tenant.check(plugin.settings(), moduleInterface),
        done.isPending,
        done.isCreated,
        isOnlyLive(plugin, digest));
  }

  /// Decides about an upload that needs more than its plugin has. On the writer thread.
  ///
  /// @return whether it waits for approval
  /// @throws dev.cloister.sandbox.problem.ApiException if it is refused
  private static boolean isParked(
      Tenant tenant, Plugin plugin, BlobDigest digest, CapabilityCheck check) {
    if (check.missing().isEmpty()) {
      return false;
    }
    boolean isNew = !plugin.versions().containsKey(digest);
    boolean mayWait = isNew || tenant.services().isPending(plugin.name(), digest);
    if (tenant.services().policy().onMissing() == MissingCapability.PARK && mayWait) {
      return true;
    }
    throw CapabilityProblem.of(check.missing()).asException();
  }

  private static void park(
      MetadataTransaction transaction, PendingRecord version, boolean isPending) {
    transaction.deletePending(version);
    if (isPending) {
      transaction.insertPending(version);
    }
  }

  /// Lets a version be called that waits for approval: its tenant is granted what it needs.
  ///
  /// @param activate whether it becomes the live one
  /// @throws dev.cloister.sandbox.problem.ApiException if there is no such version, or it does not
  ///   wait
  public Plugin approve(
      Tenant tenant, PluginName name, BlobDigest version, boolean activate, Author author) {
    ModuleInterface moduleInterface = interfaceOf(tenant.name(), name, version);
    PendingRecord record = new PendingRecord(tenant.name(), name, version);
    // What the writer thread decides, handed from the transaction to its commit.
    record Approved(Changed changed, TenantServices.State state) {}
    Approved done =
        store.write(
            transaction -> {
              Plugin plugin = tenants.requirePresent(tenant).requirePlugin(name);
              if (!plugin.versions().containsKey(version)) {
                throw Problem.notFound("version", version.toString()).asException();
              }
              if (!tenant.services().isPending(name, version)) {
                throw Problem.of(ProblemType.CONFLICT, "the version does not wait for approval")
                    .with("version", version.toString())
                    .asException();
              }
              CapabilityCheck check = tenant.check(plugin.settings(), moduleInterface);
              TenantServices.State state =
                  tenant.services().state().granting(check.missing().keySet());
              transaction.putPolicy(
                  tenant.name(),
                  new PolicyRecord(
                      PolicyDocument.text(state.allowed()), PolicyDocument.text(state.wanted())));
              transaction.deletePending(record);
              Plugin next = plugin.touchedAt(now());
              transaction.putPlugin(next.record());
              if (activate) {
                signatures.requireSigned(tenant.name(), name, version);
                next = AliasRegistry.put(transaction, next, AliasName.LIVE, only(version));
              }
              String target = name + " " + version;
              String detail = "grants " + check.missing().keySet();
              return new Approved(
                  new Changed(
                      next,
                      transaction.appendAudit(
                          audit.entry(author, "version.approve", tenant.name(), target, detail))),
                  state);
            },
            approved -> {
              tenant.services().set(approved.state);
              tenant.services().setPending(name, version, /* isPending= */ false);
              apply(tenant, approved.changed);
            });
    return done.changed.plugin;
  }

  /// Compares two versions of a plugin.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if one of them does not exist
  public VersionDiff diff(Tenant tenant, PluginName name, BlobDigest from, BlobDigest to) {
    Plugin plugin = tenant.requirePlugin(name);
    return VersionDiff.of(
        plugin.requireVersion(from),
        plugin.requireVersion(to),
        version -> interfaceOf(tenant.name(), name, version.digest()));
  }

  /// Replaces a plugin's settings; versions that they keep no more are deleted.
  public Plugin setSettings(
      Tenant tenant, PluginName name, PluginSettings settings, Author author) {
    AtomicReference<@Nullable PluginSettings> before = new AtomicReference<>();
    Committed done =
        store.write(
            transaction -> {
              Plugin plugin = tenants.requirePresent(tenant).requirePlugin(name);
              requireSuited(plugin, settings);
              before.set(plugin.settings());
              PluginRecord record = new PluginRecord(tenant.name(), name, settings.json(), now());
              transaction.putPlugin(record);
              Expiry expiry = expire(transaction, plugin.withRecord(record));
              AuditRecord entry =
                  transaction.appendAudit(
                      audit.entry(
                          author, "settings.change", tenant.name(), name.text(), expiry.detail()));
              return new Committed(
                  new Changed(expiry.plugin, entry), false, false, expiry.versions);
            },
            committed -> {
              apply(tenant, committed.changed);
              collector.offer(committed.expired);
            });
    if (!done.expired.isEmpty()) {
      tenant.releaseUnneededVersions();
      collector.collectOffered();
    }
    if (!settings.equals(before.get())) {
      dropInstances(tenant, name, settings);
    }
    return done.changed.plugin;
  }

  /// Requires that the plugin's live version can be kept as `settings` want it.
  private static void requireSuited(Plugin plugin, PluginSettings settings) {
    @Nullable VersionRecord live = plugin.live();
    String policy = settings.instance().policy();
    if (live == null || !live.abi().equals(Abi.WASI_COMMAND.label())) {
      return;
    }
    if (settings.instance().isSnapshot()) {
      throw Problem.of(
              ProblemType.UNSUPPORTED_ABI,
              "a command has nothing that runs before it, so there is no image to begin with")
          .with("abi", live.abi())
          .with("what", "instance.snapshot")
          .with("actual", true)
          .with("allowed", false)
          .asException();
    }
    if (settings.instance().instancePolicy() != InstancePolicy.FRESH) {
      throw Problem.of(
              ProblemType.UNSUPPORTED_ABI,
              "a command ends with its run, so its instances cannot be " + policy)
          .with("abi", live.abi())
          .with("what", "instance.policy")
          .with("actual", policy)
          .with("allowed", InstancePolicy.FRESH.label())
          .asException();
    }
  }

  /// Drops what was kept of a plugin under other settings; only state that remains state stays.
  private static void dropInstances(Tenant tenant, PluginName name, PluginSettings settings) {
    if (settings.instance().instancePolicy() == InstancePolicy.STATEFUL) {
      tenant.isolate().keptInstances().dropPooled(name.text());
    } else {
      tenant.isolate().dropInstances(name.text());
    }
  }

  /// Drops the state of a stateful instance in all versions of a plugin; if a call has it, after
  /// the call.
  ///
  /// @return whether there was such an instance
  public boolean dropInstance(Tenant tenant, PluginName name, String key, Author author) {
    tenant.requirePlugin(name);
    if (!tenant.isolate().keptInstances().drop(name.text(), key)) {
      return false;
    }
    audit.append(author, "instance.delete", tenant.name(), name + " " + key);
    return true;
  }

  /// Deletes a plugin with its versions and aliases. Calls that are running end first; uploads of
  /// it that are still on their way are cancelled.
  public void delete(Tenant tenant, PluginName name, Author author) {
    store.write(
        transaction -> {
          Plugin plugin = tenants.requirePresent(tenant).requirePlugin(name);
          transaction.deletePlugin(tenant.name(), name);
          return new Changed(
              plugin,
              transaction.appendAudit(
                  audit.entry(author, "plugin.delete", tenant.name(), name.text(), null)));
        },
        done -> {
          tenant.removePlugin(name);
          collector.offer(done.plugin.versions().keySet());
          publish(done.audit);
        });
    tenant.isolate().cancelUploads(name.text());
    tenant.isolate().dropInstances(name.text());
    tenant.releaseUnneededVersions();
    collector.collectOffered();
  }

  /// Deletes a version that no alias names.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if there is no such version or an alias
  ///   names it
  public void deleteVersion(Tenant tenant, PluginName name, BlobDigest version, Author author) {
    store.write(
        transaction -> {
          Plugin plugin = tenants.requirePresent(tenant).requirePlugin(name);
          if (!plugin.versions().containsKey(version)) {
            throw Problem.notFound("version", version.toString()).asException();
          }
          if (plugin.isAliased(version)) {
            throw Problem.of(
                    ProblemType.CONFLICT, "an alias names the version; point it elsewhere first")
                .with("version", version.toString())
                .asException();
          }
          Plugin next = plugin.withoutVersion(version).touchedAt(now());
          transaction.deleteVersion(tenant.name(), name, version);
          transaction.putPlugin(next.record());
          String target = name + " " + version;
          return new Changed(
              next,
              transaction.appendAudit(
                  audit.entry(author, "version.delete", tenant.name(), target, null)));
        },
        done -> apply(tenant, done));
    tenant
        .isolate()
        .keptInstances()
        .drop(new VersionKey(name.text(), new ModuleHash(version.hex())));
    tenant.releaseUnneededVersions();
    collector.offer(List.of(version));
    collector.collectOffered();
  }

  /// A plugin after a change and the change's audit entry, null if nothing changed.
  private record Changed(Plugin plugin, @Nullable AuditRecord audit) {}

  /// An uploaded version's plugin, whether the version is new in it, whether it waits, and which
  /// ones had to go.
  private record Committed(
      Changed changed, boolean isCreated, boolean isPending, Set<BlobDigest> expired) {}

  /// A plugin without its expired versions.
  private record Expiry(Plugin plugin, Set<BlobDigest> versions) {
    @Nullable String detail() {
      return versions.isEmpty()
          ? null
          : "expired "
              + versions.stream().map(BlobDigest::toString).collect(Collectors.joining(", "));
    }
  }

  private static Expiry expire(MetadataTransaction transaction, Plugin plugin) {
    Plugin kept = plugin.withoutExpiredVersions();
    Set<BlobDigest> expired = new LinkedHashSet<>(plugin.versions().keySet());
    expired.removeAll(kept.versions().keySet());
    for (BlobDigest version : expired) {
      transaction.deleteVersion(plugin.record().tenant(), plugin.name(), version);
    }
    return new Expiry(kept, expired);
  }

  private void apply(Tenant tenant, Changed changed) {
    tenant.putPlugin(changed.plugin);
    publish(changed.audit);
  }

  private void publish(@Nullable AuditRecord entry) {
    if (entry != null) {
      audit.publish(entry);
    }
  }

  private static Plugin newPlugin(Tenant tenant, PluginName name, Instant now) {
    int allowed = (int) tenant.isolate().limits().value(IsolateLimit.PLUGINS);
    int used = tenant.plugins().size() + 1;
    if (used > allowed) {
      throw Problem.limit(ProblemType.LIMIT, "plugins", used, allowed).asException();
    }
    return Plugin.of(new PluginRecord(tenant.name(), name, PluginSettings.defaults().json(), now));
  }

  static void checkQuota(Tenant tenant, Plugin before, Plugin after) {
    long versions = after.versions().size();
    long allowedVersions = tenant.isolate().limits().value(IsolateLimit.VERSIONS_PER_PLUGIN);
    if (versions > allowedVersions && versions > before.versions().size()) {
      throw Problem.limit(ProblemType.LIMIT, "versionsPerPlugin", versions, allowedVersions)
          .asException();
    }
    long bytes = tenant.storedBytes() - before.storedBytes() + after.storedBytes();
    long allowedBytes = tenant.isolate().limits().value(IsolateLimit.STORAGE_BYTES);
    if (bytes > allowedBytes && after.storedBytes() > before.storedBytes()) {
      throw Problem.limit(ProblemType.STORAGE_FULL, "storageBytes", bytes, allowedBytes)
          .asException();
    }
  }

  private static boolean isOnlyLive(Plugin plugin, BlobDigest digest) {
    List<AliasTarget> targets = plugin.aliases().getOrDefault(AliasName.LIVE, List.of());
    return targets.size() == 1 && targets.getFirst().version().equals(digest);
  }

  private static List<AliasTarget> only(BlobDigest digest) {
    return List.of(new AliasTarget(digest, 100));
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
