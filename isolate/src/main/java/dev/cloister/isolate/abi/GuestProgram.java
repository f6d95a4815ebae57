package dev.cloister.isolate.abi;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceImage;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.snapshot.SnapshotException;
import dev.cloister.isolate.wasi.ProcessExit;
import dev.cloister.isolate.wasi.WasiConfig;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A module instantiated with WASI and the services of the host, run on the calling thread.
///
/// Instantiation and calls throw what ends the guest: the engine's `WasmException` family,
/// [ProcessExit], and whatever the streams of its [WasiConfig] throw. Confined to one thread at a
/// time.
public final class GuestProgram implements Program {
  /// Makes plain modules and reactors, initialized.
  public static final ProgramLinker<GuestProgram> LINKER =
      new ProgramLinker<>() {
        @Override
        public GuestProgram link(ModuleHandle module, InstanceContext context) {
          return GuestProgram.link(module, context);
        }

        @Override
        public GuestProgram wake(
            ModuleHandle module, InstanceContext context, InstanceImage image, byte[] hostState) {
          return GuestProgram.wake(module, context, image);
        }
      };

  private final Instance instance;
  private final HostImports imports;
  private boolean isInitialized;

  private GuestProgram(Instance instance, HostImports imports) {
    this.instance = instance;
    this.imports = imports;
  }

  /// Links `module` with WASI alone in `store`, and runs its segments and start function.
  ///
  /// @throws ProcessExit if the start function ends the program
  public static GuestProgram instantiate(ModuleHandle module, Store store, WasiConfig config) {
    return instantiate(module, store, HostImports.ofWasi(store, config));
  }

  /// Links `module` in the store of `context` with a WASI of its own and the services that the call
  /// may use, and runs its segments and start function.
  ///
  /// @throws ProcessExit if the start function ends the program
  public static GuestProgram instantiate(
      ModuleHandle module, InstanceContext context, WasiConfig.Builder config) {
    return instantiate(module, context.store(), HostImports.of(context, config));
  }

  private static GuestProgram instantiate(ModuleHandle module, Store store, HostImports imports) {
    return make(imports, () -> module.instantiate(store, imports));
  }

  /// Links `module` again in the store of `context`, to begin with an image.
  private static GuestProgram wake(
      ModuleHandle module, InstanceContext context, InstanceImage image) {
    HostImports imports = HostImports.of(context, context.wasi());
    GuestProgram program = make(imports, () -> module.restore(context.store(), imports, image));
    program.isInitialized = true;
    return program;
  }

  private static GuestProgram make(HostImports imports, Supplier<Instance> instantiation) {
    boolean isDone = false;
    try {
      Instance instance = instantiation.get();
      isDone = true;
      return new GuestProgram(instance, imports);
    } finally {
      if (!isDone) {
        imports.close();
      }
    }
  }

  /// Links a plain module or a reactor in the store of `context`, and initializes it.
  ///
  /// @throws ProcessExit if the guest ends the program
  public static GuestProgram link(ModuleHandle module, InstanceContext context) {
    GuestProgram program = instantiate(module, context, context.wasi());
    boolean isDone = false;
    try {
      program.initialize();
      isDone = true;
      return program;
    } finally {
      if (!isDone) {
        program.close();
      }
    }
  }

  /// Runs `_start`; returns the exit code, 0 if the function just returns.
  ///
  /// @throws IllegalArgumentException if it is not exported
  public int runCommand() {
    return run(AbiDetector.START);
  }

  /// Runs the function `entry`, which takes and returns nothing; returns the exit code, 0 if it
  /// just returns. Before any but `_start` a reactor is initialized.
  ///
  /// @throws IllegalArgumentException if it is not exported
  public int run(String entry) {
    try {
      if (!entry.equals(AbiDetector.START)) {
        initialize();
      }
      instance.exportedFunction(entry).call();
      return 0;
    } catch (ProcessExit exit) {
      return exit.code();
    }
  }

  /// The exported function `name`, or null.
  public @Nullable FuncRef function(String name) {
    Extern export = instance.export(name);
    return export instanceof FuncRef function ? function : null;
  }

  /// Calls `function`; before the first call a reactor is initialized.
  ///
  /// @throws ProcessExit if the guest ends the program
  public @Nullable Object[] call(FuncRef function, @Nullable Object... arguments) {
    initialize();
    return function.call(arguments);
  }

  @Override
  public Instance soleInstance() {
    if (!imports.isUntouched()) {
      throw new SnapshotException("the plugin has files open");
    }
    return instance;
  }

  @Override
  public void beginCall() {
    imports.mount();
  }

  @Override
  public void forgetCall() {
    imports.forgetCall();
  }

  /// Closes what the guest left open; the store is the caller's.
  @Override
  public void close() {
    imports.close();
  }

  private void initialize() {
    if (isInitialized) {
      return;
    }
    isInitialized = true;
    Initialization.run(instance);
  }
}
