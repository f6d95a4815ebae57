package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.code.CompilationStatistics.Phase;
import dev.cloister.engine.codegen.ChunkGenerator;
import dev.cloister.engine.codegen.FunctionTiers;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.codegen.Sites;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.engine.module.CompilationHints;
import dev.cloister.engine.module.ExecutionProfile;
import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CapacitySite;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.CodeLinkage;
import dev.cloister.engine.runtime.CodeUser;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.GcHeap;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.ImageEpoch;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceImage;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.runtime.InstancePlan;
import dev.cloister.engine.runtime.Instantiator;
import dev.cloister.engine.runtime.MemoryPool;
import dev.cloister.engine.runtime.StopHistory;
import dev.cloister.engine.runtime.StopSite;
import dev.cloister.engine.runtime.Stopper;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.runtime.WasmStruct;
import dev.cloister.engine.script.DebugFileLoader;
import dev.cloister.engine.script.ScriptUrl;
import dev.cloister.engine.script.SourceLocator;
import dev.cloister.engine.stats.GenerationCause;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A compiled module: what all isolates that use it share.
///
/// Immutable but for its list of code images. It lives as long as something refers to it: handles
/// of isolates, instances, running frames. Safe to use by any thread.
public final class NativeModule implements CodeLinkage {
  /// The most chunks that are defined because an earlier run has used them.
  private static final int MAX_CHUNKS_AHEAD = 2_048;

  private static final AtomicLong NEXT_ID = new AtomicLong();

  /// The live modules by the name of their loader, for stack traces that cross modules.
  private static final WeakTable<String, NativeModule> LIVE = new WeakTable<>();

  /// The exported functions whose code is begun with before they are called: what has few is small,
  /// and what has many may not be called by most of them.
  private static final int PREPARED_EXPORTS = 4;

  private final WasmModule module;
  private final ModuleHash hash;
  private final ScriptUrl scriptUrl;
  private final SourceLocator sources;
  private final InstanceLayout layout;
  private final ModulePlan plan;
  private final StopSite stopSite;
  private final CapacitySite capacitySite = new CapacitySite();
  private final int[] typeIds;
  private final DefinedType[] types;
  private final CompileThreads threads;
  private final MemoryPool memoryPool;
  private final ModuleLoader loader;
  private final ImageSet images;
  private final ModuleAccount account;
  private final ModuleTiers tiers;
  private final Tiering tiering;

  /// Whom instances are for that nobody told apart.
  private final CodeUser anybody = new CodeUser(/* isolate= */ null, /* history= */ null);

  /// Above the locks of images: who is the first or last user acts on them with it held.
  private final Object usersLock = new Object();

  @GuardedBy("usersLock")
  private int openUsers;

  /// Made with the first instance.
  private volatile @Nullable InstancePlan instancePlan;

  /// Compiles a module as far as all its images have it in common.
  ///
  /// @param hash that of its bytes
  /// @param kind that of the first image
  /// @param methodBytes the estimated bytecode from which a function is divided
  /// @param vectorUse where optimized code keeps vectors in registers
  /// @param stopper decides when its running code is made to look whether it is to stop
  /// @param memoryPool where its instances get the arrays of their memories
  /// @param codeManager what counts and bounds its code
  /// @param debugFiles where debug information comes from that is not in the module
  /// @param archive where its class files are kept
  /// @throws LimitExceededException if there is too much code
  public NativeModule(
      WasmModule module,
      ModuleHash hash,
      CodeKind kind,
      int methodBytes,
      VectorUse vectorUse,
      SignatureClasses signatureClasses,
      StructClasses structClasses,
      CompileThreads threads,
      Stopper stopper,
      MemoryPool memoryPool,
      CodeManager codeManager,
      DebugFileLoader debugFiles,
      ClassFileArchive archive) {
    this(
        module,
        hash,
        kind,
        methodBytes,
        vectorUse,
        signatureClasses,
        structClasses,
        threads,
        stopper,
        memoryPool,
        codeManager,
        debugFiles,
        archive,
        VectorWarmUp::prepare);
  }

