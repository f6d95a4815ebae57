package dev.cloister.engine.code;

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
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Compiles modules of the engine's own, again and again, so that the JVM compiles the engine's
/// compiler before it is needed: what compiles WebAssembly is itself bytecode, which the JVM
/// interprets at first, some five times slower.
///
/// A server does it while it starts. It takes a thread of its own, which rests as long as it works,
/// so that there is time for what is wanted at once. Nothing of it remains but the JVM's own code:
/// the modules it makes are collected as garbage.
public final class CompilerWarmUp implements AutoCloseable {
  /// How often next to nothing is compiled, linked and called: what each module costs.
  private static final int SMALL_ROUNDS = 400;

  /// How often all functions of a program are compiled: what each instruction costs. What is not in
  /// these programs is still slow when it comes first.
  private static final int LARGE_ROUNDS = 70;

  /// Programs of `bench/workloads`: next to nothing, and some whose instructions differ.
  static final String SMALL = "fib";

  static final List<String> LARGE =
      List.of("script", "raytrace", "hash64", "format", "compress", "cipher");

  /// Warming up again would be of no use in the same JVM.
  private static final AtomicBoolean BEGUN = new AtomicBoolean();

  private final int smallRounds;
  private final int largeRounds;
  private final AtomicInteger done = new AtomicInteger();
  private final Thread thread = newThread();
  private volatile boolean isClosed;

  /// Prepares a warm-up.
  public CompilerWarmUp() {
    this(SMALL_ROUNDS, LARGE_ROUNDS);
  }

  CompilerWarmUp(int smallRounds, int largeRounds) {
    this.smallRounds = smallRounds;
    this.largeRounds = largeRounds;
  }

  @SuppressWarnings("ThreadPriorityCheck") // A hint, which nothing relies on.
  private Thread newThread() {
    Thread created = new Thread(this::run, "cloister-compiler-warm-up");
    created.setDaemon(true);
    created.setPriority(Thread.MIN_PRIORITY);
    return created;
  }

  /// Begins in the background, unless that was done before in this JVM. Any thread.
  public void start() {
    if (BEGUN.compareAndSet(false, true)) {
      startAnyway();
    }
  }

  /// Begins in the background. Once.
  void startAnyway() {
    thread.start();
  }

  /// {@return the number of modules that were compiled so far} Any thread.
  int done() {
    return done.get();
  }

  /// {@return the thread that does it}
  Thread thread() {
    return thread;
  }

  /// Ends it after the module that it is compiling. Does not wait for that.
  @Override
  public void close() {
    isClosed = true;
    thread.interrupt();
  }

  private void run() {
    byte[] small = read(SMALL);
    List<byte[]> large = LARGE.stream().map(CompilerWarmUp::read).toList();
    // As many as the engine has at least: one may work ahead of the other.
    Stopper stopper = Stopper.create(StopPolicy.defaults());
    try (CompileThreads threads = new CompileThreads(2)) {
      int every = smallRounds / Math.max(1, largeRounds) + 1;
      int rounds = smallRounds + largeRounds;
      for (int i = 0; i < rounds && !isClosed; i++) {
        long start = System.nanoTime();
        // Both kinds from the beginning, for whoever comes in the middle.
        boolean isLarge = i % every == every - 1;
        compile(isLarge ? large.get(i / every % large.size()) : small, isLarge, threads, stopper);
        done.incrementAndGet();
        rest(System.nanoTime() - start);
      }
    }
  }

  private static void rest(long nanos) {
    try {
      Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000));
    } catch (InterruptedException _) {
      // Who interrupts has said so.
    }
  }

  /// Compiles a module and makes an instance, as an engine does. Of a small one the export `run` is
  /// called; of a large one all functions are compiled.
  private static void compile(
      byte[] bytes, boolean isLarge, CompileThreads threads, Stopper stopper) {
    ModuleHash hash = ModuleHash.of(bytes);
    NativeModule module =
        threads.run(() ->
            new NativeModule(
                ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults()),
                hash,
                CodeKind.BASELINE,
                ModulePlan.METHOD_BYTES,
                VectorUse.WORTHWHILE,
                new SignatureClasses(threads),
                new StructClasses(threads),
                threads,
                stopper,
                MemoryPool.NONE,
                CodeManager.unlimited(),
                DebugFileLoader.NONE,
                ClassFileArchive.NONE));
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance instance = module.instantiate(store, Imports.NONE);
    if (isLarge) {
      module.generateAll();
    } else {
      instance.exportedFunction("run").call(1);
    }
    store.close();
  }

  static byte[] read(String program) {
    String name = "warm-up-" + program + ".wasm";
    try (@Nullable InputStream file = CompilerWarmUp.class.getResourceAsStream(name)) {
      if (file == null) {
        throw new IllegalStateException(name + " is missing");
      }
      return file.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }
}
