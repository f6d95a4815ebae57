package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.codegen.CallShape;
import dev.cloister.engine.codegen.ChunkGenerator;
import dev.cloister.engine.codegen.ModulePlan;
import dev.cloister.engine.codegen.Sites;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeLinkage;
import dev.cloister.engine.runtime.FuncRef;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceFactory;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.runtime.Instantiator;
import dev.cloister.engine.runtime.StopSite;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A compiled module: what all isolates that use it share.
///
/// Immutable but for its list of code images. It lives as long as something refers to it: handles
/// of isolates, instances, running frames. Safe to use by any thread.
public final class NativeModule implements CodeLinkage {
  private static final AtomicLong NEXT_ID = new AtomicLong();

  /// The live modules by the name of their loader, for stack traces that cross modules.
  private static final Map<String, WeakReference<NativeModule>> LIVE = new ConcurrentHashMap<>();

  private final WasmModule module;
  private final ScriptUrl scriptUrl;
  private final InstanceLayout layout;
  private final ModulePlan plan;
  private final StopSite stopSite = new StopSite();
  private final int[] typeIds;
  private final CompileThreads threads;
  private final ModuleLoader loader;
  private final InstanceFactory factory;
  private final Object imageLock = new Object();

  @GuardedBy("imageLock")
  private final List<CodeImage> images = new ArrayList<>();

  private volatile CodeImage currentImage;

  /// Compiles a module as far as all its images have it in common.
  public NativeModule(
      WasmModule module, SignatureClasses signatureClasses, CompileThreads threads) {
    this.module = module;
    this.scriptUrl = ScriptUrl.of(module);
    this.layout = new InstanceLayout(module);
    this.plan = new ModulePlan(module, layout);
    this.threads = threads;
    this.typeIds = new int[module.typeCount()];
    for (int i = 0; i < typeIds.length; i++) {
      typeIds[i] = module.type(i).id();
    }
    String name = "wasm-" + NEXT_ID.incrementAndGet();
    this.loader = new ModuleLoader(name, this, plan, signatureClasses, threads);
    this.factory = newFactory(loader);
    this.currentImage = new CodeImage(0, plan, loader, threads);
    synchronized (imageLock) {
      images.add(currentImage);
    }
    LIVE.values().removeIf(reference -> reference.refersTo(null));
    LIVE.put(name, new WeakReference<>(this));
  }

  /*
   * The factory's class initialiser asks the loader for this object, so all that it needs is set
   * before.
   */
  private static InstanceFactory newFactory(ModuleLoader loader) {
    try {
      return (InstanceFactory)
          loader.loadClass("dev.cloister.generated.M").getConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make the instance factory", e);
    }
  }

  @Override
  public WasmModule module() {
    return module;
  }

  /// {@return how stack traces, logs and debuggers call the module}
  public ScriptUrl scriptUrl() {
    return scriptUrl;
  }

  @Override
  public InstanceLayout layout() {
    return layout;
  }

  @Override
  public StopSite stopSite() {
    return stopSite;
  }

  @Override
  public int[] typeIds() {
    return typeIds;
  }

  @Override
  public Instance newInstance(Store store) {
    Instance instance = factory.newInstance(store, this);
    instance.useImage(currentImage.entry());
    return instance;
  }

  /// Makes an instance of the module; see [Instantiator#instantiate].
  public Instance instantiate(Store store, Imports imports) {
    return Instantiator.instantiate(this, store, imports);
  }

  @Override
  public FuncRef reference(HostFunction function, DefinedType type) {
    CallShape shape = CallShape.of((FuncType) type.composite());
    return loader.signatures(shape).hostReference(type, function.target());
  }

  @Override
  public long dispatchPosition(int functionIndex) {
    return plan.dispatchPosition(functionIndex);
  }

  /// {@return the image that new instances run} Any thread.
  public CodeImage currentImage() {
    return currentImage;
  }

  /// {@return all images, the oldest first} Any thread.
  public List<CodeImage> images() {
    synchronized (imageLock) {
      return List.copyOf(images);
    }
  }

  /// Adds an image, which becomes the one that new instances run. Any thread.
  public CodeImage addImage() {
    synchronized (imageLock) {
      CodeImage image = new CodeImage(images.size(), plan, loader, threads);
      images.add(image);
      currentImage = image;
      return image;
    }
  }

  /// Generates all code of the current image that is not there yet.
  ///
  /// @throws dev.cloister.engine.error.LimitExceededException if a function is too large for the
  ///   JVM
  public void generateAll() {
    currentImage.generateAll();
  }

  /// Generates the class file of each chunk of functions anew, one at a time, for those who look at
  /// code. Nothing is defined.
  public Stream<byte[]> chunkClassFiles() {
    return IntStream.range(0, plan.chunkCount())
        .boxed()
        .flatMap(chunk -> generate(chunk).stream());
  }

  private List<byte[]> generate(int chunk) {
    return threads.run(() -> List.copyOf(ChunkGenerator.chunk(plan, chunk).values()));
  }

  /// Generates the class files anew of the chunk with a function, which is the method `f` and its
  /// index in the first.
  ///
  /// @throws IndexOutOfBoundsException if there is no such function
  public List<byte[]> chunkClassFiles(int functionIndex) {
    Objects.checkIndex(functionIndex, module.functionCount());
    return generate(plan.chunkOf(functionIndex));
  }

  /// {@return the bytes of all class files that were defined for the module so far} Any thread.
  public long codeBytes() {
    long bytes = loader.definedBytes();
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
    String loaderName = element.getClassLoaderName();
    if (loaderName == null || !element.getClassName().startsWith("dev.cloister.generated.C")) {
      return null;
    }
    int end = loaderName.lastIndexOf('-');
    WeakReference<NativeModule> owner = LIVE.get(loaderName.substring(0, Math.max(end, 0)));
    NativeModule found = owner == null ? null : owner.get();
    String method = element.getMethodName();
    if (found == null || method.charAt(0) != 'f') {
      return null;
    }
    int part = method.indexOf('_');
    int function = Integer.parseInt(method.substring(1, part < 0 ? method.length() : part));
    WasmModule code = found.module;
    if (function < code.importedFunctionCount()
        || element.getLineNumber() == Sites.REGION_CALL
        || (part < 0 && found.plan.hasBodyMethod(function))) {
      return null;
    }
    return new WasmFrame(
        function,
        code.functionName(function),
        Sites.offset(found.plan, function, method, element.getLineNumber()));
  }
}
