package dev.cloister.sandbox.registry;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateLimits;
import dev.cloister.isolate.egress.EgressClient;
import dev.cloister.isolate.egress.EgressPolicy;
import dev.cloister.isolate.egress.EgressRecord;
import dev.cloister.isolate.egress.EgressRules;
import dev.cloister.isolate.host.Capability;
import dev.cloister.isolate.host.Grants;
import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.host.PluginLog;
import dev.cloister.isolate.verticle.RateBucket;
import dev.cloister.sandbox.services.EgressLog;
import dev.cloister.sandbox.services.SecretBox;
import dev.cloister.sandbox.services.TenantPolicy;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.KeyValueUsage;
import dev.cloister.sandbox.storage.PendingRecord;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.SecretRecord;
import dev.cloister.sandbox.storage.TenantName;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a tenant's plugins may use while the server runs. Any thread reads; what is stored changes
/// on the metadata writer thread only.
public final class TenantServices {
  private static final Logger LOG = LoggerFactory.getLogger(TenantServices.class);

  private final TenantName tenant;
  private final Parts parts;
  private final Supplier<IsolateLimits> limits;
  private final EgressLog egressLog;
  private final RateBucket egressRate;
  private final Map<PluginName, PluginServices> byPlugin = new ConcurrentHashMap<>(1);
  private volatile State state;
  private volatile KeyValueUsage keyValueUsage;
  private volatile boolean isClosed;

  /// The versions that wait for approval; replaced as a whole.
  private volatile Set<PendingRecord> pending = Set.of();

  /// What all tenants share.
  ///
  /// @param secrets decrypts
  /// @param egress sends requests
  /// @param keyValues makes the store of a tenant
  /// @param nanoTime the time by which rates are counted
  record Parts(
      SecretBox secrets,
      EgressClient egress,
      Function<Tenant, StoredKeyValues> keyValues,
      LongSupplier nanoTime) {}

  /// What can be set.
  ///
  /// @param config configuration by name
  /// @param secrets secrets by name, encrypted
  /// @param allowed what the operator allows
  /// @param wanted what of it the tenant wants
  record State(
      Map<String, String> config,
      Map<String, SecretRecord> secrets,
      TenantPolicy allowed,
      TenantPolicy wanted) {
    /// Copies the maps.
    State {
      config = Map.copyOf(config);
      secrets = Map.copyOf(secrets);
    }

    /// Returns the policy that holds.
    TenantPolicy effective() {
      return allowed.limit(wanted);
    }

    State withConfig(Map<String, String> newConfig) {
      return new State(newConfig, secrets, allowed, wanted);
    }

    State withSecrets(Map<String, SecretRecord> newSecrets) {
      return new State(config, newSecrets, allowed, wanted);
    }

    /// Returns this with more that is granted.
    State granting(Collection<Capability> more) {
      return withPolicy(allowed.granting(more), wanted.granting(more));
    }

    State withPolicy(TenantPolicy newAllowed, TenantPolicy newWanted) {
      return new State(config, secrets, newAllowed, newWanted);
    }
  }

  /// The services of a plugin, as long as neither its settings nor the tenant's change.
  private record PluginServices(State state, PluginSettings settings, HostServices services) {}

  TenantServices(
      TenantName tenant,
      Parts parts,
      Supplier<IsolateLimits> limits,
      EgressLog egressLog,
      State state,
      KeyValueUsage keyValueUsage) {
    this.tenant = tenant;
    this.parts = parts;
    this.limits = limits;
    this.egressLog = egressLog;
    this.egressRate = new RateBucket(parts.nanoTime.getAsLong());
    this.state = state;
    this.keyValueUsage = keyValueUsage;
  }

  /// Returns what is set.
  State state() {
    return state;
  }

  /// Returns the configuration by name.
  public Map<String, String> config() {
    return state.config;
  }

  /// Returns the secrets by name, encrypted.
  public Map<String, SecretRecord> secrets() {
    return state.secrets;
  }

  /// Returns the policy that holds.
  public TenantPolicy policy() {
    return state.effective();
  }

