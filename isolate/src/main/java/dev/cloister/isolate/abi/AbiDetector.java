package dev.cloister.isolate.abi;

import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import dev.cloister.isolate.wasi.WasiPreview1;

/// Tells from its imports and exports which convention a module follows.
public final class AbiDetector {
  /// The export that runs a command.
  public static final String START = "_start";

  /// The export that prepares a reactor.
  static final String INITIALIZE = "_initialize";

  /// What every Extism host module's name begins with.
  private static final String EXTISM_PREFIX = "extism:host/";

  private AbiDetector() {}

  /// The convention of `module`; [Abi#PLAIN] if it shows no other.
  public static Abi detect(WasmModule module) {
    boolean importsWasi = false;
    for (Import declared : module.imports()) {
      if (declared.module().startsWith(EXTISM_PREFIX)) {
        return Abi.EXTISM;
      }
      importsWasi |= WasiPreview1.isModuleName(declared.module());
    }
    if (exportsProcedure(module, START)) {
      return Abi.WASI_COMMAND;
    }
    return importsWasi || exportsProcedure(module, INITIALIZE) ? Abi.WASI_REACTOR : Abi.PLAIN;
  }

  /// Whether `module` exports a function `name` without parameters and results.
  public static boolean exportsProcedure(WasmModule module, String name) {
    for (Export export : module.exports()) {
      if (export.name().equals(name) && export.kind() == ExternKind.FUNCTION) {
        FuncType type = module.signature(export.index());
        return type.params().isEmpty() && type.results().isEmpty();
      }
    }
    return false;
  }
}
