package dev.cloister.engine.code;

import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.VectorUse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/// Runs all instructions on vector objects before the first guest does, once in a JVM.
///
/// That initialises the classes of the Vector API and links its call sites on a stack with room. A
/// guest that overflowed its own stack in there would leave classes behind that no other guest can
/// use any more. Then it goes on for a while in a thread of its own: until the JIT has compiled
/// what it does in place of single instructions, code on vector objects that is not compiled itself
/// is a hundred times slower.
final class VectorWarmUp {
  /// Enough for the methods that many instructions share to be compiled, and too little for the
  /// functions of the module, which nobody needs.
  private static final int ROUNDS = Integer.getInteger("rounds", 1500);

  private static boolean isDone;

  private VectorWarmUp() {}

  /// Returns when all instructions have been run. Any thread.
  static synchronized void prepare() {
    if (isDone) {
      return;
    }
    CompileThreads threads = new CompileThreads(1);
    NativeModule module =
        new NativeModule(
            read(),
            CodeKind.OPTIMIZED,
            ModulePlan.METHOD_BYTES,
            VectorUse.ALWAYS,
            new SignatureClasses(threads),
            new StructClasses(threads),
            threads,
            () -> {});
    Instance instance = module.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
    run(instance, 1);
    isDone = true;
    Thread rest =
        new Thread(
            () -> {
              run(instance, ROUNDS);
              threads.close();
            },
            "cloister-vector-warm-up");
    rest.setDaemon(true);
    rest.setPriority(Thread.MIN_PRIORITY);
    rest.start();
  }

  private static void run(Instance instance, int rounds) {
    instance.exportedFunction("run").call(rounds);
  }

  /// {@return the module with a function for each instruction, and one that calls them all}
  static WasmModule read() {
    try (@Nullable InputStream file = VectorWarmUp.class.getResourceAsStream("vectors.wasm")) {
      if (file == null) {
        throw new IllegalStateException("vectors.wasm is missing");
      }
      return ModuleDecoder.decode(file.readAllBytes(), WasmFeatures.ALL, WasmLimits.defaults());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read vectors.wasm", e);
    }
  }
}
