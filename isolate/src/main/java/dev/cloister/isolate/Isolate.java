package dev.cloister.isolate;

import dev.cloister.engine.CompileOptions;
import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.logging.CodeLogListener;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.isolate.abi.extism.VariableStore;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.heap.HeapSnapshot;
import dev.cloister.isolate.instance.KeptInstances;
import dev.cloister.isolate.plugin.CodeBudget;
import dev.cloister.isolate.plugin.DocumentUpload;
import dev.cloister.isolate.plugin.LoadedModules;
import dev.cloister.isolate.plugin.ModuleUpload;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.verticle.CallDesk;
import dev.cloister.isolate.verticle.CallLimits;
import dev.cloister.isolate.verticle.CallUsage;
import dev.cloister.isolate.verticle.Invocation;
import dev.cloister.isolate.verticle.InvocationOutcome;
import dev.cloister.isolate.verticle.IsolateVerticle;
import dev.cloister.isolate.wasi.FileQuota;
import dev.cloister.isolate.wasi.SharedFileSystem;
import dev.cloister.isolate.wasi.WasiClock;
import dev.cloister.isolate.wasi.linux.HostDescriptors;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// One tenant on this node: a ledger, a verticle, modules and calls. Any thread, never blocking.
public final class Isolate {
  private final IsolateId id;
  private final Vertx vertx;
  private final WasmEngine engine;
  private final EngineIsolate engineIsolate;
  private final HeapLedger ledger;
  private final CodeBudget code;
  private final LoadedModules modules = new LoadedModules();
  private final CallDesk desk;
  private final IsolateVerticle verticle;
  private final HostDescriptors hostDescriptors;
  private volatile IsolateLimits limits;
  private volatile CallLimits callLimits;
  private volatile IsolateState state = IsolateState.ACTIVE;

  /// Makes a tenant, whose verticle is not deployed yet.
  Isolate(
      IsolateId id,
      IsolateLimits limits,
      Vertx vertx,
      WasmEngine engine,
      HeapLedger ledger,
      CallDesk desk) {
    this.id = id;
    this.vertx = vertx;
    this.engine = engine;
    this.ledger = ledger;
    this.code = new CodeBudget(ledger, limits.value(IsolateLimit.CODE_BYTES));
    this.desk = desk;
    this.hostDescriptors = HostDescriptors.ofTenant(limits.value(IsolateLimit.HOST_DESCRIPTORS));
    this.limits = limits;
    this.callLimits = callLimits(limits);
    this.engineIsolate = engine.addIsolate(id.value());
    this.verticle = new IsolateVerticle(engine, engineIsolate, ledger, code, modules, desk);
  }

  /// The tenant's name.
  public IsolateId id() {
    return id;
  }

  /// Whether calls are admitted.
  public IsolateState state() {
    return state;
  }

  /// The limits in force.
  public IsolateLimits limits() {
    return limits;
  }

  /// Changes the limits from the next charge and the next call on.
  public void updateLimits(IsolateLimits newLimits) {
    limits = newLimits;
    callLimits = callLimits(newLimits);
    ledger.changeCap(newLimits.value(IsolateLimit.MEMORY_BYTES));
    code.changeMax(newLimits.value(IsolateLimit.CODE_BYTES));
    hostDescriptors.changeMax(newLimits.value(IsolateLimit.HOST_DESCRIPTORS));
  }

  /// Refuses new calls; those in flight go on. Does nothing to a tenant that is gone.
  public void suspend() {
    changeState(IsolateState.SUSPENDED);
  }

  /// Admits calls again. Does nothing to a tenant that is gone.
  public void resume() {
    changeState(IsolateState.ACTIVE);
  }

  /// The bytes charged now.
  public HeapSnapshot heap() {
    return ledger.snapshot();
  }

  /// The ledger, for those who hold memory for the tenant outside of its isolate.
  public HeapLedger ledger() {
    return ledger;
  }

  /// The tenant's share of compiled code, in bytes.
  public long codeBytes() {
    return code.usedBytes();
  }

  /// Counts what its guests have open in folders of the machine.
  public HostDescriptors hostDescriptors() {
    return hostDescriptors;
  }

  /// The calls in figures.
  public CallUsage usage() {
    return desk.usage();
  }

  /// How many modules are held.
  public int loadedModuleCount() {
    return modules.count();
  }

  /// Tells `listener` of the code that the tenant's modules have and get, in place of the one
  /// before. Takes as long as the listener takes for all code that is there.
  ///
  /// @return whether that is so; not if the tenant is gone
  public boolean startCodeLog(CodeLogListener listener) {
    return engineIsolate.startCodeLog(listener);
  }

  /// Tells nobody any more. Repeating it does nothing.
  public void stopCodeLog() {
    engineIsolate.stopCodeLog();
  }

  /// Whether somebody is told of the tenant's code.
  public boolean isLoggingCode() {
    return engineIsolate.isLoggingCode();
  }

  /// Begins to take a module in pieces, limited by `uploadBytes` and what compilations may take.
  ///
  /// @param tag by which its compilation can be found again
  public ModuleUpload startUpload(String tag) {
    return new ModuleUpload(
        engine.startStreaming(engineIsolate, options(tag)),
        modules,
        ledger,
        code,
        limits.value(IsolateLimit.UPLOAD_BYTES));
  }

