package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.module.Export;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.GlobalType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An instance of a module: all its mutable state (Spec 4.2.5).
///
/// Each module has a generated subclass with a typed field for every memory, table, global and
/// imported function, so that compiled code reaches them with one load. Confined to the thread that
/// runs the store.
@CalledByGeneratedCode
public abstract class Instance {
  private static final VarHandle DEBUG_SWITCH = debugSwitchField();
  private static final int[] NO_INTS = {};
  private static final long[] NO_LONGS = {};
  private static final float[] NO_FLOATS = {};
  private static final double[] NO_DOUBLES = {};
  private static final @Nullable Object[] NO_OBJECTS = {};
  private static final @Nullable Global[] NO_CELLS = {};
  private static final FuncRef[] NO_FUNCTIONS = {};
  private static final Memory[] NO_MEMORIES = {};
  private static final Table[] NO_TABLES = {};
  private static final Tag[] NO_TAGS = {};
  private static final boolean[] NO_FLAGS = {};
  private static final @Nullable Object[] @Nullable [] NO_SEGMENTS = {};
  private static final @Nullable Object[] DROPPED = NO_OBJECTS;

  /// References are kept in blocks of this size, made when one of them is needed: most functions of
  /// a large module are never referred to by most instances.
  private static final int BLOCK_LOG2 = 5;

  /// Always 0, which the JIT cannot know: generated code makes opaque copies with it.
  @CalledByGeneratedCode public int zero;

  /// Where functions leave all results but the first.
  @CalledByGeneratedCode public final ResultSlots results;

  /// What pays for objects of the guest.
  @CalledByGeneratedCode public final GcHeap gcHeap;

  /// The i32 globals that have no field.
  @CalledByGeneratedCode public int[] i32Globals = NO_INTS;

  /// The i64 globals that have no field.
  @CalledByGeneratedCode public long[] i64Globals = NO_LONGS;

  /// The high halves of the v128 globals that have no field; the low ones are with the i64 globals.
  @CalledByGeneratedCode public long[] highGlobals = NO_LONGS;

  /// The f32 globals that have no field.
  @CalledByGeneratedCode public float[] f32Globals = NO_FLOATS;

  /// The f64 globals that have no field.
  @CalledByGeneratedCode public double[] f64Globals = NO_DOUBLES;

  /// The globals of reference type that have no field.
  @CalledByGeneratedCode public @Nullable Object[] refGlobals = NO_OBJECTS;

  /// All cells, by global index; null where the global is not a cell.
  @CalledByGeneratedCode public @Nullable Global[] cells = NO_CELLS;

  /// All imported functions.
  @CalledByGeneratedCode public FuncRef[] imports = NO_FUNCTIONS;

  /// All memories.
  @CalledByGeneratedCode public Memory[] memories = NO_MEMORIES;

  /// All tables.
  @CalledByGeneratedCode public Table[] tables = NO_TABLES;

  final Store store;
  private final CodeLinkage linkage;
  private @Nullable FuncRef @Nullable [] @Nullable [] references;
  private @Nullable Object[] @Nullable [] elementSegments = NO_SEGMENTS;
  private boolean[] droppedData = NO_FLAGS;
  private Tag[] tags = NO_TAGS;
  private boolean poisoned;
  private boolean debugged;

  /// What calls from outside run, as [#run(ImageEntry, CodeUser, CodeUse)] was told last.
  private @Nullable ImageEntry image;

  private @Nullable CodeUse codeUse;
  private @Nullable CodeUser codeUser;

  /// Whether it runs the image that it was told to run, whatever the module's current one is.
  private boolean isPinned;

  /// What frames of debuggable code look at; made when it is asked for.
  private volatile @Nullable DebugSwitch debugSwitch;

  /// Called by the generated subclasses.
  @CalledByGeneratedCode
  protected Instance(Store store, CodeLinkage linkage) {
    this.store = store;
    this.results = store.results;
    this.gcHeap = store.gcHeap;
    this.linkage = linkage;
  }

  /// Makes room for the parts of the instance, of which most modules have few kinds.
  final void allocateParts() {
    WasmModule module = linkage.module();
    if (module.importedFunctionCount() > 0) {
      imports = new FuncRef[module.importedFunctionCount()];
    }
    if (module.memoryCount() > 0) {
      memories = new Memory[module.memoryCount()];
    }
    if (module.tableCount() > 0) {
      tables = new Table[module.tableCount()];
    }
    if (linkage.layout().hasCells()) {
      cells = new Global[module.globalCount()];
    }
    if (module.tagCount() > 0) {
      tags = new Tag[module.tagCount()];
    }
    if (!module.elements().isEmpty()) {
      elementSegments = new Object[module.elements().size()][];
    }
    if (!module.data().isEmpty()) {
      droppedData = new boolean[module.data().size()];
    }
  }