  /// @param beforeVectors what is told the instructions of a function with vector objects before it
  ///   is compiled
  NativeModule(
      WasmModule module,
      ModuleHash hash,
      CodeKind kind,
      int methodBytes,
      VectorUse vectorUse,
      SignatureClasses signatureClasses,
      StructClasses structClasses,
      CompileThreads threads,
      Stopper stopper,
      MemoryPool memoryPool,
      CodeManager codeManager,
      DebugFileLoader debugFiles,
      ClassFileArchive archive,
      Consumer<Set<Opcode>> beforeVectors) {
    this.module = module;
    this.stopSite = new StopSite(stopper);
    this.hash = hash;
    this.scriptUrl = ScriptUrl.of(module, hash);
    this.sources = new SourceLocator(module, scriptUrl, debugFiles);
    this.layout = new InstanceLayout(module);
    long start = System.nanoTime();
    this.plan = new ModulePlan(module, layout, methodBytes, vectorUse, beforeVectors);
    threads.statistics().add(Phase.PLAN, /* kind= */ null, start, module.wireBytes().size());
    this.threads = threads;
    this.memoryPool = memoryPool;
    this.typeIds = new int[module.typeCount()];
    this.types = new DefinedType[typeIds.length];
    for (int i = 0; i < typeIds.length; i++) {
      types[i] = module.type(i);
      typeIds[i] = types[i].id();
    }
    String name = "wasm-" + NEXT_ID.incrementAndGet();
    List<ImageAccount> accounts = ImageSet.noAccounts();
    this.account = new ModuleAccount(codeManager, () -> accounts);
    this.loader =
        new ModuleLoader(
            name, this, account, plan, signatureClasses, structClasses, threads, archive);
    this.tiering = codeManager.tiering();
    boolean isHinted = tiering.policy().isAutomatic() && kind == CodeKind.BASELINE;
    CompilationHints hints = isHinted ? CompilationHints.of(module) : CompilationHints.NONE;
    FunctionTiers first =
        isHinted ? FunctionTiers.optimizing(hints.optimized()) : FunctionTiers.of(kind);
    // Its initialiser asks the loader for this object, so all that it needs is set before.
    this.images =
        new ImageSet(hash, scriptUrl.text(), plan, loader, threads, codeManager, accounts, first);
    this.tiers =
        new ModuleTiers(plan, images, threads, tiering, System::nanoTime, hints.onceOnly());
    LIVE.get(name, _ -> this);
    images.current().generateLater(hints.early());
    prepareExports();
    archive.describe(ProfileArchive.UNIT, () -> ProfileArchive.toBytes(executionProfile()));
  }

  /// Has ready what an earlier run has executed, before somebody needs it. Any thread.
  ///
  /// @param profile of this very module
  /// @throws IllegalArgumentException if it is of another one
  public void prepare(ExecutionProfile profile) {
    if (!profile.module().equals(hash) || profile.functionCount() != module.functionCount()) {
      throw new IllegalArgumentException(
          "a profile of module " + profile.module() + " for module " + hash);
    }
    int[] chunks =
        profile.byHeat().stream()
            .mapToInt(function -> plan.chunkOf(function.index()))
            .distinct()
            .limit(MAX_CHUNKS_AHEAD)
            .toArray();
    images.current().loadAhead(chunks);
    BitSet optimized = profile.optimized();
    if (!optimized.isEmpty() && tiering.policy().isAutomatic()) {
      threads.runSoon(() -> optimizeAhead(optimized));
    }
  }

  private void optimizeAhead(BitSet functions) {
    try {
      tiers.tierUp(functions, GenerationCause.PROFILE);
    } catch (LimitExceededException _) {
      // There is too much code; they may become hot again.
      tiering.countPostponed();
    }
  }

