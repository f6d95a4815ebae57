package dev.cloister.isolate.abi.extism;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.Instance;
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
import org.jspecify.annotations.Nullable;

/// A plug-in instantiated with its environment, with WASI and with what the embedder adds.
///
/// Instantiation and calls throw what ends the guest: the engine's `WasmException` family,
/// [ProcessExit] out of initialization, and [ExtismException]. Confined to one thread at a time.
public final class ExtismProgram implements Program {
  /// The export that runs a command: what it leaves is of no use to a later call.
  public static final String START = "_start";

  private static final FuncType RETURNS_CODE = new FuncType(List.of(), List.of(NumType.I32));

  private final Instance instance;
  private final ExtismEnvironment environment;
  private final HostImports imports;
  private boolean isInitialized;

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
    ExtismEnvironment environment =
        new ExtismEnvironment(settings, context, variables, logLevel);
    HostImports imports = HostImports.of(context, context.wasi().build());
    boolean isDone = false;
    try {
      Instance instance =
          ModuleLinker.link(
              modules,
              context.store(),
              (moduleName, name, type) -> {
                @Nullable Extern found = environment.resolve(moduleName, name);
                return found == null ? imports.resolve(moduleName, name, type) : found;
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

  /// Whether there is an exported function `name`.
  public boolean exports(String name) {
    return instance.export(name) instanceof FuncRef;
  }

  /// Calls the export `name`: `input` in, what it set as its output into `output`.
  ///
  /// Before the first call the instance is initialized, unless that is `_start`.
  ///
  /// @throws ExtismException if the plug-in says that it failed, or a function of the host did
  /// @throws UnsupportedTypeException if the export takes parameters, or returns what is no code
  /// @throws IllegalArgumentException if it is not exported
  public void call(String name, byte[] input, OutputSink output) {
    FuncRef function = instance.exportedFunction(name);
    requireCallable(name, function.signature());
    if (!isInitialized && !name.equals(START)) {
      isInitialized = true;
      Initialization.run(instance);
    }
    environment.begin(input);
    int code = run(function);
    String error = environment.error();
    if (error != null) {
      throw new ExtismException(error, code);
    }
    if (code != 0) {
      throw new ExtismException("Returned non-zero exit code: " + code, code);
    }
    environment.writeOutput(output);
  }

  @Override
  public void forgetCall() {
    environment.end();
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

  private static int run(FuncRef function) {
    try {
      @Nullable Object[] results = function.call();
      return results.length == 0 ? 0 : requireCode(results[0]);
    } catch (ProcessExit exit) {
      return exit.code();
    }
  }

  private static int requireCode(@Nullable Object result) {
    if (result instanceof Integer code) {
      return code;
    }
    throw new IllegalStateException("the engine returned " + result + " for an i32");
  }

  private static void requireCallable(String name, FuncType type) {
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
