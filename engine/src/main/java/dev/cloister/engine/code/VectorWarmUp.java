package dev.cloister.engine.code;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.MemoryPool;
import dev.cloister.engine.runtime.StopPolicy;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.script.DebugFileLoader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// Runs instructions on vector objects before the first guest does, once in a JVM.
///
/// That initialises the classes of the Vector API and links its call sites on a stack with room. A
/// guest that overflowed its own stack in there would leave classes behind that no other guest can
/// use any more. Then it goes on for a while in a thread of its own: until the JIT has compiled
/// what the API does in place of single instructions, code on vector objects that is not compiled
/// itself is a hundred times slower.
final class VectorWarmUp {
  /// Enough for what the API does to be compiled at all, and too little for the optimizing compiler
  /// to be kept from the code of guests.
  private static final int ROUNDS = 200;

  /// What every function does with vector objects: it takes them from numbers and back, and zeros
  /// of all lanes are where its locals begin.
  private static final Set<Opcode> COMMON =
      EnumSet.of(
          Opcode.V128_CONST,
          Opcode.I64X2_SPLAT,
          Opcode.I64X2_REPLACE_LANE,
          Opcode.I64X2_EXTRACT_LANE,
          Opcode.I8X16_EQ,
          Opcode.I16X8_EQ,
          Opcode.I32X4_EQ,
          Opcode.F32X4_EQ,
          Opcode.V128_LOAD64_ZERO,
          Opcode.F64X2_MIN);

  private static final Set<Opcode> DONE = EnumSet.noneOf(Opcode.class);
  private static final ExecutorService EXECUTOR =
      Executors.newSingleThreadExecutor(VectorWarmUp::newThread);

  /// An instance of the module that has a function for each instruction.
  private static @Nullable Instance instance;

  private VectorWarmUp() {}

  @SuppressWarnings("ThreadPriorityCheck") // A hint, which nothing relies on.
  private static Thread newThread(Runnable task) {
    Thread thread = new Thread(task, "cloister-vector-warm-up");
    thread.setDaemon(true);
    thread.setPriority(Thread.MIN_PRIORITY);
    return thread;
  }

  /// Returns when some instructions have been run. Any thread.
  static synchronized void prepare(Set<Opcode> opcodes) {
    Set<Opcode> added = EnumSet.copyOf(COMMON);
    added.addAll(opcodes);
    added.removeAll(DONE);
    if (added.isEmpty()) {
      return;
    }
    Instance guest = instance == null ? newInstance() : instance;
    instance = guest;
    added.forEach(opcode -> run(guest, opcode));
    DONE.addAll(added);
    EXECUTOR.execute(() -> {
      for (int i = 0; i < ROUNDS; i++) {
        added.forEach(opcode -> run(guest, opcode));
      }
    });
  }

  private static Instance newInstance() {
    CompileThreads threads = new CompileThreads(1);
    byte[] bytes = read();
    NativeModule module =
        new NativeModule(
            ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults()),
            ModuleHash.of(bytes),
            CodeKind.OPTIMIZED,
            ModulePlan.METHOD_BYTES,
            VectorUse.ALWAYS,
            new SignatureClasses(threads),
            new StructClasses(threads),
            threads,
            Stopper.create(StopPolicy.defaults()),
            MemoryPool.NONE,
            CodeManager.unlimited(),
            DebugFileLoader.NONE,
            ClassFileArchive.NONE,
            _ -> {});
    module.generateAll();
    Instance made = module.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
    threads.close();
    return made;
  }

  private static void run(Instance guest, Opcode opcode) {
    guest.exportedFunction(opcode.mnemonic()).call();
  }

  /// {@return the module with a function for each instruction}
  static byte[] read() {
    try (@Nullable InputStream file = VectorWarmUp.class.getResourceAsStream("vectors.wasm")) {
      if (file == null) {
        throw new IllegalStateException("vectors.wasm is missing");
      }
      return file.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read vectors.wasm", e);
    }
  }
}
