package dev.cloister.engine;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.code.CodeCacheUse;
import dev.cloister.engine.code.CodeManager;
import dev.cloister.engine.code.CompileThreads;
import dev.cloister.engine.code.FreedCode;
import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.code.NativeModuleCache;
import dev.cloister.engine.code.SignatureClasses;
import dev.cloister.engine.code.StructClasses;
import dev.cloister.engine.code.Tiering;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.decode.StreamingDecoder;
import dev.cloister.engine.logging.CodeLogger;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.runtime.MemoryPool;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.script.Script;
import dev.cloister.engine.stats.EngineEvents;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A WebAssembly engine: modules become JVM bytecode, shared by all isolates that use them.
///
/// The way in for embedders. Safe to use by any thread; what compiles blocks, so it does not belong
/// on an event loop. Locks, in this order: isolates, then the native module cache.
public final class WasmEngine implements AutoCloseable {
  private final EngineConfig config;
  private final CompileThreads threads;
  private final SignatureClasses signatureClasses;
  private final StructClasses structClasses;
  private final Stopper stopper;
  private final MemoryPool memoryPool;
  private final CodeManager codeManager;
  private final EngineEvents events;
  private final NativeModuleCache cache = new NativeModuleCache();
  private final CodeLogger codeLogger;
  private final AtomicInteger nextScript = new AtomicInteger(1);
  private final Object isolateLock = new Object();

  /// Who has something to do when isolates begin and end to use modules.
  private final List<ModuleUse> uses = List.of();

  @GuardedBy("isolateLock")
  private final Set<EngineIsolate> isolates = new LinkedHashSet<>();

  /// Starts an engine.
  public WasmEngine(EngineConfig config) {
    this.config = config;
    this.threads = new CompileThreads(config.compileThreads());
    this.signatureClasses = new SignatureClasses(threads);
    this.codeLogger = new CodeLogger(signatureClasses);
    this.structClasses = new StructClasses(threads);
    this.stopper = Stopper.create(config.stops());
    this.memoryPool = new MemoryPool(config.idleMemoryBytes());
    this.codeManager =
        new CodeManager(
            config.codeBytes(),
            config.stressCodeGc(),
            config.maxCodeCachePercent() / 100.0,
            CodeCacheUse::now,
            threads::runSoon,
            new Tiering(config.tiers()));
    this.events = new EngineEvents(config.listeners());
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

  /// Adds an isolate.
  ///
  /// @param id its name, for people
  public EngineIsolate addIsolate(String id) {
    EngineIsolate isolate = new EngineIsolate(this, id);
    codeManager.addIsolate(isolate);
    synchronized (isolateLock) {
      isolates.add(isolate);
    }
    return isolate;
  }

  /// Takes a reference on the native module with these bytes, compiled now if nobody has it.
  ///
  /// @throws dev.cloister.engine.error.MalformedException if it cannot be decoded
  /// @throws dev.cloister.engine.error.InvalidModuleException if it is not valid
  /// @throws dev.cloister.engine.error.LimitExceededException if it exceeds a limit
  public ModuleHandle compile(EngineIsolate isolate, byte[] wireBytes) {
    byte[] copy = wireBytes.clone();
    return use(isolate, WireBytes.adopt(copy), () -> decode(copy));
  }

  /// Begins the compilation of a module whose bytes are still to come.
  public StreamingCompilation startStreaming(EngineIsolate isolate) {
    return new StreamingCompilation(
        this, isolate, new StreamingDecoder(config.features(), config.limits(), threads::runLater));
  }

  ModuleHandle use(EngineIsolate isolate, WasmModule module) {
    return use(isolate, module.wireBytes(), () -> module);
  }

  /// The one way by which an isolate comes to use a module, new or shared.
  private ModuleHandle use(
      EngineIsolate isolate, WireBytes wireBytes, Supplier<WasmModule> module) {
    NativeModuleCache.Key key = new NativeModuleCache.Key(wireBytes.sha256(), config.features());
    NativeModule nativeModule = cache.acquire(key, () -> compile(module.get(), key.hash()));
    ModuleHandle handle = null;
    boolean isFirst = false;
    synchronized (isolateLock) {
      if (isolates.contains(isolate)) {
        Script script =
            isolate.scripts.computeIfAbsent(nativeModule, used -> newScript(isolate, used));
        handle =
            new ModuleHandle(this, isolate, nativeModule, key, isolate.stops(key, stopper), script);
        isolate.open.add(handle);
        isFirst = isolate.handles.merge(nativeModule, 1, Integer::sum) == 1;
        if (isFirst) {
          codeLogger.link(isolate.codeLog(), nativeModule, script);
        }
        isolate.debugger().link(nativeModule);
      }
    }
    if (handle == null) {
      cache.release(key);
      throw new IllegalStateException("the isolate was removed: " + isolate.id());
    }
    if (isFirst) {
      uses.forEach(use -> use.began(isolate, nativeModule));
      codeLogger.tellOfAll(isolate.codeLog(), nativeModule);
    }
    return handle;
  }

  private Script newScript(EngineIsolate isolate, NativeModule module) {
    return new Script(
        nextScript.getAndIncrement(), isolate.id(), module.scriptUrl(), module.sources().symbols());
  }

  private NativeModule compile(WasmModule module, ModuleHash hash) {
    // All at once, so that its classes need not be handed over one by one.
    return threads.run(() ->
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
            config.debugFiles()));
  }

