package dev.cloister.isolate.abi;

import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import java.util.List;

/// What runs once in an instance before its first export is called.
///
/// A reactor's `_initialize`; else, where there is no `_start` that would do it, the constructors
/// of C and C++. Then the run time of GHC, which takes the arguments of a `main` that has none.
public final class Initialization {
  /// What a module without the exports of WASI may have to set itself up.
  private static final String CALL_CONSTRUCTORS = "__wasm_call_ctors";

  /// What modules of GHC export to set their run time up.
  private static final String HASKELL = "hs_init";

  private static final FuncType HASKELL_TYPE =
      new FuncType(List.of(NumType.I32, NumType.I32), List.of());

  private Initialization() {}

  /// Runs it. Throws what ends the guest.
  public static void run(Instance instance) {
    WasmModule module = instance.module();
    if (AbiDetector.exportsProcedure(module, AbiDetector.INITIALIZE)) {
      instance.exportedFunction(AbiDetector.INITIALIZE).call();
    } else if (AbiDetector.exportsProcedure(module, CALL_CONSTRUCTORS)
        && !AbiDetector.exportsProcedure(module, AbiDetector.START)) {
      instance.exportedFunction(CALL_CONSTRUCTORS).call();
    }
    Extern haskell = instance.export(HASKELL);
    if (haskell instanceof FuncRef function && function.signature().equals(HASKELL_TYPE)) {
      function.call(0, 0);
    }
  }
}