  /// Begins to take a manifest or a bundle in pieces, limited by `uploadBytes`, and each module in
  /// it as an uploaded one is.
  ///
  /// @param tag by which its compilations can be found again
  public DocumentUpload startDocumentUpload(String tag) {
    return new DocumentUpload(
        () -> engine.startStreaming(engineIsolate, options(tag)),
        modules,
        ledger,
        code,
        limits.value(IsolateLimit.UPLOAD_BYTES));
  }

  private CompileOptions options(String tag) {
    return CompileOptions.defaults()
        .withTag(tag)
        .withLimits(
            limits.value(IsolateLimit.FUNCTIONS_PER_MODULE),
            limits.value(IsolateLimit.TYPES_PER_MODULE),
            limits.value(IsolateLimit.COMPILE_MILLIS));
  }

  /// Cancels the compilations that were begun with this tag.
  ///
  /// @return how many were
  public int cancelUploads(String tag) {
    return engineIsolate.cancelCompileJobs(tag);
  }

  /// The module with this digest if it is held, or null.
  public @Nullable PluginHandle plugin(ModuleHash hash) {
    return modules.find(hash);
  }

  /// The module with this digest, read and compiled off the event loop if it is not held.
  ///
  /// @param wireBytes reads the bytes; called on a worker thread
  /// @return completes on the caller's context; fails if reading or compiling does
  public Future<PluginHandle> load(ModuleHash hash, Callable<byte[]> wireBytes) {
    PluginHandle loaded = modules.find(hash);
    if (loaded != null) {
      return Future.succeededFuture(loaded);
    }
    return Future.fromCompletionStage(
        verticle.load(hash, wireBytes).toCompletionStage(), vertx.getOrCreateContext());
  }

  /// Lets the module with this digest go; calls in flight keep it until they end.
  ///
  /// @return whether it was held
  public boolean unload(ModuleHash hash) {
    boolean wasHeld = modules.remove(hash);
    desk.kept().unloaded(hash);
    return wasHeld;
  }

  /// The instances that outlive a call.
  public KeptInstances keptInstances() {
    return desk.kept();
  }

  /// Drops the instances that are kept of a plugin, and forgets that it crashed: it is removed, or
  /// its instances are to be others.
  public void dropInstances(String plugin) {
    desk.dropInstances(plugin);
  }

  /// What debugs the tenant's guests on this node; while one pauses for it, its deadline stands
  /// still.
  public Debugger debugger() {
    return engineIsolate.debugger();
  }

  /// Makes variables for a plugin of the tenant, charged to it until they are closed.
  public VariableStore newVariables() {
    return new VariableStore(ledger);
  }

  /// Makes an empty file system in memory that calls share; the caller closes it.
  public SharedFileSystem newFiles() {
    return new SharedFileSystem(FileQuota.of(ledger), WasiClock.system());
  }

  /// Runs a call, or refuses it. Never fails for anything that a guest, a caller or a limit did:
  /// that is in the outcome, which the caller closes.
  ///
  /// @return completes on the caller's context
  public Future<InvocationOutcome> invoke(Invocation invocation) {
    return Future.fromCompletionStage(
        desk.invoke(invocation, callLimits), vertx.getOrCreateContext());
  }

  /// Runs a call as [#invoke] does, for callers that change to a thread of theirs themselves.
  ///
  /// @return completes on a guest thread, the timer's or the caller's, never exceptionally
  public CompletableFuture<InvocationOutcome> start(Invocation invocation) {
    return desk.invoke(invocation, callLimits);
  }

  /// Stops a call that is waiting or running; its outcome is that it was cancelled.
  ///
  /// @param invocation the very object that was given to [#invoke]
  /// @return false if the call has ended
  public boolean cancel(Invocation invocation) {
    return desk.cancel(invocation);
  }

  /// How many calls the rate `requestsPerSecond` allows at this moment.
  public long availableRequests() {
    return desk.availableRequests(callLimits);
  }

  /// The verticle to deploy for this tenant; undeploying it ends the tenant.
  IsolateVerticle verticle() {
    return verticle;
  }

  /// Notes that the tenant is being removed.
  void disposed() {
    synchronized (this) {
      state = IsolateState.DISPOSED;
    }
  }

  private static CallLimits callLimits(IsolateLimits limits) {
    return new CallLimits(
        limits.value(IsolateLimit.MEMORY_PER_INSTANCE_BYTES),
        limits.value(IsolateLimit.TABLE_ELEMENTS),
        limits.value(IsolateLimit.GC_HEAP_BYTES),
        limits.value(IsolateLimit.STACK_BYTES),
        limits.value(IsolateLimit.DEADLINE_MILLIS),
        limits.value(IsolateLimit.RESPONSE_BYTES),
        limits.value(IsolateLimit.REQUEST_BYTES),
        limits.value(IsolateLimit.CONCURRENCY),
        limits.value(IsolateLimit.QUEUE_LENGTH),
        limits.value(IsolateLimit.REQUESTS_PER_SECOND),
        limits.value(IsolateLimit.CPU_MILLIS_PER_CALL),
        limits.value(IsolateLimit.FUEL_PER_CALL),
        limits.value(IsolateLimit.CPU_MILLIS_PER_SECOND),
        limits.value(IsolateLimit.KEPT_INSTANCES));
  }

  private void changeState(IsolateState newState) {
    synchronized (this) {
      if (state != IsolateState.DISPOSED) {
        state = newState;
        desk.suspend(newState == IsolateState.SUSPENDED);
      }
    }
  }
}
