package dev.cloister.sandbox.registry;

import dev.cloister.engine.debug.Debugger;
import dev.cloister.isolate.IsolateLimits;
import dev.cloister.sandbox.auth.KeyRing;
import dev.cloister.sandbox.config.LimitsConfig;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.MetadataSnapshot;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.ServicesRecord;
import dev.cloister.sandbox.storage.StorageHealth;
import dev.cloister.sandbox.storage.TenantName;
import dev.cloister.sandbox.storage.TenantRecord;
import dev.cloister.sandbox.storage.TenantState;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/// All tenants of the server.
public final class TenantRegistry {
  private final MetadataStore store;
  private final TenantFactory factory;
  private final LimitPolicy limits;
  private final KeyRing keys;
  private final AuditLog audit;
  private final BlobCollector collector;
  private final Clock clock;
  private final ConcurrentSkipListMap<TenantName, Tenant> tenants = new ConcurrentSkipListMap<>();
  private final Map<TenantName, Future<Void>> disposals = new ConcurrentHashMap<>();

  /// Tenants that are stored and cannot be served.
  private final Set<TenantName> damaged = ConcurrentHashMap.newKeySet();

  TenantRegistry(
      MetadataStore store,
      TenantFactory factory,
      LimitPolicy limits,
      KeyRing keys,
      AuditLog audit,
      BlobCollector collector,
      Clock clock) {
    this.store = store;
    this.factory = factory;
    this.limits = limits;
    this.keys = keys;
    this.audit = audit;
    this.collector = collector;
    this.clock = clock;
  }

  /// A tenant after it was put, and whether that created it.
  ///
  /// @param tenant the tenant
  /// @param isCreated whether it did not exist before
  public record Put(Tenant tenant, boolean isCreated) {}

  /// Brings back what was stored. Called once, before requests are accepted.
  ///
  /// @param health is told what is damaged; the tenants concerned are not served
  void restore(MetadataSnapshot snapshot, StorageHealth health) {
    StoredTenants stored = StoredTenants.of(snapshot, health);
    for (TenantRecord record : stored.whole()) {
      ServicesRecord services =
          snapshot.services().getOrDefault(record.name(), ServicesRecord.EMPTY);
      Tenant tenant = factory.create(record, services);
      stored.pluginsOf(record.name()).forEach(tenant::putPlugin);
      tenants.put(record.name(), tenant);
    }
    stored.keysOfWhole(snapshot.keys()).forEach(keys::add);
    damaged.addAll(stored.damaged());
  }

  /// Returns all tenants by name.
  public Collection<Tenant> all() {
    return Collections.unmodifiableCollection(tenants.values());
  }

  /// Returns a tenant, or null if there is none of this name.
  public @Nullable Tenant find(TenantName name) {
    return tenants.get(name);
  }

  /// Returns a tenant.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if there is none of this name
  public Tenant require(TenantName name) {
    @Nullable Tenant tenant = tenants.get(name);
    if (tenant == null) {
      requireUndamaged(name);
      throw Problem.notFound("tenant", name.text()).asException();
    }
    return tenant;
  }

  /// On the writer thread: the tenant may have been deleted since the request was admitted.
  Tenant requirePresent(Tenant tenant) {
    if (require(tenant.name()) != tenant) {
      throw Problem.notFound("tenant", tenant.name().text()).asException();
    }
    return tenant;
  }

  private void requireUndamaged(TenantName name) {
    if (damaged.contains(name)) {
      throw Problem.of(
              ProblemType.DAMAGED,
              "what is stored of the tenant is damaged; the server's log says where")
          .with("kind", "tenant")
          .with("name", name.text())
          .asException();
    }
  }

  /// Returns how limits are made.
  public LimitPolicy limits() {
    return limits;
  }

  /// Creates the tenant, or changes the limits named in `changes` if it exists.
  ///
  /// @param changes limits to set by name; null goes back to the default
  /// @throws dev.cloister.sandbox.problem.ApiException if a limit cannot be set so
  public Put put(TenantName name, Map<String, @Nullable Long> changes, Author author) {
    awaitDisposal(name);
    // What the writer thread decides, handed from the transaction to its commit.
    record Decision(TenantRecord record, boolean isCreated, @Nullable AuditRecord audit) {}
    Decision decision =
        store.write(
            transaction -> {
              requireUndamaged(name);
              @Nullable Tenant existing = tenants.get(name);
              Map<String, Long> own = existing == null ? Map.of() : existing.record().limits();
              Map<String, Long> changed = limits.change(own, changes);
              if (existing != null && changed.equals(own)) {
                return new Decision(existing.record(), false, null);
              }
              TenantRecord record =
                  existing == null
                      ? new TenantRecord(
                          name,
                          TenantState.ACTIVE,
                          changed,
                          clock.instant().truncatedTo(ChronoUnit.MILLIS))
                      : existing.record().withLimits(changed);
              transaction.putTenant(record);
              String action = existing == null ? "tenant.create" : "limits.change";
              return new Decision(
                  record,
                  existing == null,
                  transaction.appendAudit(
                      audit.entry(author, action, name, name.text(), detail(changes))));
            },
            done -> {
              if (done.isCreated) {
                tenants.put(name, factory.create(done.record, ServicesRecord.EMPTY));
              } else {
                applyRecord(require(name), done.record);
              }
              publish(done.audit);
            });
    return new Put(require(name), decision.isCreated);
  }