  /// {@return what has been executed of the module so far, by all isolates together} Any thread.
  public ExecutionProfile executionProfile() {
    Map<Integer, FunctionHeat> heats = new HashMap<>();
    tiers.heat().forEach(heat -> heats.put(heat.functionIndex(), heat));
    BitSet optimized = images.currentTiers().optimized();
    List<ExecutionProfile.Function> functions = new ArrayList<>();
    CodeImage current = images.currentIfThere();
    for (int chunk : current == null ? new int[0] : current.definedChunks()) {
      plan.ownFunctions(chunk)
          .forEach(f -> {
            FunctionHeat heat = heats.get(f);
            int samples = heat == null ? 0 : heat.samples();
            functions.add(new ExecutionProfile.Function(f, samples, optimized.get(f)));
          });
    }
    return new ExecutionProfile(hash, module.functionCount(), functions);
  }

  /// {@return the profile that was kept of the module, or null} May read a file.
  public @Nullable ExecutionProfile keptProfile() {
    return ProfileArchive.find(loader.archive());
  }

  private void prepareExports() {
    BitSet functions = new BitSet();
    for (Export export : module.exports()) {
      if (export.kind() == ExternKind.FUNCTION
          && export.index() >= module.importedFunctionCount()
          && functions.cardinality() < PREPARED_EXPORTS) {
        functions.set(export.index());
      }
    }
    functions.stream().map(plan::shapeOf).distinct().forEach(loader::prepareReferences);
    images.current().generateLater(functions);
  }

  @Override
  public WasmModule module() {
    return module;
  }

  /// {@return whether code of the module had been kept when it was compiled} Any thread.
  public boolean isDeserialized() {
    return loader.archive().wasFilled();
  }

  /// {@return the hash of the module's bytes}
  public ModuleHash hash() {
    return hash;
  }

  /// {@return how stack traces, logs and debuggers call the module}
  public ScriptUrl scriptUrl() {
    return scriptUrl;
  }

  /// {@return finds where in its source text the module's code came from}
  public SourceLocator sources() {
    return sources;
  }

  @Override
  public InstanceLayout layout() {
    return layout;
  }

  @Override
  public InstancePlan instancePlan() {
    InstancePlan made = instancePlan;
    if (made == null) {
      // Two threads may come here at once; either plan will do.
      made = new InstancePlan(module, layout);
      instancePlan = made;
    }
    return made;
  }

  @Override
  public MemoryPool memoryPool() {
    return memoryPool;
  }

  @Override
  public StopSite stopSite() {
    return stopSite;
  }

  @Override
  public CapacitySite capacitySite() {
    return capacitySite;
  }

  @Override
  public int[] typeIds() {
    return typeIds;
  }

  @Override
  public DefinedType[] types() {
    return types;
  }

  @Override
  public WasmStruct newStruct(int typeIndex, GcHeap heap) {
    return loader.structs(plan.structShape(typeIndex)).create(types[typeIndex], heap);
  }

  @Override
  public Instance newInstance(Store store, @Nullable CodeUser user) {
    tiering.noteGuest();
    CodeUser known = user == null ? anybody : user;
    CodeImage image = images.current();
    CodeKind ownKind = image.kind().isReplaceable() ? ownKind(store, known) : null;
    if (ownKind != null) {
      image = image(ownKind);
    }
    Instance instance = image.entry().newInstance(store, this);
    if (ownKind != null) {
      instance.pin(true);
    }
    if (ownKind == CodeKind.POLLED) {
      stopSite.stopper().countPolledInstance();
    }
    run(instance, image, known);
    return instance;
  }

  /// {@return the kind of code that an instance has to run whatever image is current, or null}
  private @Nullable CodeKind ownKind(Store store, CodeUser user) {
    if (store.isMetered()) {
      return CodeKind.FUEL;
    }
    StopHistory history = user.history();
    return history != null && history.isQuarantined(stopSite) ? CodeKind.POLLED : null;
  }

  /// Tells `told` of the code that is defined from now on, or nobody. Any thread.
  public void observe(@Nullable CodeObserver told) {
    loader.observe(told);
  }

  @Override
  public void follow(Instance instance) {
    tiering.noteGuest();
    CodeUser user = instance.codeUser();
    CodeObserver observer = loader.observer();
    if (observer != null) {
      observer.entered(user == null ? null : user.isolate());
    }
    if (instance.isPinned() || user == null) {
      return;
    }
    CodeImage image;
    try {
      image = images.current();
    } catch (LimitExceededException _) {
      // It stays in the image that it has, which is refused to new instances only.
      return;
    }
    if (!image.entry().equals(instance.image())) {
      run(instance, image, user);
    }
  }

