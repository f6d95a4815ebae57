package dev.cloister.engine.compile;

import dev.cloister.engine.code.ClassFileArchive;
import dev.cloister.engine.code.CompilationStatistics.Phase;
import dev.cloister.engine.code.CompileThreads;
import dev.cloister.engine.code.CompileTimeImports;
import dev.cloister.engine.code.EngineVersion;
import dev.cloister.engine.code.ModuleFailures;
import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.code.NativeModuleCache;
import dev.cloister.engine.code.NativeModuleCache.Claim;
import dev.cloister.engine.code.NativeModuleCache.Flight;
import dev.cloister.engine.code.ValidationArchive;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.decode.PrefixHash;
import dev.cloister.engine.decode.StreamingDecoder;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.WasmException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.stats.CompileMode;
import dev.cloister.engine.stats.CompileState;
import dev.cloister.engine.stats.EngineEvents;
import dev.cloister.engine.stats.ModuleDecoded;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The one way from the bytes of a module to its native module, whichever way they came.
///
/// What is known already is taken: a module from the cache, a fault from those of a moment ago. Of
/// several jobs with equal bytes one does the work; if it fails or is cancelled, the next one does.
/// Safe to use by any thread.
public final class ModuleCompiler {
  private final WasmFeatures features;
  private final NativeModuleCache cache;
  private final ModuleFailures failures;
  private final CompileThreads threads;
  private final BiFunction<ModuleHash, String, ClassFileArchive> archives;
  private final Generator generator;
  private final EngineEvents events;

  /// Creates a compiler.
  ///
  /// @param features that modules may use
  /// @param cache where native modules are found and put
  /// @param failures where faults are found and put
  /// @param threads where code is generated, and large modules are validated
  /// @param archives where code of modules is kept, by the salt of isolates that share nothing
  /// @param generator makes a native module of a valid one; on one of `threads`
  /// @param events is told of what was decoded
  public ModuleCompiler(
      WasmFeatures features,
      NativeModuleCache cache,
      ModuleFailures failures,
      CompileThreads threads,
      BiFunction<ModuleHash, String, ClassFileArchive> archives,
      Generator generator,
      EngineEvents events) {
    this.features = features;
    this.cache = cache;
    this.failures = failures;
    this.threads = threads;
    this.archives = archives;
    this.generator = generator;
    this.events = events;
  }

  /// Makes native modules.
  @FunctionalInterface
  public interface Generator {
    /// {@return the native module of a valid one} On a compile thread.
    ///
    /// @param hash that of its bytes
    /// @param archive where its code is kept
    NativeModule generate(WasmModule module, ModuleHash hash, ClassFileArchive archive);
  }

  /// What came of a compilation.
  ///
  /// @param module the native module
  /// @param key by which it is in the cache
  /// @param isCached whether another compilation made it
  public record Compiled(NativeModule module, NativeModuleCache.Key key, boolean isCached) {}

  /// What came of an attempt to compile.
  private sealed interface Attempt {
    record Done(Compiled compiled) implements Attempt {}

    record Wait(Flight flight) implements Attempt {}
  }

  /// Compiles a module whose bytes are all there, on this thread, which waits if need be.
  ///
  /// @param bytes nobody may change them from now on
  /// @throws WasmException if the module is faulty
  /// @throws dev.cloister.engine.error.CompilationCancelledException if the job is cancelled
  public Compiled compile(CompileJob job, byte[] bytes) {
    return compile(job, new WholeSource(job, bytes));
  }

  /// Compiles a module whose bytes are all there, on a thread of `executor`, none of which ever
  /// waits.
  ///
  /// @param bytes nobody may change them from now on
  /// @return completes on such a thread; exceptionally as [#compile] throws
  public CompletableFuture<Compiled> compileLater(
      CompileJob job, byte[] bytes, Consumer<Runnable> executor) {
    CompletableFuture<Compiled> result = new CompletableFuture<>();
    new Later(job, new WholeSource(job, bytes), executor, result).start();
    return result;
  }

