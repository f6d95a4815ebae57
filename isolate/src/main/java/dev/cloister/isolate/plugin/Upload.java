package dev.cloister.isolate.plugin;

import dev.cloister.engine.error.CompilationCancelledException;
import java.util.function.Consumer;

/// A plugin that arrives in pieces: a module, or a manifest or bundle with modules in it.
///
/// Every byte is charged to the tenant before it is taken. Either [#finish()] or [#abort()] ends
/// it; a fault ends it as well. All of it is work for a worker thread, one at a time; never for an
/// event loop.
public sealed interface Upload permits DocumentUpload, ModuleUpload {
  /// The number of the engine's compile job, or 0 if there is none yet.
  long jobId();

  /// Lets `action` run when somebody cancels the compilation, on that thread; at once if it was
  /// cancelled already.
  void onCancel(Consumer<CompilationCancelledException> action);

  /// Takes the next `length` bytes.
  ///
  /// @throws dev.cloister.engine.error.WasmException as soon as they are certain to be faulty
  /// @throws dev.cloister.engine.error.LimitExceededException of a limit of the tenant
  /// @throws CompilationCancelledException if somebody cancelled the compilation
  void push(byte[] chunk, int from, int length);

  /// Ends the plugin and compiles what is left to compile.
  ///
  /// @return the tenant's hold on it, the one it has already if the same bytes were there
  /// @throws dev.cloister.engine.error.WasmException if a module is faulty
  /// @throws dev.cloister.isolate.abi.extism.ManifestException if a manifest is
  /// @throws BundleException if a bundle is
  /// @throws dev.cloister.engine.error.LimitExceededException as [#push], and of `codeBytes`
  /// @throws CompilationCancelledException as [#push]
  PluginHandle finish();

  /// Drops what has arrived. Does nothing after the end.
  void abort();
}
