package dev.cloister.engine;

import dev.cloister.engine.code.ClassFileArchive;
import dev.cloister.engine.code.CodeCacheUse;
import dev.cloister.engine.code.CodeEvents;
import dev.cloister.engine.code.CodeManager;
import dev.cloister.engine.code.CompilationStatistics;
import dev.cloister.engine.code.CompileThreads;
import dev.cloister.engine.code.CompilerWarmUp;
import dev.cloister.engine.code.FreedCode;
import dev.cloister.engine.code.ModuleFailures;
import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.code.NativeModuleCache;
import dev.cloister.engine.code.SignatureClasses;
import dev.cloister.engine.code.StructClasses;
import dev.cloister.engine.code.Tiering;
import dev.cloister.engine.compile.CompileJob;
import dev.cloister.engine.compile.CompileJobs;
import dev.cloister.engine.compile.CompileRequest;
import dev.cloister.engine.compile.JobThreads;
import dev.cloister.engine.compile.ModuleCompiler;
import dev.cloister.engine.compile.ModuleCompiler.Compiled;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.error.CompilationCancelledException;
import dev.cloister.engine.error.CompilationCancelledException.Reason;
import dev.cloister.engine.logging.CodeLogger;
import dev.cloister.engine.module.ExecutionProfile;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.persist.ArchiveIdentity;
import dev.cloister.engine.persist.CodePersistence;
import dev.cloister.engine.persist.Persistence;
import dev.cloister.engine.persist.PersistenceFigures;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.MemoryPool;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.stats.CodeSampler;
import dev.cloister.engine.stats.CodeSizes;
import dev.cloister.engine.stats.CompilationPhase;
import dev.cloister.engine.stats.CompileJobInfo;
import dev.cloister.engine.stats.CompileMode;
import dev.cloister.engine.stats.EngineEvents;
import dev.cloister.engine.stats.ModuleCompiled;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A WebAssembly engine: modules become JVM bytecode, shared by all isolates that use them.
///
/// The way in for embedders. Safe to use by any thread; what compiles blocks, so it does not belong
/// on an event loop.
public final class WasmEngine implements AutoCloseable {
  private final EngineConfig config;
  private final CompileThreads threads;
  private final SignatureClasses signatureClasses;
  private final StructClasses structClasses;
  private final Stopper stopper;
  private final MemoryPool memoryPool;
  private final CodeManager codeManager;
  private final EngineEvents events;
  private final CodeEvents codeEvents;
  private final CompilerWarmUp warmUp = new CompilerWarmUp();
  private final @Nullable CodePersistence persistence;
  private final NativeModuleCache cache = new NativeModuleCache();
  private final ModuleFailures failures = new ModuleFailures(System::nanoTime);
  private final SharedModules shared = new SharedModules();
  private final CodeLogger codeLogger;
  private final CodeSampler sampler;
  private final AtomicInteger nextScript = new AtomicInteger(1);
  private final CompileJobs jobs;
  private final JobThreads jobThreads;
  private final ModuleCompiler compiler;

  /// Who has something to do when isolates begin and end to use modules.
  private final List<ModuleUse> uses = List.of();

  /// Starts an engine.
  public WasmEngine(EngineConfig config) {
    this.config = config;
    this.threads = new CompileThreads(config.compileThreads());
    this.signatureClasses = new SignatureClasses(threads);
    this.codeLogger = new CodeLogger(signatureClasses);
    this.structClasses = new StructClasses(threads);
    this.stopper = Stopper.create(config.stops());
    this.memoryPool = new MemoryPool(config.idleMemoryBytes());
    this.events = new EngineEvents(config.listeners());
    this.codeEvents = new CodeEvents(events, threads::runSoon);
    this.codeManager =
        new CodeManager(
            config.codeBytes(),
            config.stressCodeGc(),
            config.maxCodeCachePercent() / 100.0,
            CodeCacheUse::now,
            threads::runSoon,
            new Tiering(config.tiers()),
            codeEvents);
    Persistence kept = config.persistence();
    this.persistence = kept == null ? null : new CodePersistence(kept, this::identity, this.events);
    this.jobs = new CompileJobs(events, config.maxCompileJobs());
    this.jobThreads = new JobThreads(config.compileThreads());
    this.compiler =
        new ModuleCompiler(
            config.features(), cache, failures, threads, this::archive, this::generate, events);
    this.sampler = new CodeSampler(config.samplePeriod(), this::sizes, events, Clock.systemUTC());
  }

