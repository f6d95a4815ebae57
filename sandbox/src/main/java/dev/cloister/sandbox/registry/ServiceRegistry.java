package dev.cloister.sandbox.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.services.PolicyDocument;
import dev.cloister.sandbox.services.SecretBox;
import dev.cloister.sandbox.services.TenantPolicy;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.MetadataTransaction;
import dev.cloister.sandbox.storage.PolicyRecord;
import dev.cloister.sandbox.storage.SecretRecord;
import dev.cloister.sandbox.storage.TenantName;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Changes of what tenants' plugins may use: configuration, secrets, policy, key-value pairs.
public final class ServiceRegistry {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceRegistry.class);

  private static final int MAX_VALUES = 256;
  private static final int MAX_CONFIG_BYTES = 256 << 10;
  private static final int MAX_SECRET_BYTES = 64 << 10;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}");

  private final MetadataStore store;
  private final TenantRegistry tenants;
  private final AuditLog audit;
  private final SecretBox secrets;
  private final Clock clock;

  ServiceRegistry(
      MetadataStore store, TenantRegistry tenants, AuditLog audit, SecretBox secrets, Clock clock) {
    this.store = store;
    this.tenants = tenants;
    this.audit = audit;
    this.secrets = secrets;
    this.clock = clock;
  }

  /// Replaces a tenant's configuration.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a name or a value is not allowed
  public void setConfig(TenantName tenant, Map<String, @Nullable String> config, Author author) {
    Map<String, String> checked = checkedConfig(config);
    change(
        tenant,
        "config.change",
        String.join(", ", checked.keySet()),
        author,
        (transaction, state) -> {
          transaction.putConfig(tenant, checked);
          return state.withConfig(checked);
        });
  }

  /// Returns a configuration whose names and values are allowed.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if one is not
  static Map<String, String> checkedConfig(Map<String, @Nullable String> config) {
    Map<String, String> checked = new TreeMap<>();
    long bytes = 0;
    for (Map.Entry<String, @Nullable String> entry : config.entrySet()) {
      String value = entry.getValue();
      requireName(entry.getKey());
      if (value == null || value.indexOf('\0') >= 0) {
        throw Problem.invalid("the value of " + entry.getKey(), value, "a text without NUL")
            .asException();
      }
      checked.put(entry.getKey(), value);
      bytes += entry.getKey().length() + value.getBytes(UTF_8).length;
    }
    requireCount("configValues", checked.size());
    if (bytes > MAX_CONFIG_BYTES) {
      throw Problem.limit(ProblemType.LIMIT, "configBytes", bytes, MAX_CONFIG_BYTES).asException();
    }
    return checked;
  }

  /// Sets or, by null, deletes secrets of a tenant; the others stay.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if a name or a value is not allowed
  public void changeSecrets(
      TenantName tenant, Map<String, @Nullable String> changes, Author author) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    Map<String, @Nullable SecretRecord> sealed = new TreeMap<>();
    changes.forEach((name, value) -> {
      requireName(name);
      if (value == null) {
        sealed.put(name, null);
        return;
      }
      int bytes = value.getBytes(UTF_8).length;
      if (bytes > MAX_SECRET_BYTES) {
        throw Problem.limit(ProblemType.LIMIT, "secretBytes", bytes, MAX_SECRET_BYTES)
            .with("name", name)
            .asException();
      }
      sealed.put(name, new SecretRecord(secrets.seal(tenant, name, value), now));
    });
    change(
        tenant,
        "secrets.change",
        String.join(", ", sealed.keySet()),
        author,
        (transaction, state) -> {
          Map<String, SecretRecord> all = new HashMap<>(state.secrets());
          sealed.forEach((name, secret) -> {
            if (secret == null) {
              all.remove(name);
              transaction.deleteSecret(tenant, name);
            } else {
              all.put(name, secret);
              transaction.putSecret(tenant, name, secret);
            }
          });
          requireCount("secrets", all.size());
          return state.withSecrets(all);
        });
  }

  /// Changes a tenant's policy. The operator says what is allowed, and that holds; the tenant can
  /// have less of it.
  ///
  /// @param asOperator whether the operator asks
  /// @throws dev.cloister.sandbox.problem.ApiException if a value is not allowed
  public void changePolicy(
      TenantName tenant, PolicyDocument changes, boolean asOperator, Author author) {
    change(
        tenant,
        "policy.change",
        null,
        author,
        (transaction, state) -> {
          TenantPolicy before = asOperator ? state.allowed() : state.wanted();
          TenantPolicy wanted = changes.changing(before);
          TenantPolicy allowed = asOperator ? wanted : state.allowed();
          String excess = allowed.excess(wanted);
          if (excess != null) {
            throw Problem.of(ProblemType.POLICY_EXCEEDED, "the operator does not allow " + excess)
                .with("actual", excess)
                .with("allowed", PolicyDocument.of(allowed))
                .asException();
          }
          transaction.putPolicy(
              tenant, new PolicyRecord(PolicyDocument.text(allowed), PolicyDocument.text(wanted)));
          return state.withPolicy(allowed, wanted);
        });
  }

  /// Sets the value of a key.
  ///
  /// @return whether the key is new
  /// @throws dev.cloister.isolate.host.HostServiceException if it cannot be set
  public boolean setKeyValue(TenantName tenant, String key, byte[] value, Author author) {
    return tenants
        .require(tenant)
        .keyValues()
        .set(key, value, audited(tenant, "kv.set", key, author));
  }

  /// Removes a key.
  ///
  /// @return whether it was there
  /// @throws dev.cloister.isolate.host.HostServiceException if it cannot be removed
  public boolean deleteKeyValue(TenantName tenant, String key, Author author) {
    return tenants
        .require(tenant)
        .keyValues()
        .delete(key, audited(tenant, "kv.delete", key, author));
  }

  /// Encrypts secrets with the newest key that an older one encrypted. What cannot be read is
  /// logged and stays as it is. Called once, before requests are accepted.
  void renewSecrets() {
    for (Tenant tenant : tenants.all()) {
      Map<String, SecretRecord> renewed = new HashMap<>();
      tenant
          .services()
          .secrets()
          .forEach((name, secret) -> {
            if (!secrets.isNewest(secret.sealed())) {
              try {
                String value = secrets.open(tenant.name(), name, secret.sealed());
                byte[] sealed = secrets.seal(tenant.name(), name, value);
                renewed.put(name, new SecretRecord(sealed, secret.updatedAt()));
              } catch (SecretBox.UnreadableSecretException e) {
                LOG.error("event=secret-unreadable tenant={}", tenant.name(), e);
              }
            }
          });
      if (!renewed.isEmpty()) {
        store.write(
            transaction -> {
              renewed.forEach((name, secret) -> transaction.putSecret(tenant.name(), name, secret));
              Map<String, SecretRecord> all = new HashMap<>(tenant.services().secrets());
              all.putAll(renewed);
              return tenant.services().state().withSecrets(all);
            },
            tenant.services()::set);
        LOG.info("event=secrets-renewed tenant={} count={}", tenant.name(), renewed.size());
      }
    }
  }

  /// What a change makes of what is set.
  private interface Work {
    TenantServices.State apply(MetadataTransaction transaction, TenantServices.State state);
  }

  /// What was set, and what was written down of it.
  private record Changed(TenantServices.State state, AuditRecord audit) {}

  private void change(
      TenantName tenant, String action, @Nullable String detail, Author author, Work work) {
    store.write(
        transaction -> {
          TenantServices.State state =
              work.apply(transaction, tenants.require(tenant).services().state());
          return new Changed(
              state,
              transaction.appendAudit(audit.entry(author, action, tenant, tenant.text(), detail)));
        },
        done -> {
          tenants.require(tenant).services().set(done.state);
          tenants.require(tenant).isolate().keptInstances().dropStartImages();
          audit.publish(done.audit);
        });
  }

  private Function<MetadataTransaction, @Nullable AuditRecord> audited(
      TenantName tenant, String action, String key, Author author) {
    return transaction -> transaction.appendAudit(audit.entry(author, action, tenant, key, null));
  }

  private static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw Problem.invalid("a name", name, NAME.pattern()).asException();
    }
  }

  private static void requireCount(String what, int count) {
    if (count > MAX_VALUES) {
      throw Problem.limit(ProblemType.LIMIT, what, count, MAX_VALUES).asException();
    }
  }
}
