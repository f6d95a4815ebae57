package dev.cloister.isolate.verticle;

import dev.cloister.engine.EngineIsolate;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.plugin.CodeBudget;
import dev.cloister.isolate.plugin.DocumentUpload;
import dev.cloister.isolate.plugin.LoadedModules;
import dev.cloister.isolate.plugin.ModuleUpload;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.plugin.Upload;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;

/// A tenant on an event loop: its life, its modules and what is being loaded.
///
/// What is private here belongs to the verticle's context; the desk, the modules and the ledger are
/// shared and safe for any thread. It never runs a guest, compiles or waits.
public final class IsolateVerticle extends VerticleBase {
  private final WasmEngine engine;
  private final EngineIsolate engineIsolate;
  private final HeapLedger ledger;
  private final CodeBudget code;
  private final LoadedModules modules;
  private final CallDesk desk;

  /// The loads in progress; this context only.
  private final Map<ModuleHash, Future<PluginHandle>> loading = new HashMap<>();

  /// Makes the verticle of a tenant; when it is stopped it closes all of its parameters but the
  /// engine.
  public IsolateVerticle(
      WasmEngine engine,
      EngineIsolate engineIsolate,
      HeapLedger ledger,
      CodeBudget code,
      LoadedModules modules,
      CallDesk desk) {
    this.engine = engine;
    this.engineIsolate = engineIsolate;
    this.ledger = ledger;
    this.code = code;
    this.modules = modules;
    this.desk = desk;
  }

  /// Loads a module: reads and compiles its bytes on a worker thread, once for all who ask
  /// meanwhile. Any thread, once the verticle is deployed.
  ///
  /// @return completes on this verticle's context
  public Future<PluginHandle> load(ModuleHash hash, Callable<byte[]> wireBytes) {
    Promise<PluginHandle> promise = Promise.promise();
    context.runOnContext(_ -> loadHere(hash, wireBytes).onComplete(promise));
    return promise.future();
  }

  /// Stops all calls, lets the modules go and takes the tenant off the engine.
  @Override
  public Future<?> stop() {
    return Future.fromCompletionStage(desk.close(), context)
        .onComplete(_ -> {
          modules.close();
          engineIsolate.close();
          ledger.close();
        });
  }

  private Future<PluginHandle> loadHere(ModuleHash hash, Callable<byte[]> wireBytes) {
    PluginHandle loaded = modules.find(hash);
    if (loaded != null) {
      return Future.succeededFuture(loaded);
    }
    Future<PluginHandle> inProgress = loading.get(hash);
    if (inProgress != null) {
      return inProgress;
    }
    Future<PluginHandle> load =
        context
            .executeBlocking(() -> compile(hash, wireBytes.call()), /* ordered= */ false)
            .map(Objects::requireNonNull);
    loading.put(hash, load);
    load.onComplete(_ -> loading.remove(hash));
    return load;
  }

  private Upload upload(byte[] wireBytes) {
    return DocumentUpload.isDocument(wireBytes)
        ? new DocumentUpload(
            () -> engine.startStreaming(engineIsolate), modules, ledger, code, wireBytes.length)
        : new ModuleUpload(
            engine.startStreaming(engineIsolate), modules, ledger, code, wireBytes.length);
  }

  private PluginHandle compile(ModuleHash hash, byte[] wireBytes) {
    Upload upload = upload(wireBytes);
    upload.push(wireBytes, 0, wireBytes.length);
    PluginHandle handle = upload.finish();
    if (!handle.hash().equals(hash)) {
      modules.remove(handle.hash());
      throw new IllegalStateException(
          "module " + hash.hex() + " was read as " + handle.hash().hex());
    }
    return handle;
  }
}