  /// Takes other defaults and maximums of limits, for all tenants.
  public void changeLimits(LimitsConfig newLimits) {
    limits.change(newLimits);
    for (Tenant tenant : tenants.values()) {
      tenant.isolate().updateLimits(limits.effective(tenant.record().limits()));
    }
  }

  /// Refuses the tenant's calls until it is resumed.
  public Tenant suspend(TenantName name, Author author) {
    return changeState(name, TenantState.SUSPENDED, "tenant.suspend", author);
  }

  /// Admits the tenant's calls again.
  public Tenant resume(TenantName name, Author author) {
    return changeState(name, TenantState.ACTIVE, "tenant.resume", author);
  }

  /// Switches the log of the tenant's code on or off, until the server stops.
  public Tenant logCode(TenantName name, boolean on, Author author) {
    Tenant tenant = require(name);
    if (tenant.codeLog().isOn() != on) {
      String action = on ? "code-logging.start" : "code-logging.stop";
      store.write(
          transaction ->
              transaction.appendAudit(audit.entry(author, action, name, name.text(), null)),
          audit::publish);
      // Not on the writer's thread: all code that is there is logged.
      tenant.codeLog().turn(on);
    }
    return tenant;
  }

  /// Lets the tenant be debugged or no more, until the server stops.
  public Tenant debug(TenantName name, boolean on, Author author) {
    Tenant tenant = require(name);
    Debugger debugger = tenant.isolate().debugger();
    if (debugger.isEnabled() != on) {
      audit.append(author, on ? "debugging.start" : "debugging.stop", name, name.text());
    }
    // Also if it is so already: somebody else may be changing it.
    boolean _ = on ? debugger.enter() : debugger.leave();
    return tenant;
  }

  /// Deletes the tenant with all that belongs to it. Returns when it is gone from disk and can no
  /// longer be reached; its running calls are stopped after that.
  public void delete(TenantName name, Author author) {
    store.write(
        transaction -> {
          if (!damaged.contains(name)) {
            require(name);
          }
          transaction.deleteTenant(name);
          return transaction.appendAudit(
              audit.entry(author, "tenant.delete", name, name.text(), null));
        },
        entry -> {
          damaged.remove(name);
          @Nullable Tenant tenant = tenants.remove(name);
          if (tenant != null) {
            tenant.services().close();
            keys.removeAll(name);
            dispose(tenant);
            tenant.plugins().forEach(plugin -> collector.offer(plugin.versions().keySet()));
          }
          audit.publish(entry);
        });
    collector.collectOffered();
  }

  private Tenant changeState(TenantName name, TenantState state, String action, Author author) {
    store.write(
        transaction -> {
          TenantRecord record = require(name).record();
          if (record.state() == state) {
            return new StateChange(record, null);
          }
          TenantRecord changed = record.withState(state);
          transaction.putTenant(changed);
          return new StateChange(
              changed,
              transaction.appendAudit(audit.entry(author, action, name, name.text(), null)));
        },
        done -> {
          applyRecord(require(name), done.record);
          publish(done.audit);
        });
    return require(name);
  }

  private record StateChange(TenantRecord record, @Nullable AuditRecord audit) {}

  private void applyRecord(Tenant tenant, TenantRecord record) {
    tenant.setRecord(record);
    IsolateLimits effective = limits.effective(record.limits());
    tenant.isolate().updateLimits(effective);
    if (tenant.isSuspended()) {
      tenant.isolate().suspend();
    } else {
      tenant.isolate().resume();
    }
  }

  private void publish(@Nullable AuditRecord entry) {
    if (entry != null) {
      audit.publish(entry);
    }
  }

  private void dispose(Tenant tenant) {
    TenantName name = tenant.name();
    Future<Void> disposal = factory.dispose(name).onComplete(_ -> tenant.closeLogs());
    disposals.put(name, disposal);
    disposal.onComplete(_ -> disposals.remove(name, disposal));
  }

  /// A new tenant of the same name gets an isolate only when the old one is gone.
  private void awaitDisposal(TenantName name) {
    @Nullable Future<Void> disposal = disposals.get(name);
    if (disposal != null) {
      Futures.await(disposal);
    }
  }

  private static @Nullable String detail(Map<String, @Nullable Long> changes) {
    return changes.isEmpty()
        ? null
        : "limits " + String.join(", ", new TreeSet<>(changes.keySet()));
  }
}