  private ClassFileArchive archive(ModuleHash module, String salt) {
    return persistence == null ? ClassFileArchive.NONE : persistence.open(module, salt);
  }

  private ArchiveIdentity identity(String engineVersion) {
    return ArchiveIdentity.of(
        engineVersion,
        config.features(),
        config.limits(),
        config.methodBytes(),
        config.vectorUse());
  }

  /// Begins to compile modules of the engine's own in the background, a few seconds of half a
  /// processor, so that the JVM has compiled the compiler itself when modules come. Only for
  /// processes that last; without effect from the second time in a JVM on. Any thread.
  public void warmUp() {
    warmUp.start();
  }

  /// {@return the settings that the engine was started with}
  public EngineConfig config() {
    return config;
  }

  /// {@return the way to the listeners}
  EngineEvents events() {
    return events;
  }

  /// {@return the module that `wireBytes` are, decoded and validated but not compiled}
  ///
  /// @throws dev.cloister.engine.error.MalformedException if it cannot be decoded
  /// @throws dev.cloister.engine.error.InvalidModuleException if it is not valid
  /// @throws dev.cloister.engine.error.LimitExceededException if it exceeds a limit
  public WasmModule validate(byte[] wireBytes) {
    return decode(wireBytes.clone());
  }

  private WasmModule decode(byte[] ownBytes) {
    return ModuleDecoder.decode(ownBytes, config.features(), config.limits(), threads::runLater);
  }

  /// Adds an isolate, which shares compiled code with all others.
  ///
  /// @param id its name, for people
  public EngineIsolate addIsolate(String id) {
    return addIsolate(id, "");
  }

  /// Adds an isolate.
  ///
  /// @param id its name, for people
  /// @param salt if it is not empty, compiled code is shared only with isolates that have the same
  ///   one: nobody else can tell from the time that a compilation takes what the isolate runs
  public EngineIsolate addIsolate(String id, String salt) {
    EngineIsolate isolate = new EngineIsolate(this, id, salt);
    codeManager.addIsolate(isolate);
    shared.add(isolate);
    return isolate;
  }

  /// Takes a reference on the native module with these bytes, compiled now if nobody has it.
  ///
  /// @throws dev.cloister.engine.error.MalformedException if it cannot be decoded
  /// @throws dev.cloister.engine.error.InvalidModuleException if it is not valid
  /// @throws dev.cloister.engine.error.LimitExceededException if it exceeds a limit
  /// @throws dev.cloister.engine.error.CompilationCancelledException if somebody cancelled it
  public ModuleHandle compile(EngineIsolate isolate, byte[] wireBytes) {
    return compile(isolate, wireBytes, CompileOptions.defaults());
  }

  /// Takes a reference on the native module with these bytes, compiled now if nobody has it.
  ///
  /// @throws dev.cloister.engine.error.MalformedException if it cannot be decoded
  /// @throws dev.cloister.engine.error.InvalidModuleException if it is not valid
  /// @throws dev.cloister.engine.error.LimitExceededException if it exceeds a limit
  /// @throws dev.cloister.engine.error.CompilationCancelledException if somebody cancelled it
  public ModuleHandle compile(EngineIsolate isolate, byte[] wireBytes, CompileOptions options) {
    if (config.testStreaming()) {
      return compileInPieces(isolate, wireBytes, options);
    }
    CompileJob job = begin(isolate, CompileMode.SYNC, options);
    ModuleHandle handle = null;
    try {
      handle = link(isolate, job, compiler.compile(job, wireBytes.clone()));
      return handle;
    } finally {
      if (handle == null) {
        failed(job);
      }
    }
  }

