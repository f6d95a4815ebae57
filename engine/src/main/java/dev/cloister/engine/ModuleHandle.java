package dev.cloister.engine;

import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.code.NativeModuleCache;
import dev.cloister.engine.codegen.ImageSizes;
import dev.cloister.engine.codegen.Sites;
import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.module.ExecutionProfile;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.CodeUser;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceImage;
import dev.cloister.engine.runtime.StopHistory;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.script.Script;
import dev.cloister.engine.stats.EngineEvents;
import dev.cloister.engine.stats.ModuleInstantiated;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One reference of one isolate on a native module, which other isolates may share.
///
/// While it is open the compiled code is kept. Instances that were made from it may outlive it.
/// Safe to use by any thread.
public final class ModuleHandle implements AutoCloseable {
  private final EngineIsolate isolate;
  private final NativeModule nativeModule;
  private final NativeModuleCache.Key key;
  private final WasmEngine engine;
  private final StopHistory stops;
  private final CodeUser user;
  private final Script script;

  ModuleHandle(
      WasmEngine engine,
      EngineIsolate isolate,
      NativeModule nativeModule,
      NativeModuleCache.Key key,
      StopHistory stops,
      Script script) {
    this.engine = engine;
    this.isolate = isolate;
    this.nativeModule = nativeModule;
    this.key = key;
    this.stops = stops;
    this.user = nativeModule.open(isolate, stops);
    this.script = script;
  }

  /// {@return the module}
  public WasmModule module() {
    return nativeModule.module();
  }

  /// {@return the SHA-256 of the wire bytes}
  public ModuleHash hash() {
    return key.hash();
  }

  /// {@return how stack traces, logs and debuggers call the module}
  public String scriptUrl() {
    return nativeModule.scriptUrl().text();
  }

  /// {@return the module as the isolate's logs and debuggers know it; all handles of the isolate on
  /// the module that are open at one time have the same}
  public Script script() {
    return script;
  }

  /// {@return where in its source text the instruction at an offset of the module came from, or
  /// null if it is not known} Reads the module's debug information if need be, which takes a while.
  public @Nullable SourcePosition sourceAt(int offset) {
    return nativeModule.sources().find(offset);
  }

  /// {@return the bytes of all class files that were defined for the module so far}
  public long codeBytes() {
    return nativeModule.codeBytes();
  }

  /// Makes an instance and runs its start function, on the thread that runs `store`.
  ///
  /// It runs code of the kind [#codeKind], unless [#isQuarantined] or the isolate is being
  /// debugged.
  ///
  /// @throws dev.cloister.engine.error.LinkException if an import is missing or of the wrong type
  /// @throws dev.cloister.engine.error.LimitExceededException if the store's limiter refuses what
  ///   the module declares
  /// @throws dev.cloister.engine.error.TrapException if a segment does not fit or the start
  ///   function traps
  /// @throws dev.cloister.engine.error.StoppedException if the store was asked to stop
  public Instance instantiate(Store store, Imports imports) {
    return instantiate(store, imports, /* isAsync= */ false);
  }

  /// Makes an instance and runs its start function on a thread that the embedder gives, while the
  /// caller goes on; see [#instantiate], which is the same otherwise.
  ///
  /// @param guests runs the task that makes the instance, on a thread whose stack guests may use;
  ///   if it refuses, so does the result
  /// @param timeout how long all of it may take, with the wait for a thread: then the store is
  ///   stopped
  public AsyncInstantiation instantiateAsync(
      Store store, Imports imports, Executor guests, Duration timeout) {
    return AsyncInstantiation.begin(this, store, imports, guests, timeout);
  }

