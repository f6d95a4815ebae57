package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.auth.ApiKey;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.auth.OperatorKey;
import dev.cloister.sandbox.auth.SecretHash;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.KeyRecord;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.Role;
import dev.cloister.sandbox.storage.TenantName;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// The keys of all tenants.
public final class KeyRegistry {
  private final MetadataStore store;
  private final TenantRegistry tenants;
  private final KeyRing keys;
  private final AuditLog audit;
  private final IntSupplier keysPerTenant;
  private final SecureRandom random;
  private final Clock clock;

  KeyRegistry(
      MetadataStore store,
      TenantRegistry tenants,
      KeyRing keys,
      AuditLog audit,
      IntSupplier keysPerTenant,
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
  /// Where the tenant has as many keys as it may, expired ones make room.
  ///
  /// @param expiresAt when it stops being valid, null if it does not
  /// @throws dev.cloister.sandbox.problem.ApiException if the tenant is gone or has too many keys
  public ApiKey create(TenantName tenant, Role role, @Nullable Instant expiresAt, Author author) {
    ApiKey key = ApiKey.generate(random);
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    KeyRecord record =
        KeyRecord.create(key.id(), tenant, role, SecretHash.of(key.text()).hex(), now, expiresAt);
    // What the writer thread decides, handed from the transaction to its commit.
    record Decision(List<String> expired, AuditRecord audit) {}
    Decision _ =
        store.write(
            transaction -> {
              tenants.require(tenant);
              List<String> expired = makeRoom(tenant, now);
              expired.forEach(transaction::deleteKey);
              transaction.insertKey(record);
              return new Decision(
                  expired,
                  transaction.appendAudit(
                      audit.entry(author, "key.create", tenant, key.id(), detail(record))));
            },
            done -> {
              done.expired.forEach(keys::remove);
              keys.add(record);
              audit.publish(done.audit);
            });
    return key;
  }

  /// Gives a key another secret and returns the key with it. The present secret stays valid until
  /// `replacedUntil`; one that was replaced before is not valid any more.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the tenant has no such key
  public ApiKey rotate(TenantName tenant, String id, Instant replacedUntil, Author author) {
    ApiKey key = ApiKey.generate(id, random);
    String hash = SecretHash.of(key.text()).hex();
    record Decision(KeyRecord record, AuditRecord audit) {}
    Decision _ =
        store.write(
            transaction -> {
              KeyRecord changed = require(tenant, id).rotated(hash, replacedUntil);
              transaction.replaceSecret(changed);
              String detail = "the secret before is valid until " + replacedUntil;
              return new Decision(
                  changed,
                  transaction.appendAudit(audit.entry(author, "key.rotate", tenant, id, detail)));
            },
            done -> {
              keys.replace(done.record);
              audit.publish(done.audit);
            });
    return key;
  }

  /// Replaces the operator's key in the data folder and returns the new one.
  ///
  /// @param replacedUntil until when the present key stays valid
  /// @throws dev.cloister.sandbox.problem.ApiException if the key comes from the environment
  /// @throws IOException if the new key cannot be stored; the present one stays
  public ApiKey rotateOperator(Instant replacedUntil, Author author) throws IOException {
    if (!keys.isOperatorReplaceable()) {
      throw Problem.of(
              ProblemType.CONFLICT,
              "the operator key comes from the variable "
                  + OperatorKey.VARIABLE
                  + "; change it there and start the server again")
          .asException();
    }
    // Recorded first: a key that was replaced without a record would be worse than the opposite.
    audit.append(author, "operator-key.rotate", "valid until " + replacedUntil);
    return keys.rotateOperator(replacedUntil);
  }

  /// Returns a key.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the tenant has no such key
  public KeyRing.KeyUse find(TenantName tenant, String id) {
    return keys.keysOf(tenant).stream()
        .filter(use -> use.record().id().equals(id))
        .findFirst()
        .orElseThrow(() -> Problem.notFound("key", id).asException());
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
          transaction.deleteKey(require(tenant, id).id());
          return transaction.appendAudit(entry);
        },
        stored -> {
          keys.remove(id);
          audit.publish(stored);
        });
  }

  private KeyRecord require(TenantName tenant, String id) {
    return find(tenant, id).record();
  }

  /// Returns the expired keys that must go so that there is room for one more, if any must.
  private List<String> makeRoom(TenantName tenant, Instant now) {
    List<KeyRing.KeyUse> present = keys.keysOf(tenant);
    int allowed = keysPerTenant.getAsInt();
    if (present.size() < allowed) {
      return List.of();
    }
    List<String> expired =
        present.stream()
            .map(KeyRing.KeyUse::record)
            .filter(record -> record.isExpired(now))
            .map(KeyRecord::id)
            .toList();
    int count = present.size() - expired.size() + 1;
    if (count > allowed) {
      throw Problem.limit(ProblemType.LIMIT, "keys", count, allowed).asException();
    }
    return expired;
  }

  private static String detail(KeyRecord record) {
    String role = record.role().text();
    return record.expiresAt() == null ? role : role + " until " + record.expiresAt();
  }
}