  /// Takes a reference on the native module with these bytes, compiled on threads of the engine if
  /// nobody has it. The caller goes on at once, and may change the bytes.
  ///
  /// @return completes on one of those threads, or on that which cancels the job; exceptionally as
  ///   [#compile] throws. Cancelling it cancels the compilation.
  /// @throws dev.cloister.engine.error.LimitExceededException if there are too many compilations
  public CompletableFuture<ModuleHandle> compileAsync(
      EngineIsolate isolate, byte[] wireBytes, CompileOptions options) {
    if (config.testStreaming()) {
      byte[] copy = wireBytes.clone();
      CompletableFuture<ModuleHandle> result = new CompletableFuture<>();
      jobThreads.execute(() -> {
        try {
          result.complete(compileInPieces(isolate, copy, options));
        } catch (RuntimeException | Error e) {
          result.completeExceptionally(e);
        }
      });
      return result;
    }
    CompileJob job = begin(isolate, CompileMode.ASYNC, options);
    CompletableFuture<ModuleHandle> result = new CompletableFuture<>();
    CompletableFuture<?> _ =
        result.whenComplete((_, _) -> {
          if (result.isCancelled()) {
            jobs.cancel(job.id(), Reason.REQUEST);
          }
        });
    CompletableFuture<?> _ =
        compiler
            .compileLater(job, wireBytes.clone(), jobThreads::execute)
            .whenComplete((compiled, failure) -> complete(result, isolate, job, compiled, failure));
    return result;
  }

  private void complete(
      CompletableFuture<ModuleHandle> result,
      EngineIsolate isolate,
      CompileJob job,
      @Nullable Compiled compiled,
      @Nullable Throwable failure) {
    Throwable cause = failure;
    if (compiled != null) {
      try {
        ModuleHandle handle = link(isolate, job, compiled);
        if (!result.complete(handle)) {
          // Nobody wants it any more.
          handle.close();
        }
        return;
      } catch (RuntimeException | Error e) {
        cause = e;
      }
    }
    failed(job);
    result.completeExceptionally(Objects.requireNonNull(cause));
  }

  /// Begins the compilation of a module whose bytes are still to come.
  public StreamingCompilation startStreaming(EngineIsolate isolate) {
    return startStreaming(isolate, CompileOptions.defaults());
  }

  /// Begins the compilation of a module whose bytes are still to come.
  ///
  /// @throws dev.cloister.engine.error.LimitExceededException if there are too many compilations
  public StreamingCompilation startStreaming(EngineIsolate isolate, CompileOptions options) {
    CompileJob job = begin(isolate, CompileMode.STREAMING, options);
    return new StreamingCompilation(this, isolate, job, compiler.stream(job, () -> failed(job)));
  }

  /// Compiles bytes that are there as a stream, cut at places that depend on them alone: a
  /// self-test (V8 `--wasm-test-streaming`).
  private ModuleHandle compileInPieces(
      EngineIsolate isolate, byte[] wireBytes, CompileOptions options) {
    StreamingCompilation streaming = startStreaming(isolate, options);
    try {
      int from = 0;
      for (int cut : RandomCuts.of(wireBytes)) {
        streaming.push(wireBytes, from, cut - from);
        from = cut;
      }
      return streaming.finish();
    } finally {
      streaming.abort();
    }
  }

  private CompileJob begin(EngineIsolate isolate, CompileMode mode, CompileOptions options) {
    CompileRequest request =
        new CompileRequest(
            isolate,
            isolate.id(),
            options.tag(),
            isolate.salt(),
            options.lower(config.limits()),
            options.maxMillis());
    CompileJob job = shared.with(isolate, _ -> jobs.create(request, mode));
    jobs.announce(job);
    return job;
  }

  /// Ends a job that has compiled a module: the isolate uses it from now on.
  ///
  /// @throws dev.cloister.engine.error.CompilationCancelledException if it was cancelled meanwhile;
  ///   [#failed] is still to be called
  ModuleHandle link(EngineIsolate isolate, CompileJob job, Compiled compiled) {
    ModuleHandle handle = link(isolate, compiled.module(), compiled.key());
    if (handle == null) {
      // The isolate is removed before its jobs are cancelled.
      throw new CompilationCancelledException(job.id(), Reason.ISOLATE_REMOVED);
    }
    try {
      job.succeed();
    } catch (CompilationCancelledException e) {
      handle.close();
      throw e;
    }
    tellCompiled(job, compiled);
    return handle;
  }

