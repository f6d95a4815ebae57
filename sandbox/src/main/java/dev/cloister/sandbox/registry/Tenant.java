package dev.cloister.sandbox.registry;

import dev.cloister.isolate.Isolate;
import dev.cloister.isolate.abi.extism.VariableStore;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.wasi.SharedFileSystem;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.stats.CallCounters;
import dev.cloister.sandbox.storage.AliasName;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.TenantName;
import dev.cloister.sandbox.storage.TenantRecord;
import dev.cloister.sandbox.storage.TenantState;
import io.vertx.core.Future;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A tenant while the server runs: what is stored of it, its isolate, its log and its counters.
///
/// Any thread may read. What is stored changes on the metadata writer thread only.
public final class Tenant {
  private final Isolate isolate;
  private final LoadedVersions loaded;
  private final GuestLog log;
  private final CodeLog codeLog;
  private final TenantServices services;
  private final int maxLogEntryBytes;
  private final CallCounters calls = new CallCounters();
  private final UsageMeter usage = new UsageMeter();
  private final Map<PluginName, CallCounters> callsByPlugin = new ConcurrentHashMap<>();
  private final Map<PluginName, VariableStore> variables = new ConcurrentHashMap<>();
  private final Map<PluginName, SharedFileSystem> files = new ConcurrentHashMap<>();
  private final AtomicInteger arrivingBodies = new AtomicInteger();
  private final AtomicInteger controlRequests = new AtomicInteger();
  private final AtomicInteger uploads = new AtomicInteger();
  private final ConcurrentSkipListMap<PluginName, Plugin> plugins = new ConcurrentSkipListMap<>();
  private volatile TenantRecord record;

  Tenant(
      TenantRecord record,
      Isolate isolate,
      LoadedVersions loaded,
      GuestLog log,
      CodeLog codeLog,
      TenantServices services,
      int maxLogEntryBytes) {
    this.record = record;
    this.isolate = isolate;
    this.loaded = loaded;
    this.log = log;
    this.codeLog = codeLog;
    this.services = services;
    this.maxLogEntryBytes = maxLogEntryBytes;
  }

  /// Returns the tenant's name.
  public TenantName name() {
    return record.name();
  }

  /// Returns what is stored of the tenant itself.
  public TenantRecord record() {
    return record;
  }

  /// Returns whether calls are refused until an operator resumes the tenant.
  public boolean isSuspended() {
    return record.state() == TenantState.SUSPENDED;
  }

  /// Returns where the tenant's plugins run.
  public Isolate isolate() {
    return isolate;
  }

  /// Returns what the tenant's plugins wrote.
  public GuestLog log() {
    return log;
  }

  /// Returns what code the engine made of the tenant's plugins, while that is logged.
  public CodeLog codeLog() {
    return codeLog;
  }

  /// Returns what the tenant used that is not stored yet.
  public UsageMeter usage() {
    return usage;
  }

  /// Returns the counts of all the tenant's calls.
  public CallCounters calls() {
    return calls;
  }

  /// Returns the counts of a plugin's calls.
  public CallCounters calls(PluginName plugin) {
    return callsByPlugin.computeIfAbsent(plugin, _ -> new CallCounters());
  }

  /// Returns how many requests are sending their body at this moment.
  public AtomicInteger arrivingBodies() {
    return arrivingBodies;
  }

  /// Returns how many requests other than calls and uploads its keys are making at this moment.
  public AtomicInteger controlRequests() {
    return controlRequests;
  }

  /// Returns how many uploads are arriving at this moment.
  public AtomicInteger uploads() {
    return uploads;
  }

  /// Returns the tenant's plugins by name.
  public Collection<Plugin> plugins() {
    return Collections.unmodifiableCollection(plugins.values());
  }

  /// Returns a plugin, or null if there is none of this name.
  public @Nullable Plugin plugin(PluginName name) {
    return plugins.get(name);
  }

  /// Returns a plugin.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if there is none of this name
  public Plugin requirePlugin(PluginName name) {
    @Nullable Plugin plugin = plugins.get(name);
    if (plugin == null) {
      throw Problem.notFound("plugin", name.text()).asException();
    }
    return plugin;
  }

  /// Returns the bytes of all stored versions and of the key-value pairs together.
  public long storedBytes() {
    return plugins.values().stream().mapToLong(Plugin::storedBytes).sum()
        + services.keyValueUsage().bytes();
  }