  void close(ModuleHandle handle) {
    EngineIsolate isolate = handle.isolate();
    NativeModule nativeModule = handle.nativeModule();
    boolean isLast;
    synchronized (isolateLock) {
      if (!isolate.open.remove(handle)) {
        return;
      }
      isLast =
          isolate.handles.computeIfPresent(
                  nativeModule, (_, count) -> count == 1 ? null : count - 1)
              == null;
      if (isLast) {
        isolate.scripts.remove(nativeModule);
        codeLogger.unlink(isolate.codeLog(), nativeModule);
        isolate.debugger().unlink(nativeModule);
      }
    }
    if (isLast) {
      uses.forEach(use -> use.ended(isolate, nativeModule));
    }
    cache.release(handle.key());
  }

  void remove(EngineIsolate isolate) {
    List<ModuleHandle> open;
    codeLogger.remove(isolate.codeLog());
    synchronized (isolateLock) {
      isolates.remove(isolate);
      open = List.copyOf(isolate.open);
    }
    isolate.debugger().close();
    open.forEach(ModuleHandle::close);
    codeManager.removeIsolate(isolate);
  }

  /// {@return all live native modules, by script URL}
  public List<NativeModuleInfo> nativeModules() {
    List<NativeModuleInfo> infos = new ArrayList<>();
    Map<NativeModule, Integer> snapshot = cache.snapshot();
    snapshot.forEach((module, references) -> infos.add(info(module, references)));
    infos.sort(
        Comparator.comparing(NativeModuleInfo::scriptUrl).thenComparing(i -> i.hash().hex()));
    return infos;
  }

  NativeModuleInfo info(NativeModule module) {
    return info(module, cache.snapshot().getOrDefault(module, 0));
  }

  private NativeModuleInfo info(NativeModule module, int references) {
    List<EngineIsolate> holders;
    synchronized (isolateLock) {
      holders =
          isolates.stream()
              .filter(isolate -> isolate.handles.containsKey(module))
              .sorted(Comparator.comparing(EngineIsolate::id))
              .toList();
    }
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
        references,
        holders.stream().map(EngineIsolate::id).toList(),
        holders.stream().filter(EngineIsolate::isLoggingCode).map(EngineIsolate::id).toList(),
        images);
  }

  /// {@return figures of this moment}
  public EngineStatistics statistics() {
    int isolateCount;
    synchronized (isolateLock) {
      isolateCount = isolates.size();
    }
    long wireBytes = 0;
    long codeBytes = 0;
    long metadataBytes = 0;
    List<NativeModule> modules = cache.modules();
    for (NativeModule module : modules) {
      wireBytes += module.module().wireBytes().size();
      codeBytes += module.codeBytes();
      metadataBytes += module.module().metadataBytes();
    }
    return new EngineStatistics(
        isolateCount,
        modules.size(),
        cache.compilations(),
        cache.hits(),
        wireBytes,
        codeBytes,
        metadataBytes,
        stopper.figures());
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
        cache.modules().stream().filter(module -> module.hash().equals(hash)).toList();
    modules.forEach(change);
    return modules.stream().map(this::info).toList();
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

  /// Ends the compile threads; instances that need code generated can no longer run.
  @Override
  public void close() {
    threads.close();
    codeLogger.close();
    memoryPool.close();
  }
}