  /// Ends a job that has not. Repeating it does nothing.
  void failed(CompileJob job) {
    if (job.fail()) {
      tellCompiled(job, null);
    }
  }

  private void tellCompiled(CompileJob job, @Nullable Compiled compiled) {
    if (events.isSilent()) {
      return;
    }
    ModuleCompiled event =
        new ModuleCompiled(
            job.isolate(),
            job.hash(),
            job.mode() == CompileMode.ASYNC,
            job.mode() == CompileMode.STREAMING,
            compiled != null && compiled.isCached(),
            compiled != null && !compiled.isCached() && compiled.module().isDeserialized(),
            /* isLazy= */ true,
            compiled != null,
            compiled == null ? 0 : compiled.module().codeBytes(),
            job.wallMicros());
    events.tell(listener -> listener.moduleCompiled(event));
  }

  /// The one way by which an isolate comes to use a module: new, found or shared by another
  /// isolate.
  private @Nullable ModuleHandle link(
      EngineIsolate isolate, NativeModule module, NativeModuleCache.Key key) {
    ModuleHandle handle =
        shared.link(
            isolate,
            module,
            open ->
                new ModuleHandle(
                    this,
                    isolate,
                    module,
                    key,
                    isolate.stops(key, stopper, open),
                    isolate.began(module, nextScript)));
    if (handle != null) {
      uses.forEach(use -> use.began(isolate, module));
      codeLogger.tellOfAll(isolate.codeLog(), module);
    }
    return handle;
  }

  /// Lets another isolate use a module.
  ModuleHandle share(ModuleHandle handle, EngineIsolate isolate) {
    if (!shared.isOpen(handle)) {
      throw new IllegalStateException("the handle is closed");
    }
    ModuleHandle linked = link(isolate, handle.nativeModule(), handle.key());
    if (linked == null) {
      throw new IllegalStateException("the isolate was removed: " + isolate.id());
    }
    return linked;
  }

  private NativeModule generate(WasmModule module, ModuleHash hash, ClassFileArchive archive) {
    NativeModule made =
        new NativeModule(
            module,
            hash,
            config.codeKind(),
            config.methodBytes(),
            config.vectorUse(),
            signatureClasses,
            structClasses,
            threads,
            stopper,
            memoryPool,
            codeManager,
            config.debugFiles(),
            archive);
    ExecutionProfile given = config.profiles().get(hash);
    ExecutionProfile profile = given == null ? made.keptProfile() : given;
    if (profile != null) {
      made.prepare(profile);
    }
    return made;
  }

  void close(ModuleHandle handle) {
    if (shared.unlink(handle)) {
      uses.forEach(use -> use.ended(handle.isolate(), handle.nativeModule()));
    }
  }

  void remove(EngineIsolate isolate) {
    // In this order: no job can begin any more, then none is left.
    codeLogger.remove(isolate.codeLog());
    List<ModuleHandle> open = shared.remove(isolate);
    jobs.cancelOf(isolate, Reason.ISOLATE_REMOVED);
    isolate.debugger().close();
    open.forEach(ModuleHandle::close);
    open.stream()
        .map(ModuleHandle::nativeModule)
        .distinct()
        .forEach(module -> uses.forEach(use -> use.ended(isolate, module)));
    codeManager.removeIsolate(isolate);
  }

  // Compilations.

  /// {@return the compilations that are going on, the oldest first}
  public List<CompileJobInfo> compileJobs() {
    return jobs.infos();
  }

  /// {@return a compilation that is going on, null if there is none with this number}
  public @Nullable CompileJobInfo compileJob(long id) {
    CompileJob job = jobs.find(id);
    return job == null ? null : job.info();
  }