  /// Lets calls of an instance run an image, from the next call from outside on. On the thread that
  /// runs the instance's store.
  ///
  /// @param user whom the instance is for
  public void run(Instance instance, CodeImage image, CodeUser user) {
    instance.store().watch(stopSite, user.history(), image.kind().polls());
    instance.run(image.entry(), user, image.account().begin(user));
  }

  /// Lets calls of an instance run code of a kind from the next call from outside on, and stay
  /// there whatever image becomes current. On the thread that runs the instance's store.
  ///
  /// @throws LimitExceededException if there is no such code and it cannot be made
  public void pin(Instance instance, CodeKind kind) {
    run(instance, image(kind), userOf(instance));
    instance.pin(true);
  }

  /// Ends what [#pin] began: the next call from outside runs what a new instance would. On the
  /// thread that runs the instance's store.
  ///
  /// @throws LimitExceededException if there is no such code and it cannot be made
  public void unpin(Instance instance) {
    CodeUser user = userOf(instance);
    CodeKind ownKind =
        images.currentTiers().kind().isReplaceable() ? ownKind(instance.store(), user) : null;
    if (ownKind == null) {
      instance.pin(false);
      ImageEpoch.advance();
    } else {
      run(instance, image(ownKind), user);
    }
  }

  private CodeUser userOf(Instance instance) {
    CodeUser user = instance.codeUser();
    return user == null ? anybody : user;
  }

  /// {@return a new user of the module, which is to be closed with [#close]}
  ///
  /// @param isolate what takes part in collections of code for it
  /// @param history what counts the stops of its instances
  public CodeUser open(@Nullable Object isolate, @Nullable StopHistory history) {
    synchronized (usersLock) {
      if (openUsers++ == 0) {
        account.publish();
        images.revive();
        loader.retainSignatures();
      }
    }
    return new CodeUser(isolate, history);
  }

  /// Notes that a user makes no more instances. When there is no other one, the code of the module
  /// is freed as soon as no instance runs it. Repeating it does nothing.
  public void close(CodeUser user) {
    if (!user.close()) {
      return;
    }
    synchronized (usersLock) {
      if (--openUsers == 0) {
        images.retire();
        account.release();
        loader.releaseSignatures();
      }
    }
  }

  /// Makes an instance of the module whose stops nobody counts; see [Instantiator#instantiate].
  public Instance instantiate(Store store, Imports imports) {
    return instantiate(store, imports, /* user= */ null);
  }

  /// Makes an instance of the module; see [Instantiator#instantiate].
  ///
  /// @param user whom the instance is for; null if nobody is to be told apart
  public Instance instantiate(Store store, Imports imports, @Nullable CodeUser user) {
    return Instantiator.instantiate(this, store, imports, user);
  }

  /// Makes an instance of the module that begins with an image; see [Instantiator#restore].
  ///
  /// @param user whom the instance is for; null if nobody is to be told apart
  public Instance restore(
      Store store, Imports imports, @Nullable CodeUser user, InstanceImage image) {
    return Instantiator.restore(this, store, imports, user, image);
  }

  @Override
  public @Nullable Object globalField(Instance instance, int index) {
    return GlobalFields.get(
        instance, index, module.globalType(index).valueType() instanceof VecType);
  }

  @Override
  public void setGlobalField(Instance instance, int index, @Nullable Object value) {
    GlobalFields.set(instance, index, value);
  }

  @Override
  public FuncRef reference(HostFunction function, int functionIndex) {
    return loader
        .signatures(plan.shapeOf(functionIndex))
        .reference(module.functionType(functionIndex), function);
  }

  @Override
  public long dispatchPosition(int functionIndex) {
    return plan.dispatchPosition(functionIndex);
  }

  /// {@return the image that new instances run} Any thread.
  ///
  /// @throws LimitExceededException if it was given up and cannot be made again
  public CodeImage currentImage() {
    return images.current();
  }