  /// Makes calls of this instance's references run in another code image of its module. Generated.
  ///
  /// Frames that are running finish in the image in which they began.
  @CalledByGeneratedCode
  public abstract void useImage(ImageEntry image);

  /// Lets calls from outside run an image from now on. On the thread that runs the store, by the
  /// owner of compiled code.
  ///
  /// @param user whom the instance is for
  /// @param use is ended when the instance has left the image
  public final void run(ImageEntry entry, CodeUser user, CodeUse use) {
    CodeUse last = codeUse;
    image = entry;
    codeUser = user;
    codeUse = use;
    useImage(entry);
    if (last != null) {
      store.endUse(last);
    } else {
      store.own(this);
    }
  }

  /// {@return what calls from outside run, or null if nothing was chosen yet}
  public final @Nullable ImageEntry image() {
    return image;
  }

  /// {@return whom the instance is for, or null if no image was chosen yet}
  public final @Nullable CodeUser codeUser() {
    return codeUser;
  }

  /// {@return that it runs its image, or null if it runs none}
  final @Nullable CodeUse codeUse() {
    return codeUse;
  }

  /// {@return whether it stays in its image when the module gets a newer one}
  public final boolean isPinned() {
    return isPinned;
  }

  /// Lets it stay in its image, or no more. On the thread that runs the store.
  public final void pin(boolean pinned) {
    isPinned = pinned;
  }

  /// Notes that the instance runs no more.
  final void endUse() {
    CodeUse last = codeUse;
    if (last != null) {
      codeUse = null;
      last.end();
    }
  }

  /// Copies imported functions, memories, tables and cells into their fields. Generated.
  @CalledByGeneratedCode
  protected abstract void link();

  /// Sets the globals that are neither cells nor in arrays. Generated.
  ///
  /// @param values boxed, by global index
  @CalledByGeneratedCode
  protected abstract void initGlobals(@Nullable Object[] values);

  /// Makes a reference to a function of this instance. Generated.
  ///
  /// @param shape the ordinal of the function's signature shape in this module
  @CalledByGeneratedCode
  protected abstract FuncRef newReference(DefinedType type, int shape, int ordinal);

  /// {@return the module}
  public WasmModule module() {
    return linkage.module();
  }

  /// {@return the store that the instance lives in}
  public Store store() {
    return store;
  }

  /// {@return a memory, or null if the module has fewer}
  public @Nullable Memory memory(int index) {
    return index < memories.length ? memories[index] : null;
  }

  /// {@return a table}
  ///
  /// @throws IndexOutOfBoundsException if the module has fewer
  public Table table(int index) {
    return tables[index];
  }

  /// {@return the value of a global, wherever it is kept, boxed as in [FuncRef#call]}
  ///
  /// @throws IndexOutOfBoundsException if there is no such global
  public @Nullable Object global(int index) {
    Objects.checkIndex(index, module().globalCount());
    Global cell = linkage.layout().isCell(index) ? cells[index] : null;
    if (cell != null) {
      return cell.value();
    }
    return linkage.layout().isField(index)
        ? linkage.globalField(this, index)
        : new GlobalArrays(this).get(index);
  }

  /// Replaces the value of a global, for debuggers: the guest must be at a position of code of kind
  /// [CodeKind#DEBUG], since other code may know the value.
  ///
  /// @throws IndexOutOfBoundsException if there is no such global
  /// @throws IllegalStateException if the global is immutable
  /// @throws IllegalArgumentException if the value is not of the global's type
  public void setGlobal(int index, @Nullable Object value) {
    Objects.checkIndex(index, module().globalCount());
    GlobalType type = module().globalType(index);
    if (!type.mutable()) {
      throw new IllegalStateException("global is immutable");
    }
    Values.requireType(value, type.valueType());
    Global cell = linkage.layout().isCell(index) ? cells[index] : null;
    if (cell != null) {
      cell.set(value);
    } else if (linkage.layout().isField(index)) {
      linkage.setGlobalField(this, index, value);
    } else {
      new GlobalArrays(this).set(index, value);
    }
  }

  /// {@return whether the isolate that the instance belongs to is being debugged, so that it runs
  /// debuggable code whatever else new instances run} On the thread that runs the store.
  public boolean isDebugged() {
    return debugged;
  }

  /// Notes whether the instance runs debuggable code because its isolate is being debugged. On the
  /// thread that runs the store.
  public void setDebugged(boolean isDebugged) {
    debugged = isDebugged;
  }

  /// Lets a listener be told of every position that this instance reaches in code of kind
  /// [CodeKind#DEBUG], from now on. Any thread; not while its isolate is being debugged, which has
  /// a listener of its own.
  ///
  /// @param listener null to let the instance run on
  public void setDebugListener(@Nullable DebugListener listener) {
    debugSwitch().set(listener);
  }

