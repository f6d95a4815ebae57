package dev.cloister.isolate.abi.extism;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceImage;
import dev.cloister.engine.snapshot.SnapshotException;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.isolate.abi.HostImports;
import dev.cloister.isolate.abi.Initialization;
import dev.cloister.isolate.abi.InstanceContext;
import dev.cloister.isolate.abi.ModuleLinker;
import dev.cloister.isolate.abi.Program;
import dev.cloister.isolate.abi.ProgramModules;
import dev.cloister.isolate.abi.UnsupportedTypeException;
import dev.cloister.isolate.host.LogLevel;
import dev.cloister.isolate.wasi.OutputSink;
import dev.cloister.isolate.wasi.ProcessExit;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A plug-in instantiated with its environment, with WASI and with what the embedder adds.
///
/// Instantiation and calls throw what ends the guest: the engine's `WasmException` family,
/// [ProcessExit] out of initialization, and [ExtismException]. Confined to one thread at a time.
public final class ExtismProgram implements Program {
  /// The export that runs a command: an instance that it ran in is spent.
  public static final String START = "_start";

  private static final FuncType RETURNS_CODE = new FuncType(List.of(), List.of(NumType.I32));

  private final Instance instance;
  private final ExtismEnvironment environment;
  private final HostImports imports;
  private boolean isInitialized;
  private boolean isSpent;

  private ExtismProgram(Instance instance, ExtismEnvironment environment, HostImports imports) {
    this.instance = instance;
    this.environment = environment;
    this.imports = imports;
  }

  /// Links `modules` in the store of `context` and runs their segments and start functions.
  ///
  /// @param context of the instance, whose first call has begun
  /// @param variables those of the plug-in, which outlive the instance
  /// @param logLevel lines of the plug-in's log that matter less are dropped
  public static ExtismProgram link(
      ProgramModules modules,
      ExtismSettings settings,
      InstanceContext context,
      VariableStore variables,
      LogLevel logLevel) {
    return make(
        new ExtismEnvironment(settings, context, variables, logLevel),
        context,
        imports -> ModuleLinker.link(modules, context.store(), imports));
  }

  /// Links `modules` again in the store of `context`, to begin with an image of an initialized
  /// program; for the rest see [#link].
  ///
  /// @throws SnapshotException if there are several modules, or the image is faulty
  static ExtismProgram wake(
      ProgramModules modules,
      ExtismSettings settings,
      InstanceContext context,
      VariableStore variables,
      LogLevel logLevel,
      InstanceImage image) {
    if (!modules.others().isEmpty()) {
      throw new SnapshotException("a program of several modules does not begin with an image");
    }
    ExtismProgram program =
        make(
            new ExtismEnvironment(settings, context, variables, logLevel),
            context,
            imports -> modules.main().restore(context.store(), imports, image));
    program.isInitialized = true;
    return program;
  }

  private static ExtismProgram make(
      ExtismEnvironment environment,
      InstanceContext context,
      Function<Imports, Instance> instantiation) {
    HostImports imports = HostImports.of(context, context.wasi());
    boolean isDone = false;
    try {
      Instance instance =
          instantiation.apply((moduleName, name, type) -> {
            @Nullable Extern found = environment.resolve(moduleName, name);
            if (found == null) {
              return imports.resolve(moduleName, name, type);
            }
            return ExtismEnvironment.isTimeless(moduleName, name)
                ? found
                : context.observed(moduleName, name, found);
          });
      isDone = true;
      return new ExtismProgram(instance, environment, imports);
    } finally {
      if (!isDone) {
        imports.close();
        environment.close();
      }
    }
  }

  /// Calls the export `name`: `input` in, what it set as its output into `output`.
  ///
  /// Before the first call the instance is initialized, unless that is `_start`.
  ///
  /// @return null, or what the plug-in says went wrong; then there is no output
  /// @throws ExtismException if a function of the host failed
  /// @throws UnsupportedTypeException if the export takes parameters, or returns what is no code
  /// @throws IllegalArgumentException if it is not exported
  public @Nullable ExtismFailure call(String name, byte[] input, OutputSink output) {
    FuncRef function = instance.exportedFunction(name);
    requireCallable(name, function.signature());
    if (!name.equals(START)) {
      initialize();
    }
    isSpent = name.equals(START);
    environment.begin(input);
    int code = run(function);
    ExtismFailure failure = failure(code);
    if (failure == null) {
      environment.writeOutput(output);
    }
    environment.end();
    return failure;
  }

  /// Runs what has to run before the first export but `_start`, unless it did.
  void initialize() {
    if (!isInitialized) {
      isInitialized = true;
      Initialization.run(instance);
    }
  }

  private @Nullable ExtismFailure failure(int code) {
    String error = environment.error();
    if (error != null) {
      return new ExtismFailure(error, code);
    }
    if (code != 0) {
      return new ExtismFailure("Returned non-zero exit code: " + code, code);
    }
    return null;
  }

  /// Whether it was ended, by `_start` or an exit: what is left is of no use to a later call.
  @Override
  public boolean isSpent() {
    return isSpent;
  }

  /// {@inheritDoc}
  ///
  /// Blocks, input, output and the last answer over HTTP end with each call, and variables are not
  /// the instance's, so there is no other state of the host.
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

  @Override
  public void close() {
    try {
      imports.close();
    } finally {
      environment.close();
    }
  }

  private int run(FuncRef function) {
    try {
      @Nullable Object[] results = function.call();
      return results.length == 0 ? 0 : requireCode(results[0]);
    } catch (ProcessExit exit) {
      isSpent = true;
      return exit.code();
    }
  }

  private static int requireCode(@Nullable Object result) {
    if (result instanceof Integer code) {
      return code;
    }
    throw new IllegalStateException("the engine returned " + result + " for an i32");
  }

  /// Checks that an export can be called with bytes.
  ///
  /// @throws UnsupportedTypeException if it takes parameters, or returns what is no code
  public static void requireCallable(String name, FuncType type) {
    if (!type.equals(FuncType.EMPTY) && !type.equals(RETURNS_CODE)) {
      throw new UnsupportedTypeException(
          "export \""
              + name
              + "\" is of type "
              + type
              + "; an Extism function takes no parameters and returns an i32 or nothing");
    }
  }
}