  Instance instantiate(Store store, Imports imports, boolean isAsync) {
    store.debugWith(isolate.debugger());
    EngineEvents events = engine.events();
    if (events.isSilent()) {
      return nativeModule.instantiate(store, imports, user);
    }
    long start = System.nanoTime();
    boolean isSuccess = false;
    try {
      Instance instance = nativeModule.instantiate(store, imports, user);
      isSuccess = true;
      return instance;
    } finally {
      ModuleInstantiated event =
          new ModuleInstantiated(
              isolate.id(),
              hash(),
              isAsync,
              isSuccess,
              module().importedFunctionCount(),
              TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - start));
      events.tell(listener -> listener.moduleInstantiated(event));
    }
  }

  /// Makes an instance that begins with an image, in place of its segments and its start function;
  /// see [#instantiate], which is the same otherwise.
  public Instance restore(Store store, Imports imports, InstanceImage image) {
    store.debugWith(isolate.debugger());
    return nativeModule.restore(store, imports, user, image);
  }

  /// Lets calls of an instance run code of another kind, from the next call from outside on; frames
  /// that are running finish in the code in which they began.
  ///
  /// It stays there, whatever image becomes current, until [#release]. On the thread that runs the
  /// instance's store.
  ///
  /// @param instance one of this module
  /// @throws dev.cloister.engine.error.LimitExceededException if there is no such code and it
  ///   cannot be made
  public void switchTo(CodeKind kind, Instance instance) {
    if (!instance.module().equals(nativeModule.module())) {
      throw new IllegalArgumentException("not an instance of " + scriptUrl());
    }
    nativeModule.pin(instance, kind);
  }

  /// Ends what [#switchTo] began: from the next call from outside on, the instance runs what new
  /// instances do. On the thread that runs the instance's store.
  ///
  /// @param instance one of this module
  public void release(Instance instance) {
    if (!instance.module().equals(nativeModule.module())) {
      throw new IllegalArgumentException("not an instance of " + scriptUrl());
    }
    nativeModule.unpin(instance);
  }

  /// Has new calls run optimized code, which is there before this returns. Not on an event loop.
  ///
  /// @param function the index of an own function, or null for all
  /// @return whether that is new; it is not either if the module runs code of a special kind
  /// @throws IndexOutOfBoundsException if there is no such function
  /// @throws dev.cloister.engine.error.LimitExceededException if there is too much code
  public boolean tierUp(@Nullable Integer function) {
    return nativeModule.tierUp(function);
  }

  /// Has new calls run baseline code, also of hot functions, until [#tierUp] says otherwise. Not on
  /// an event loop.
  ///
  /// @param function the index of an own function, or null for all
  /// @return whether that is new
  /// @throws IndexOutOfBoundsException if there is no such function
  /// @throws dev.cloister.engine.error.LimitExceededException if there is too much code
  public boolean tierDown(@Nullable Integer function) {
    return nativeModule.tierDown(function);
  }

  /// Has new calls of some own functions run optimized code: those that an earlier run found hot.
  /// Not on an event loop.
  ///
  /// @return whether that is new
  /// @throws IndexOutOfBoundsException if there is no such function
  /// @throws dev.cloister.engine.error.LimitExceededException if there is too much code
  public boolean tierUp(BitSet functions) {
    return nativeModule.tierUp(functions);
  }

  /// {@return what has been executed of the module so far, by all isolates together: for an engine
  /// that is to have it ready, see `EngineConfig.Builder.profile`}
  public ExecutionProfile executionProfile() {
    return nativeModule.executionProfile();
  }

  /// {@return which functions guests were found in, of all isolates together, the hottest first}
  public List<FunctionProfile> profile() {
    return nativeModule.heat().stream()
        .map(heat -> new FunctionProfile(heat.functionIndex(), heat.samples(), heat.tier()))
        .toList();
  }

  /// {@return the kind of code that new instances run; baseline also if some functions of it are
  /// optimized}
  public CodeKind codeKind() {
    return nativeModule.currentTiers().kind();
  }

  /// {@return whether guests of this isolate had to be stopped so often on this module that its new
  /// instances run code of the kind [CodeKind#POLLED]}
  public boolean isQuarantined() {
    return codeKind().isReplaceable() && stops.isQuarantined(nativeModule.stopSite());
  }

  /// {@return the kind of code that calls of the module's instances in a store run from now on} On
  /// the thread that runs the store.
  public CodeKind codeKind(Store store) {
    if (isolate.debugger().isEnabled()) {
      return CodeKind.DEBUG;
    }
    CodeKind shared = codeKind();
    if (!shared.isReplaceable()) {
      return shared;
    }
    if (store.isMetered()) {
      return CodeKind.FUEL;
    }
    return isQuarantined() ? CodeKind.POLLED : shared;
  }

  /// {@return about how many bytes the class files of a kind take once all functions are there} It
  /// depends on the module and the kind alone, see [ImageSizes].
  public long imageBytes(CodeKind kind) {
    return ImageSizes.estimate(nativeModule.module(), kind);
  }

  /// Lets another isolate of the same engine use the module, as if it had compiled the same bytes.
  ///
  /// @return a reference of that isolate
  /// @throws IllegalStateException if this reference is closed or the isolate was removed
  public ModuleHandle shareWith(EngineIsolate other) {
    return engine.share(this, other);
  }

  /// Generates all code that is not there yet, which otherwise happens at the first calls.
  ///
  /// @throws dev.cloister.engine.error.LimitExceededException if a function is too large
  public void generateAll() {
    nativeModule.generateAll();
  }

  /// Generates the class files with the functions of the module anew, one at a time, for those who
  /// look at code of the kind that new instances run: function 7 is method `f7`. Nothing is
  /// defined.
  ///
  /// @throws dev.cloister.engine.error.LimitExceededException if a function is too large
  public Stream<byte[]> classFiles() {
    return nativeModule.chunkClassFiles(codeKind());
  }

  /// Generates those of [#classFiles] with a function. Large functions are several methods, whose
  /// names begin with that of the function and `_`, in one class file or more.
  ///
  /// @throws IndexOutOfBoundsException if there is no such function
  /// @throws dev.cloister.engine.error.LimitExceededException if a function is too large
  public List<byte[]> classFiles(int functionIndex) {
    return nativeModule.chunkClassFiles(codeKind(), functionIndex);
  }

  /// {@return where in the module the instruction starts that a line of generated code is for}
  ///
  /// @param functionIndex an own function
  /// @param method the name of one of its methods
  /// @param line a line number in the method, or 0 for where it begins
  public int offsetOfLine(int functionIndex, String method, int line) {
    return Sites.offset(nativeModule.plan(), codeKind(), functionIndex, method, line);
  }

  /// {@return sizes of what the module became}
  public NativeModuleInfo info() {
    return engine.info(nativeModule);
  }

  /// Gives the reference back. Repeating it does nothing.
  @Override
  public void close() {
    engine.close(this);
    nativeModule.close(user);
  }

  EngineIsolate isolate() {
    return isolate;
  }

  NativeModule nativeModule() {
    return nativeModule;
  }

  NativeModuleCache.Key key() {
    return key;
  }
}