  /// Lets frames of debuggable code that begin from now on look at a switch which others may share.
  /// On the thread that runs the store.
  public void useDebugSwitch(DebugSwitch shared) {
    debugSwitch = shared;
  }

  DebugSwitch debugSwitch() {
    DebugSwitch known = debugSwitch;
    if (known != null) {
      return known;
    }
    DEBUG_SWITCH.compareAndSet(this, null, new DebugSwitch());
    return Objects.requireNonNull(debugSwitch);
  }

  /// {@return whether a call ended in the middle of something that cannot be continued: the call
  /// stack was exhausted} Such an instance still works, but its state may be inconsistent with what
  /// its program expects, so it must not serve another request.
  public boolean isPoisoned() {
    return poisoned;
  }

  /// {@return what the module exports under a name, or null if there is nothing}
  public @Nullable Extern export(String name) {
    Export export = linkage.layout().export(name);
    if (export == null) {
      return null;
    }
    int index = export.index();
    return switch (export.kind()) {
      case FUNCTION -> reference(index);
      case TABLE -> tables[index];
      case MEMORY -> memories[index];
      case GLOBAL -> cells[index];
      case TAG -> tags[index];
    };
  }

  /// {@return an exported function}
  ///
  /// @throws IllegalArgumentException if no function is exported under this name
  public FuncRef exportedFunction(String name) {
    if (export(name) instanceof FuncRef function) {
      return function;
    }
    throw new IllegalArgumentException("unknown exported function: " + name);
  }

  /// {@return the reference to a function of the index space, made on demand}
  @CalledByGeneratedCode
  public FuncRef reference(int functionIndex) {
    FuncRef known = knownReference(functionIndex);
    if (known != null) {
      return known;
    }
    StackGuard.probe();
    return makeReference(functionIndex);
  }

  /// The same as [#reference] for callers that have probed for headroom themselves.
  FuncRef referenceWithHeadroom(int functionIndex) {
    FuncRef known = knownReference(functionIndex);
    return known != null ? known : makeReference(functionIndex);
  }

  private @Nullable FuncRef knownReference(int functionIndex) {
    @Nullable FuncRef @Nullable [] @Nullable [] blocks = references;
    if (blocks == null) {
      return null;
    }
    @Nullable FuncRef[] block = blocks[functionIndex >> BLOCK_LOG2];
    return block == null ? null : block[functionIndex & (1 << BLOCK_LOG2) - 1];
  }

  /// Adds all references that the instance imports or has made, with their indices.
  void collectReferences(Map<FuncRef, Integer> indices) {
    for (int i = imports.length - 1; i >= 0; i--) {
      indices.put(imports[i], i); // Of a function that is imported twice, the first index.
    }
    @Nullable FuncRef @Nullable [] @Nullable [] blocks = references;
    if (blocks == null) {
      return;
    }
    for (int block = 0; block < blocks.length; block++) {
      @Nullable FuncRef[] made = blocks[block];
      for (int i = 0; made != null && i < made.length; i++) {
        FuncRef reference = made[i];
        if (reference != null) {
          indices.put(reference, (block << BLOCK_LOG2) + i);
        }
      }
    }
  }

  private FuncRef makeReference(int functionIndex) {
    if (functionIndex < imports.length) {
      return imports[functionIndex];
    }
    long position = linkage.dispatchPosition(functionIndex);
    FuncRef reference =
        newReference(
            linkage.module().functionType(functionIndex), (int) (position >>> 32), (int) position);
    @Nullable FuncRef @Nullable [] @Nullable [] blocks = references;
    if (blocks == null) {
      blocks = new FuncRef[((linkage.module().functionCount() - 1) >> BLOCK_LOG2) + 1][];
      references = blocks;
    }
    @Nullable FuncRef[] block = blocks[functionIndex >> BLOCK_LOG2];
    if (block == null) {
      block = new FuncRef[1 << BLOCK_LOG2];
      blocks[functionIndex >> BLOCK_LOG2] = block;
    }
    block[functionIndex & (1 << BLOCK_LOG2) - 1] = reference;
    return reference;
  }

