package dev.cloister.engine.code;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.MemoryPool;
import dev.cloister.engine.runtime.StopPolicy;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.script.DebugFileLoader;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/// Native modules without an engine, and what tests of their code wait for.
final class TestModules implements AutoCloseable {
  static final FuncType INT = new FuncType(List.of(NumType.I32), List.of(NumType.I32));

  private final CompileThreads threads = new CompileThreads(1);
  private final SignatureClasses signatureClasses = new SignatureClasses(threads);
  private final StructClasses structClasses = new StructClasses(threads);
  private final Stopper stopper = Stopper.create(StopPolicy.defaults());

  /// Returns a module whose code `manager` counts.
  NativeModule compile(ModuleBuilder module, CodeManager manager) {
    byte[] bytes = module.build();
    return new NativeModule(
        ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults()),
        ModuleHash.of(bytes),
        CodeKind.BASELINE,
        ModulePlan.METHOD_BYTES,
        VectorUse.WORTHWHILE,
        signatureClasses,
        structClasses,
        threads,
        stopper,
        MemoryPool.NONE,
        manager,
        DebugFileLoader.NONE,
        ClassFileArchive.NONE);
  }

  /// Returns a module with functions `f0`, `f1` …, each of which adds its number to its argument.
  static ModuleBuilder adders(int functions) {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < functions; i++) {
      int number = i;
      module.exportFunction(
          "f" + i, INT, code -> code.localGet(0).i32Const(number).op(Opcode.I32_ADD));
    }
    return module;
  }

  /// Waits until something has happened.
  static void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("did not happen: " + what);
      }
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  /// Waits until something has happened that the JVM does when it collects garbage.
  static void awaitCollected(String what, BooleanSupplier condition) {
    await(
        what,
        () -> {
          System.gc();
          return condition.getAsBoolean();
        });
  }

  @Override
  public void close() {
    threads.close();
  }
}
