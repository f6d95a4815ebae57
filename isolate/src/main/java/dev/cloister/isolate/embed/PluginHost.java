package dev.cloister.isolate.embed;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.WasmEngine;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.isolate.Isolate;
import dev.cloister.isolate.IsolateId;
import dev.cloister.isolate.IsolateLimit;
import dev.cloister.isolate.IsolateLimits;
import dev.cloister.isolate.IsolateManager;
import dev.cloister.isolate.abi.extism.ExtismManifest;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.isolate.plugin.Upload;
import dev.cloister.isolate.verticle.GuestExecutor;
import dev.cloister.isolate.wasi.OutputSink;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/// Loads plugins into a Java program: an engine, guest threads and one tenant under limits.
///
/// Any thread but an event loop; loading and calling block. Close it when no call is running.
public final class PluginHost implements AutoCloseable {
  private final WasmEngine engine;
  private final GuestExecutor executor;
  private final Vertx vertx;
  private final IsolateManager manager;
  private final Isolate isolate;
  private final HostServices services;
  private final OutputSink log;

  private PluginHost(Builder builder) {
    engine = new WasmEngine(EngineConfig.defaults());
    executor = GuestExecutor.create();
    vertx = Vertx.vertx();
    manager = new IsolateManager(vertx, engine, executor);
    isolate = await(manager.create(new IsolateId("embedded"), builder.limits));
    services = builder.services;
    log = builder.log;
  }

  /// A host with the default limits, whose plugins may use clocks, chance and files in memory.
  public static PluginHost create() {
    return builder().build();
  }

  /// Starts with the default limits and plugins that may use clocks, chance and files in memory.
  public static Builder builder() {
    return new Builder();
  }

  /// Compiles a module, or a manifest of Extism with its modules in it.
  ///
  /// @throws dev.cloister.engine.error.WasmException if a module is faulty or beyond a limit
  /// @throws dev.cloister.isolate.abi.extism.ManifestException if a manifest is
  public EmbeddedPlugin load(byte[] bytes) {
    Upload upload =
        ExtismManifest.isManifest(bytes)
            ? isolate.startDocumentUpload("embedded")
            : isolate.startUpload("embedded");
    upload.push(bytes, 0, bytes.length);
    PluginHandle handle = upload.finish();
    return new EmbeddedPlugin(isolate, handle, services, log);
  }

  @Override
  public void close() {
    await(manager.close());
    executor.close();
    engine.close();
    await(vertx.close());
  }

  static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  /// Collects what a [PluginHost] is made with.
  public static final class Builder {
    private IsolateLimits limits = IsolateLimits.defaults();
    private HostServices services = HostServices.BASIC;
    private OutputSink log = OutputSink.DISCARD;

    private Builder() {}

    /// Sets a limit of all plugins together, or of each call or instance.
    @CanIgnoreReturnValue
    public Builder limit(IsolateLimit limit, long value) {
      limits = limits.with(limit, value);
      return this;
    }

    /// Sets what the plugins may use.
    @CanIgnoreReturnValue
    public Builder services(HostServices hostServices) {
      services = hostServices;
      return this;
    }

    /// Lets plugins import functions of the program, of any module name, and nothing else.
    @CanIgnoreReturnValue
    public Builder functions(Imports functions) {
      return services(
          HostServices.builder(HostServices.BASIC.grants()).functions(functions).build());
    }

    /// Sets where standard output and error of the plugins go.
    @CanIgnoreReturnValue
    public Builder log(OutputSink sink) {
      log = sink;
      return this;
    }

    /// Makes the host, and its threads.
    public PluginHost build() {
      return new PluginHost(this);
    }
  }
}