  /// {@return whether new instances run an image, which was not given up} Any thread.
  public boolean isCurrent(CodeImage image) {
    return images.isCurrent(image);
  }

  /// {@return how the functions are made in the image that new instances run} Any thread.
  public FunctionTiers currentTiers() {
    return images.currentTiers();
  }

  /// {@return all images that are there, the oldest first: those that calls may enter and those
  /// that something still runs or refers to} Any thread.
  public List<CodeImage> images() {
    return images.images();
  }

  /// {@return the newest image of a kind, added now if there is none} Any thread.
  ///
  /// @throws LimitExceededException if it cannot be made
  public CodeImage image(CodeKind kind) {
    return images.image(kind);
  }

  /// Adds an image. Any thread.
  ///
  /// @throws LimitExceededException if it cannot be made
  public CodeImage addImage(CodeKind kind) {
    return images.add(FunctionTiers.of(kind), GenerationCause.REQUEST);
  }

  /// Adds an image whose functions may be of different kinds. It is there as long as something
  /// refers to it, unless [#useImage] makes it current. Any thread.
  ///
  /// @throws LimitExceededException if it cannot be made
  public CodeImage addImage(FunctionTiers tiers) {
    return images.add(tiers, GenerationCause.REQUEST);
  }

  /// Lets new instances run an image of this module, and those that there are from their next call
  /// from outside on, but for those that are pinned. Any thread.
  public void useImage(CodeImage image) {
    images.use(image, GenerationCause.REQUEST);
  }

  /// Gives up code: calls from outside do not enter it any more, and it is freed when nobody runs
  /// it. Any thread.
  ///
  /// @return the size of what was given up
  public FreedCode remove(CodeFilter filter) {
    return images.remove(filter);
  }

  /// Has new calls run optimized code, which is there before this returns. Not on an event loop.
  ///
  /// @param function an own function, or null for all of them
  /// @return whether that is new; it is not either if the module runs code of a special kind
  /// @throws IndexOutOfBoundsException if there is no such function
  /// @throws LimitExceededException if there is too much code
  public boolean tierUp(@Nullable Integer function) {
    requireOwn(function);
    return tiers.tierUp(function);
  }

  /// The same for some own functions.
  public boolean tierUp(BitSet functions) {
    functions.stream().forEach(this::requireOwn);
    return tiers.tierUp(functions, GenerationCause.REQUEST);
  }

  /// Has new calls run baseline code, also if the function is hot, until it is asked to be
  /// optimized again. Not on an event loop.
  ///
  /// @param function an own function, or null for all of them
  /// @return whether that is new
  /// @throws IndexOutOfBoundsException if there is no such function
  /// @throws LimitExceededException if there is too much code
  public boolean tierDown(@Nullable Integer function) {
    requireOwn(function);
    return tiers.tierDown(function);
  }

  private void requireOwn(@Nullable Integer function) {
    if (function != null) {
      int own = module.functionCount() - module.importedFunctionCount();
      Objects.checkIndex(function - module.importedFunctionCount(), own);
    }
  }

  /// {@return the functions that were found hot, the hottest first} Any thread.
  public List<FunctionHeat> heat() {
    return tiers.heat();
  }

  /// Counts a sample of a function, if it is one of a module with this sampler.
  ///
  /// @param element a frame of a chunk
  static void sampled(StackTraceElement element, HeatSampler sampler) {
    NativeModule found = owner(element);
    if (found != null && found.tiering.sampler() == sampler) {
      int function = function(element);
      FunctionTiers tiers = found.tiersOf(element);
      if (tiers != null && function >= found.module.importedFunctionCount()) {
        found.tiers.sampled(function, tiers.of(function));
      }
    }
  }

  /// {@return the bytes of the class files that only this module has} Any thread.
  public long ownCodeBytes() {
    return loader.definedBytes() + images.bytes(/* freed= */ false);
  }

  /// {@return the class files of its code images that the JVM has not unloaded} Any thread.
  public long imageBytes() {
    return images.bytes(/* freed= */ false);
  }

