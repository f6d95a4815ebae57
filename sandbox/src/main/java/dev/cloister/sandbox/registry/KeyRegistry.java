package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.auth.ApiKey;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.auth.SecretHash;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.KeyRecord;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.Role;
import dev.cloister.sandbox.storage.TenantName;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;

/// The keys of all tenants.
public final class KeyRegistry {
  private final MetadataStore store;
  private final TenantRegistry tenants;
  private final KeyRing keys;
  private final AuditLog audit;
  private final int keysPerTenant;
  private final SecureRandom random;
  private final Clock clock;

  KeyRegistry(
      MetadataStore store,
      TenantRegistry tenants,
      KeyRing keys,
      AuditLog audit,
      int keysPerTenant,
      SecureRandom random,
      Clock clock) {
    this.store = store;
    this.tenants = tenants;
    this.keys = keys;
    this.audit = audit;
    this.keysPerTenant = keysPerTenant;
    this.random = random;
    this.clock = clock;
  }

  /// Makes a key for a tenant. The returned object is the only one that ever has its secret.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the tenant is gone or has too many keys
  public ApiKey create(TenantName tenant, Role role, Author author) {
    ApiKey key = ApiKey.generate(random);
    KeyRecord record =
        new KeyRecord(
            key.id(),
            tenant,
            role,
            SecretHash.of(key.text()).hex(),
            clock.instant().truncatedTo(ChronoUnit.MILLIS));
    store.write(
        transaction -> {
          tenants.require(tenant);
          int count = keys.keysOf(tenant).size();
          if (count >= keysPerTenant) {
            throw Problem.limit(ProblemType.LIMIT, "keys", count + 1, keysPerTenant).asException();
          }
          transaction.insertKey(record);
          return transaction.appendAudit(
              audit.entry(author, "key.create", tenant, key.id(), role.text()));
        },
        entry -> {
          keys.add(record);
          audit.publish(entry);
        });
    return key;
  }

  /// Returns a tenant's keys, oldest first, without their secrets.
  public List<KeyRing.KeyUse> list(TenantName tenant) {
    return keys.keysOf(tenant);
  }

  /// Deletes a key; requests and sessions with it are refused from now on.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the tenant has no such key
  public void delete(TenantName tenant, String id, Author author) {
    AuditRecord entry = audit.entry(author, "key.delete", tenant, id, null);
    store.write(
        transaction -> {
          if (keys.keysOf(tenant).stream().noneMatch(use -> use.record().id().equals(id))) {
            throw Problem.notFound("key", id).asException();
          }
          transaction.deleteKey(id);
          return transaction.appendAudit(entry);
        },
        stored -> {
          keys.remove(id);
          audit.publish(stored);
        });
  }
}