  /// Calls a function of this instance from the host.
  ///
  /// This is the border at which Java's exceptions become Wasm's.
  final @Nullable Object[] run(FuncRef function, @Nullable Object[] args) {
    StackGuard.probeBriefly();
    store.enter();
    DebugFrame caller = store.debugFrame;
    try {
      return function.invoke(args, this);
    } catch (TrapException trap) {
      throw attached(trap);
    } catch (ThrownException exception) {
      throw exception.uncaught();
    } catch (StackOverflowError overflow) {
      poisoned = true;
      throw trap(TrapReason.CALL_STACK_EXHAUSTED, overflow);
    } catch (IndexOutOfBoundsException outOfBounds) {
      throw switch (originOf(outOfBounds)) {
        case MEMORY -> trap(TrapReason.MEMORY_OUT_OF_BOUNDS, outOfBounds);
        case ARRAY -> trap(TrapReason.ARRAY_OUT_OF_BOUNDS, outOfBounds);
        case RUNTIME ->
            new IllegalStateException("index out of bounds in the runtime", outOfBounds);
        case HOST -> outOfBounds;
      };
    } finally {
      store.debugFrame = caller;
      store.exit();
    }
  }

  private TrapException trap(TrapReason reason, Throwable cause) {
    StackGuard.probe();
    return attached(new TrapException(reason, cause));
  }

  private TrapException attached(TrapException trap) {
    StackGuard.probe();
    trap.attach(linkage::resolve);
    return trap;
  }

  /// Whose code did what an index error was raised for.
  private enum Origin {
    MEMORY,
    ARRAY,
    RUNTIME,
    HOST
  }

  /*
   * Memory accesses have no check of their own: the array's is Wasm's. An exception counts as one
   * if the first frame that does not belong to the JDK's checks is generated code, and as an access
   * of an array if there is just its method before it. If there are other frames of the runtime,
   * the fault is ours, unless a host function called the runtime; those are called by the classes
   * of signatures. The JIT may leave the trace out where
   * -XX:-OmitStackTraceInFastThrow is not set.
   */
  private static Origin originOf(IndexOutOfBoundsException exception) {
    Origin origin = Origin.MEMORY;
    for (StackTraceElement element : exception.getStackTrace()) {
      String className = element.getClassName();
      if (className.equals(MemoryOps.class.getName())) {
        continue; // It stands for the instruction that calls it.
      }
      if (className.startsWith("dev.cloister.engine.runtime.")) {
        origin = origin == Origin.MEMORY && isArrayAccess(element) ? Origin.ARRAY : Origin.RUNTIME;
      } else if (!isCheckOfJdk(className)) {
        return className.startsWith("dev.cloister.generated.")
                && !className.startsWith("dev.cloister.generated.signature.")
            ? origin
            : Origin.HOST;
      }
    }
    return origin;
  }

  private static boolean isCheckOfJdk(String className) {
    return className.startsWith("java.")
        || className.startsWith("jdk.internal.")
        || className.startsWith("jdk.incubator.vector.");
  }

  private static boolean isArrayAccess(StackTraceElement element) {
    String method = element.getMethodName();
    return element.getClassName().endsWith("Array")
        && (method.equals("load") || method.equals("store"));
  }

  /// {@return an element segment, empty if it was dropped}
  @Nullable Object[] elementSegment(int index) {
    @Nullable Object[] segment = elementSegments[index];
    if (segment != null) {
      return segment;
    }
    StackGuard.probe();
    int[] functions = linkage.module().elements().get(index).functionIndices();
    if (functions == null) {
      throw new IllegalStateException("element segment " + index + " was not evaluated");
    }
    @Nullable Object[] values = new FuncRef[functions.length];
    for (int i = 0; i < functions.length; i++) {
      values[i] = reference(functions[i]);
    }
    elementSegments[index] = values;
    return values;
  }

  /// {@return an element segment, empty if it was dropped, null if nobody has looked at it yet}
  @Nullable Object @Nullable [] knownElementSegment(int index) {
    return elementSegments[index];
  }

  /// Sets an element segment whose elements are expressions.
  void setElementSegment(int index, @Nullable Object[] values) {
    elementSegments[index] = values;
  }

  /// Makes an element segment empty: `elem.drop`.
  @CalledByGeneratedCode
  public static void dropElements(Instance instance, int index) {
    instance.elementSegments[index] = DROPPED;
  }

  /// {@return the length of a data segment in bytes, 0 if it was dropped}
  int dataLength(int index) {
    return droppedData[index] ? 0 : linkage.module().data().get(index).dataLength();
  }

  boolean isDataDropped(int index) {
    return droppedData[index];
  }

  /// Makes a data segment empty: `data.drop`.
  @CalledByGeneratedCode
  public static void dropData(Instance instance, int index) {
    instance.droppedData[index] = true;
  }

  /// Ends the call of a host function if the store of the caller was asked to stop.
  @CalledByGeneratedCode
  public static void afterHostCall(Instance caller) {
    caller.store.throwIfStopped();
  }

  CodeLinkage linkage() {
    return linkage;
  }

  Tag[] tags() {
    return tags;
  }

  private static VarHandle debugSwitchField() {
    try {
      return MethodHandles.lookup().findVarHandle(Instance.class, "debugSwitch", DebugSwitch.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