  /// Returns the version a call means: the one it names, else one behind the alias.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if there is no such version or alias
  public BlobDigest resolve(Plugin plugin, @Nullable BlobDigest version, AliasName alias) {
    if (version != null) {
      if (!plugin.versions().containsKey(version)) {
        throw Problem.notFound("version", version.toString()).asException();
      }
      return callable(plugin, version);
    }
    @Nullable BlobDigest chosen = plugin.choose(alias, ThreadLocalRandom.current());
    if (chosen == null) {
      throw Problem.notFound("alias", alias.text()).asException();
    }
    return callable(plugin, chosen);
  }

  private BlobDigest callable(Plugin plugin, BlobDigest version) {
    if (services.isPending(plugin.name(), version)) {
      throw CapabilityProblem.pending(version).asException();
    }
    return version;
  }

  /// Returns a version ready to be called; compiles it first if that was not done since the start.
  public Future<PluginHandle> load(BlobDigest version) {
    Future<PluginHandle> handle = loaded.handle(version);
    return handle.succeeded()
        ? handle
        : handle.recover(failure -> Future.failedFuture(loadFailure(version, failure)));
  }

  /// However loading failed: if tenant or version were deleted meanwhile, that is why.
  private Throwable loadFailure(BlobDigest version, Throwable failure) {
    if (services.isClosed()) {
      return Problem.notFound("tenant", name().text()).asException();
    }
    boolean isPresent =
        plugins().stream().anyMatch(plugin -> plugin.versions().containsKey(version));
    return isPresent ? failure : Problem.notFound("version", version.toString()).asException();
  }

  /// Returns where one call of `plugin` writes its standard error.
  public GuestLogWriter logWriter(PluginName plugin) {
    return new GuestLogWriter(log, plugin, maxLogEntryBytes);
  }

  /// Returns what the calls of `plugin` may use of the host.
  public HostServices services(Plugin plugin) {
    PluginName name = plugin.name();
    return services.of(
        this, plugin, (level, line) -> log.append(name, level.label(), "plugin", line));
  }

  /// Returns what a version of a plugin needs and has.
  public CapabilityCheck check(PluginSettings settings, ModuleInterface moduleInterface) {
    return CapabilityCheck.of(moduleInterface, TenantServices.granted(services.policy(), settings));
  }

  /// Returns the tenant's key-value pairs.
  public StoredKeyValues keyValues() {
    return services.keyValues(this);
  }

  /// Returns what the tenant's plugins may use.
  public TenantServices services() {
    return services;
  }

  /// Returns the variables of a plugin, which live as long as the server runs and the plugin is
  /// there.
  public VariableStore variables(PluginName plugin) {
    VariableStore store = variables.computeIfAbsent(plugin, _ -> isolate.newVariables());
    if (!plugins.containsKey(plugin)) {
      closeVariables(plugin); // it was deleted just now
    }
    return store;
  }

  /// Returns the files that all calls of a plugin share, in memory; they live as its variables do.
  public SharedFileSystem files(PluginName plugin) {
    SharedFileSystem shared = files.computeIfAbsent(plugin, _ -> isolate.newFiles());
    if (!plugins.containsKey(plugin)) {
      closeFiles(plugin); // it was deleted just now
    }
    return shared;
  }

  private void closeFiles(PluginName plugin) {
    @Nullable SharedFileSystem removed = files.remove(plugin);
    if (removed != null) {
      removed.close();
    }
  }

  private void closeVariables(PluginName plugin) {
    @Nullable VariableStore removed = variables.remove(plugin);
    if (removed != null) {
      removed.close();
    }
  }

  void setRecord(TenantRecord newRecord) {
    record = newRecord;
  }

  void putPlugin(Plugin plugin) {
    plugins.put(plugin.name(), plugin);
  }

  void removePlugin(PluginName name) {
    plugins.remove(name);
    callsByPlugin.remove(name);
    services.forget(name);
    closeVariables(name);
    closeFiles(name);
  }

  /// Gives back what is charged for the logs; once the isolate is gone.
  void closeLogs() {
    log.close();
    codeLog.close();
  }

  LoadedVersions loaded() {
    return loaded;
  }

  /// Lets go of compiled versions that are no longer needed.
  void releaseUnneededVersions() {
    Set<BlobDigest> existing = new HashSet<>();
    Set<BlobDigest> aliased = new HashSet<>();
    for (Plugin plugin : plugins.values()) {
      existing.addAll(plugin.versions().keySet());
      aliased.addAll(plugin.aliasedVersions());
    }
    loaded.retain(existing, aliased);
  }
}