  /// Begins to take a module in pieces.
  ///
  /// @param onDrop runs when the job was cancelled while nobody worked for it
  public ModuleStream stream(CompileJob job, Runnable onDrop) {
    return new ModuleStream(this, job, onDrop);
  }

  /// A compilation that gives its thread back when it has to wait.
  private final class Later {
    private final CompileJob job;
    private final ModuleSource source;
    private final Consumer<Runnable> executor;
    private final CompletableFuture<Compiled> result;

    /// Held during work, so that a cancellation does not end the job in the midst of it.
    private final ReentrantLock lock = new ReentrantLock();

    Later(
        CompileJob job,
        ModuleSource source,
        Consumer<Runnable> executor,
        CompletableFuture<Compiled> result) {
      this.job = job;
      this.source = source;
      this.executor = executor;
      this.result = result;
    }

    void start() {
      job.onCancel(cancellation -> {
        // Otherwise the work finds out by itself.
        if (lock.tryLock()) {
          try {
            result.completeExceptionally(cancellation);
          } finally {
            lock.unlock();
          }
        }
      });
      executor.accept(this::attempt);
    }

    private void attempt() {
      lock.lock();
      try {
        if (!result.isDone()) {
          attemptOnce();
        }
      } finally {
        lock.unlock();
      }
    }

    private void attemptOnce() {
      try (CompileJob.Work work = job.lead()) {
        work.pass();
        switch (ModuleCompiler.this.attempt(job, source)) {
          case Attempt.Done(Compiled compiled) -> result.complete(compiled);
          case Attempt.Wait(Flight flight) -> {
            CompletableFuture<Void> _ = flight.end().thenRun(() -> executor.accept(this::attempt));
          }
        }
      } catch (RuntimeException | Error e) {
        result.completeExceptionally(e);
      }
    }
  }

  /// Compiles a module whose bytes are all there, on this thread, which waits if need be.
  Compiled compile(CompileJob job, ModuleSource source) {
    while (true) {
      Attempt attempt;
      try (CompileJob.Work work = job.lead()) {
        work.pass();
        attempt = attempt(job, source);
      }
      switch (attempt) {
        case Attempt.Done(Compiled compiled) -> {
          return compiled;
        }
        case Attempt.Wait(Flight flight) -> job.await(flight.end());
      }
    }
  }

  /// Does what can be done without waiting.
  private Attempt attempt(CompileJob job, ModuleSource source) {
    ModuleHash hash = source.hash();
    job.identified(hash);
    NativeModuleCache.Key key =
        new NativeModuleCache.Key(
            hash, features, CompileTimeImports.NONE, EngineVersion.CURRENT, job.salt());
    return switch (cache.claim(key)) {
      case Claim.Hit(NativeModule module) -> found(job, source, key, module);
      case Claim.Owned(Flight flight) -> {
        boolean isOver = false;
        try {
          NativeModule module = make(job, source);
          cache.land(flight, module, PrefixHash.of(module.module()));
          isOver = true;
          yield new Attempt.Done(new Compiled(module, key, /* isCached= */ false));
        } finally {
          if (!isOver) {
            cache.fail(flight);
          }
        }
      }
      case Claim.Busy(Flight flight) -> {
        NativeModule module = flight.end().getNow(null);
        if (module != null) {
          cache.countHit();
          yield found(job, source, key, module);
        }
        job.enter(CompileState.WAITING);
        yield new Attempt.Wait(flight);
      }
    };
  }

  private NativeModule make(CompileJob job, ModuleSource source) {
    WasmException known = failures.find(source.hash(), scope(job));
    if (known != null) {
      throw known;
    }
    job.enter(CompileState.VALIDATING);
    WasmModule module = source.decode();
    ClassFileArchive archive = archives.apply(source.hash(), job.salt());
    ValidationArchive.add(archive, module, job.limits());
    job.enter(CompileState.GENERATING);
    // All at once, so that its classes need not be handed over one by one.
    ModuleHash hash = source.hash();
    return threads.run(() -> {
      try (CompileJob.Work work = job.assist()) {
        work.pass();
        // Somebody else may want it even if this job does not any more.
        return generator.generate(module, hash, archive);
      }
    });
  }