  /// Returns what the operator allows.
  public TenantPolicy allowed() {
    return state.allowed;
  }

  /// Returns the requests of the tenant's plugins.
  public EgressLog egressLog() {
    return egressLog;
  }

  /// Returns what the key-value pairs take.
  public KeyValueUsage keyValueUsage() {
    return keyValueUsage;
  }

  /// Returns the key-value pairs of `owner`, whose services these are.
  StoredKeyValues keyValues(Tenant owner) {
    return parts.keyValues.apply(owner);
  }

  /// Returns whether a version waits for the operator's approval.
  public boolean isPending(PluginName plugin, BlobDigest version) {
    return pending.contains(new PendingRecord(tenant, plugin, version));
  }

  /// Notes whether a version waits for approval; on the writer's thread.
  void setPending(PluginName plugin, BlobDigest version, boolean isPending) {
    Set<PendingRecord> changed = new HashSet<>(pending);
    PendingRecord record = new PendingRecord(tenant, plugin, version);
    if (isPending ? changed.add(record) : changed.remove(record)) {
      pending = Set.copyOf(changed);
    }
  }

  /// Returns whether the tenant was deleted; on the writer's thread there is no doubt.
  boolean isClosed() {
    return isClosed;
  }

  /// Notes that the tenant was deleted; on the writer's thread.
  void close() {
    isClosed = true;
  }

  /// Returns what calls of a plugin may use: what its tenant has and its settings leave.
  @SuppressWarnings("ReferenceEquality") // every change makes a new one
  HostServices of(Tenant owner, Plugin plugin, PluginLog log) {
    PluginName name = plugin.name();
    PluginSettings settings = plugin.settings();
    State now = state;
    PluginServices known = byPlugin.get(name);
    if (known != null && known.state == now && known.settings == settings) {
      return known.services;
    }
    TenantPolicy policy = now.effective();
    HostServices services =
        HostServices.builder(granted(policy, settings))
            .configuration(now.config::get)
            .secrets(secret -> secret(now, secret))
            .keyValues(keyValues(owner))
            .http(parts.egress.outbound(new Rules(owner, name, policy.egress())))
            .log(log)
            .build();
    byPlugin.put(name, new PluginServices(now, settings, services));
    return services;
  }

  /// Returns what of the tenant's capabilities a plugin's settings leave it.
  static Grants granted(TenantPolicy policy, PluginSettings settings) {
    Grants own = settings.grants();
    return own == null ? policy.grants() : policy.grants().and(own);
  }

  void set(State newState) {
    state = newState;
  }

  void setKeyValueUsage(KeyValueUsage usage) {
    keyValueUsage = usage;
  }

  /// Forgets a plugin that is gone.
  void forget(PluginName plugin) {
    byPlugin.remove(plugin);
  }

  private @Nullable String secret(State from, String name) {
    SecretRecord secret = from.secrets.get(name);
    if (secret == null) {
      return null;
    }
    try {
      return parts.secrets.open(tenant, name, secret.sealed());
    } catch (SecretBox.UnreadableSecretException e) {
      LOG.error("event=secret-unreadable tenant={}", tenant, e);
      throw new HostServiceException(HostError.FAILED, String.valueOf(e.getMessage()));
    }
  }

  /// The rules of one plugin's requests.
  private final class Rules implements EgressRules {
    private final Tenant owner;
    private final PluginName plugin;
    private final EgressPolicy policy;

    Rules(Tenant owner, PluginName plugin, EgressPolicy policy) {
      this.owner = owner;
      this.plugin = plugin;
      this.policy = policy;
    }

    @Override
    public EgressPolicy policy() {
      return policy;
    }

    @Override
    public long take() {
      return egressRate.take(
          parts.nanoTime.getAsLong(), limits.get().value(IsolateLimit.EGRESS_REQUESTS_PER_SECOND));
    }

    @Override
    public void ended(EgressRecord request) {
      EgressLog.Entry entry = egressLog.add(plugin, request);
      owner.usage().addEgress(entry.time(), request.requestBytes());
    }
  }
}