  /// Cancels a compilation: whoever waits for it gets a
  /// [dev.cloister.engine.error.CompilationCancelledException]. Others that wait for the same bytes
  /// compile them themselves.
  ///
  /// @return whether there is one with this number that was not cancelled already
  public boolean cancelCompileJob(long id) {
    return jobs.cancel(id, Reason.REQUEST);
  }

  int cancelTagged(EngineIsolate isolate, String tag) {
    return jobs.cancelTagged(isolate, tag, Reason.MODULE_REMOVED);
  }

  CompileJobs jobs() {
    return jobs;
  }

  /// {@return what the cache holds, for tests}
  NativeModuleCache.Size cacheSize() {
    return cache.size();
  }

  SharedModules shared() {
    return shared;
  }

  // Figures.

  /// {@return all native modules that isolates use, by script URL}
  public List<NativeModuleInfo> nativeModules() {
    List<NativeModuleInfo> infos = new ArrayList<>();
    shared.snapshot().forEach((module, users) -> infos.add(info(module, users)));
    infos.sort(
        Comparator.comparing(NativeModuleInfo::scriptUrl).thenComparing(i -> i.hash().hex()));
    return infos;
  }

  NativeModuleInfo info(NativeModule module) {
    return info(module, shared.users(module));
  }

  private static NativeModuleInfo info(NativeModule module, SharedModules.Users users) {
    List<NativeModuleInfo.ImageInfo> images =
        module.images().stream()
            .map(image ->
                new NativeModuleInfo.ImageInfo(
                    image.ordinal(),
                    image.kind().label(),
                    image.tiers().label(),
                    image.tiers().optimized().cardinality(),
                    image.generatedChunks(),
                    image.codeBytes(),
                    image.instanceCount(),
                    image.isPublished(),
                    module.isCurrent(image)))
            .toList();
    WasmModule decoded = module.module();
    return new NativeModuleInfo(
        module.hash(),
        module.scriptUrl().text(),
        decoded.wireBytes().size(),
        module.codeBytes(),
        decoded.metadataBytes(),
        decoded.functionCount() - decoded.importedFunctionCount(),
        module.chunkCount(),
        users.references(),
        users.isolates(),
        users.debuggingIsolates(),
        users.loggingIsolates(),
        images);
  }

  /// {@return the debuggers of the isolates that are being debugged} Any thread.
  public List<Debugger> debuggers() {
    return shared.isolates().stream()
        .map(EngineIsolate::debugger)
        .filter(Debugger::isEnabled)
        .toList();
  }

  /// {@return figures of this moment}
  public EngineStatistics statistics() {
    long wireBytes = 0;
    long codeBytes = 0;
    long metadataBytes = 0;
    Set<NativeModule> modules = shared.snapshot().keySet();
    for (NativeModule module : modules) {
      wireBytes += module.module().wireBytes().size();
      codeBytes += module.codeBytes();
      metadataBytes += module.module().metadataBytes();
    }
    return new EngineStatistics(
        shared.isolateCount(),
        modules.size(),
        cache.compilations(),
        cache.hits(),
        wireBytes,
        codeBytes,
        metadataBytes,
        stopper.figures(),
        failures.hits(),
        EngineMemory.of(modules, shared, cache.size(), failures.size(), jobs.infos()));
  }

  /// {@return figures of the generated code}
  public CodeStatistics codeStatistics() {
    return CodeStatistics.of(codeManager);
  }

  /// Begins a collection of code that calls enter no more, or lets one follow that which runs. Any
  /// thread; returns at once.
  public void collectCode() {
    codeManager.collect();
  }

  /// Gives up the baseline code of all modules; it is generated anew where it is called. Running
  /// guests keep what they run. Any thread.
  public FlushedCode flushBaseline() {
    FreedCode freed = codeManager.flushBaseline();
    return new FlushedCode(freed.codeBytes(), freed.metadataBytes());
  }