  /// Returns a module that another job made, which may have had wider limits.
  private static Attempt found(
      CompileJob job, ModuleSource source, NativeModuleCache.Key key, NativeModule module) {
    if (!isWithin(module.module(), job.limits())) {
      job.enter(CompileState.VALIDATING);
      // For the error that there would have been.
      source.decode();
      throw new IllegalStateException("the limits accept what they should not");
    }
    return new Attempt.Done(new Compiled(module, key, /* isCached= */ true));
  }

  /// Returns whether a valid module is within those limits that isolates have of their own.
  public static boolean isWithin(WasmModule module, WasmLimits limits) {
    int functions = module.functionCount() - module.importedFunctionCount();
    return functions <= limits.allowed(WasmLimit.FUNCTIONS)
        && module.typeCount() <= limits.allowed(WasmLimit.TYPES);
  }

  // Decoding, for the sources.

  NativeModuleCache cache() {
    return cache;
  }

  ModuleFailures failures() {
    return failures;
  }

  StreamingDecoder newDecoder(CompileJob job) {
    return new StreamingDecoder(features, job.limits(), threads::runLater, job);
  }

  NativeModuleCache.PrefixKey prefixKey(CompileJob job, long prefixHash) {
    return new NativeModuleCache.PrefixKey(
        prefixHash, features, CompileTimeImports.NONE, job.salt());
  }

  ModuleFailures.Scope scope(CompileJob job) {
    return new ModuleFailures.Scope(features, CompileTimeImports.NONE, job.limits(), job.salt());
  }

  /// Returns whether a fault is one of the module, not of the time that the job took.
  static boolean isOfModule(WasmException fault) {
    return !(fault instanceof LimitExceededException limit
        && limit.limit().equals(CompileJob.TIME_LIMIT));
  }

  void tellDecoded(CompileJob job, long wireBytes, long micros, boolean isSuccess) {
    long start = System.nanoTime() - TimeUnit.MICROSECONDS.toNanos(micros);
    threads.statistics().add(Phase.DECODE, /* kind= */ null, start, wireBytes);
    if (!events.isSilent()) {
      ModuleDecoded event =
          new ModuleDecoded(
              job.isolate(),
              job.mode() == CompileMode.ASYNC,
              job.mode() == CompileMode.STREAMING,
              isSuccess,
              wireBytes,
              job.validatedFunctions(),
              micros);
      events.tell(listener -> listener.moduleDecoded(event));
    }
  }

  /// A module that came whole.
  private final class WholeSource implements ModuleSource {
    private final CompileJob job;
    private final byte[] bytes;
    private @Nullable ModuleHash hash;
    private @Nullable WasmModule decoded;

    WholeSource(CompileJob job, byte[] bytes) {
      this.job = job;
      this.bytes = bytes;
      job.received(bytes.length);
    }

    @Override
    public ModuleHash hash() {
      ModuleHash computed = hash;
      if (computed == null) {
        computed = ModuleHash.of(bytes);
        hash = computed;
      }
      return computed;
    }

    @Override
    public WasmModule decode() {
      WasmModule module = decoded;
      if (module == null) {
        module = told(job, bytes.length, this::decodeNow);
        decoded = module;
      }
      return module;
    }

    private WasmModule decodeNow() {
      try {
        return ModuleDecoder.decode(
            bytes,
            features,
            job.limits(),
            threads::runLater,
            job,
            ValidationArchive.find(archives.apply(hash(), job.salt()), job.limits()));
      } catch (WasmException e) {
        if (isOfModule(e)) {
          failures.add(new ModuleFailures.Failure(hash(), bytes.length, e), null, scope(job));
        }
        throw e;
      }
    }
  }

  /// Decodes and tells the listeners.
  private WasmModule told(CompileJob job, int wireBytes, Supplier<WasmModule> decode) {
    long start = System.nanoTime();
    boolean isSuccess = false;
    try {
      WasmModule module = decode.get();
      isSuccess = true;
      return module;
    } finally {
      tellDecoded(job, wireBytes, (System.nanoTime() - start) / 1_000, isSuccess);
    }
  }
}