  /// {@return those of [#imageBytes] that nobody runs} Any thread.
  public long freedBytes() {
    return images.bytes(/* freed= */ true);
  }

  /// {@return an estimate of what the module's classes take in the JVM's metaspace} Any thread.
  public long metaspaceBytes() {
    FreedCode size = account.size().plus(images.size());
    return size.codeBytes() + size.metadataBytes();
  }

  /// Generates all code of the current image that is not there yet.
  ///
  /// @throws LimitExceededException if a function is too large for the JVM
  public void generateAll() {
    images.current().generateAll();
  }

  /// Generates the class file of each chunk of functions anew, one at a time, for those who look at
  /// code of a kind. Nothing is defined.
  public Stream<byte[]> chunkClassFiles(CodeKind kind) {
    return IntStream.range(0, plan.chunkCount())
        .boxed()
        .flatMap(chunk -> generate(kind, chunk).stream());
  }

  private List<byte[]> generate(CodeKind kind, int chunk) {
    return threads.run(() -> List.copyOf(ChunkGenerator.chunk(kind, plan, chunk).values()));
  }

  /// Generates the class files anew of the chunk with a function, which is the method `f` and its
  /// index in the first, as images of a kind have them.
  ///
  /// @throws IndexOutOfBoundsException if there is no such function
  public List<byte[]> chunkClassFiles(CodeKind kind, int functionIndex) {
    Objects.checkIndex(functionIndex, module.functionCount());
    return generate(kind, plan.chunkOf(functionIndex));
  }

  /// {@return the bytes of all class files that were defined for the module so far, and of those of
  /// its structures, which it may share with others} Any thread.
  public long codeBytes() {
    long bytes = loader.codeBytes();
    for (CodeImage image : images()) {
      bytes += image.codeBytes();
    }
    return bytes;
  }

  /// {@return the number of chunks of functions in an image}
  public int chunkCount() {
    return plan.chunkCount();
  }

  /// {@return how the module is laid out in classes}
  public ModulePlan plan() {
    return plan;
  }

  @Override
  public @Nullable WasmFrame resolve(StackTraceElement element) {
    NativeModule found = owner(element);
    int function = found == null ? -1 : function(element);
    if (found == null || function < 0) {
      return null;
    }
    FunctionTiers functionTiers = found.tiersOf(element);
    if (functionTiers == null) {
      return null;
    }
    WasmModule code = found.module;
    CodeKind kind = functionTiers.of(function);
    boolean isPart = element.getMethodName().indexOf('_') >= 0;
    if (function < code.importedFunctionCount()
        || element.getLineNumber() == Sites.REGION_CALL
        || (!isPart && found.plan.hasBodyMethod(kind, function))) {
      return null;
    }
    int offset =
        Sites.offset(found.plan, kind, function, element.getMethodName(), element.getLineNumber());
    return new WasmFrame(
        function,
        code.functionName(function),
        offset,
        found.sources.find(offset),
        found.sources.inlinedAt(offset));
  }

  /// {@return the module whose chunk a frame is in, if it is one and the module is alive}
  private static @Nullable NativeModule owner(StackTraceElement element) {
    String loaderName = element.getClassLoaderName();
    if (loaderName == null || !element.getClassName().startsWith("dev.cloister.generated.C")) {
      return null;
    }
    int end = Math.max(loaderName.lastIndexOf('-'), 0);
    return LIVE.find(loaderName.substring(0, end));
  }

  /// {@return the function that a method of a chunk is a part of, or -1}
  private static int function(StackTraceElement element) {
    String method = element.getMethodName();
    if (method.charAt(0) != 'f') {
      return -1;
    }
    int part = method.indexOf('_');
    return Integer.parseInt(method, 1, part < 0 ? method.length() : part, 10);
  }

  /// {@return how the functions are made in the image of a frame, or null if that is forgotten}
  private @Nullable FunctionTiers tiersOf(StackTraceElement element) {
    String loaderName = Objects.requireNonNull(element.getClassLoaderName());
    return images.tiersOf(
        Integer.parseInt(loaderName, loaderName.lastIndexOf('-') + 1, loaderName.length(), 10));
  }
}