  /// Has new calls of a module run optimized code. Not on an event loop.
  ///
  /// @param function the index of an own function, or null for all
  /// @return the modules with this hash, afterwards; none if there is no such module
  /// @throws IndexOutOfBoundsException if there is no such function
  /// @throws dev.cloister.engine.error.LimitExceededException if there is too much code
  public List<NativeModuleInfo> tierUp(ModuleHash hash, @Nullable Integer function) {
    return change(hash, module -> module.tierUp(function));
  }

  /// Has new calls of a module run baseline code, until they are told otherwise. Not on an event
  /// loop.
  ///
  /// @param function the index of an own function, or null for all
  /// @return the modules with this hash, afterwards; none if there is no such module
  /// @throws IndexOutOfBoundsException if there is no such function
  /// @throws dev.cloister.engine.error.LimitExceededException if there is too much code
  public List<NativeModuleInfo> tierDown(ModuleHash hash, @Nullable Integer function) {
    return change(hash, module -> module.tierDown(function));
  }

  private List<NativeModuleInfo> change(ModuleHash hash, Consumer<NativeModule> change) {
    List<NativeModule> modules =
        shared.snapshot().keySet().stream().filter(module -> module.hash().equals(hash)).toList();
    modules.forEach(change);
    return modules.stream().map(this::info).toList();
  }

  /// {@return what samples the sizes of code and metadata}
  public CodeSampler sampler() {
    return sampler;
  }

  private CodeSizes sizes() {
    List<CodeSizes.Module> sampled = new ArrayList<>();
    shared
        .snapshot()
        .forEach((module, users) -> {
          WasmModule decoded = module.module();
          sampled.add(
              new CodeSizes.Module(
                  module.ownCodeBytes(),
                  decoded.metadataBytes() - (long) WasmModule.TYPE_BYTES * decoded.typeCount(),
                  module.imageBytes(),
                  module.freedBytes(),
                  users.isolates()));
        });
    EngineMemory memory = statistics().memory();
    return new CodeSizes(
        sampled,
        shared.isolateIds(),
        signatureClasses.figures().bytes() + structClasses.bytes(),
        memory.total() - memory.wireBytes() - memory.metadataBytes());
  }

  /// {@return figures of the wrappers of imports and exports}
  public WrapperStatistics wrapperStatistics() {
    return WrapperStatistics.of(signatureClasses);
  }

  CodeLogger codeLogger() {
    return codeLogger;
  }

  /// {@return where instances get the arrays of their memories}
  public MemoryPool memoryPool() {
    return memoryPool;
  }

  /// {@return where the time of compiling has gone since the start or the last reset}
  public List<CompilationPhase> compilationPhases() {
    return phases(/* reset= */ false);
  }

  /// {@return the same as [#compilationPhases], which begin anew; but for `persist`, which counts
  /// from the start}
  public List<CompilationPhase> compilationPhasesAndReset() {
    return phases(/* reset= */ true);
  }

  private List<CompilationPhase> phases(boolean reset) {
    List<CompilationPhase> phases = new ArrayList<>();
    for (CompilationStatistics.Row row : threads.statistics().rows(reset)) {
      CodeKind kind = row.kind();
      phases.add(
          new CompilationPhase(
              row.phase().name().toLowerCase(Locale.ROOT),
              kind == null ? "all" : kind.label(),
              row.count(),
              row.nanos(),
              row.bytes()));
    }
    PersistenceFigures kept = persistenceFigures();
    if (kept != null && kept.writtenUnits() > 0) {
      phases.add(
          new CompilationPhase(
              "persist", "all", kept.writtenUnits(), kept.writtenNanos(), kept.writtenBytes()));
    }
    return phases;
  }

  /// {@return what was loaded and written of compiled code, or null if it is not kept}
  public @Nullable PersistenceFigures persistenceFigures() {
    return persistence == null ? null : persistence.figures();
  }

  /// Cancels all compilations and ends the compile threads; instances that need code generated can
  /// no longer run. New code that is to be kept is written before this returns.
  @Override
  public void close() {
    warmUp.close();
    jobs.close();
    jobThreads.close();
    threads.close();
    if (persistence != null) {
      persistence.close();
    }
    codeEvents.close();
    codeLogger.close();
    sampler.close();
    memoryPool.close();
  }
}
