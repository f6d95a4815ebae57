package dev.cloister.engine.runtime;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.module.ConstExpr;
import dev.cloister.engine.module.DataSegment;
import dev.cloister.engine.module.ElementSegment;
import dev.cloister.engine.module.Import;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.ExternType;
import dev.cloister.engine.types.FuncExternType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes an instance of a module: links imports, allocates, initialises, starts (Spec 4.5.4).
///
/// Tables and memories of others that segments were written to before a later one trapped stay
/// written, as the specification says.
public final class Instantiator {
  /// What the fixed part of an instance is charged at, in bytes, besides 16 for each function.
  private static final long INSTANCE_BYTES = 1_024;

  private static final long FUNCTION_BYTES = 16;

  private final CodeLinkage linkage;
  private final WasmModule module;
  private final InstancePlan plan;
  private final Store store;
  private final Instance instance;

  private Instantiator(CodeLinkage linkage, Store store, @Nullable CodeUser user) {
    this.linkage = linkage;
    this.module = linkage.module();
    this.plan = linkage.instancePlan();
    this.store = store;
    long bytes = INSTANCE_BYTES + FUNCTION_BYTES * module.functionCount();
    if (!store.reserveInstance(bytes)) {
      throw LimitExceededException.refused("instance size in bytes", bytes);
    }
    this.instance = linkage.newInstance(store, user);
    store.adopt(instance);
  }

  /// Makes an instance and runs its start function.
  ///
  /// Called on the thread that runs the store.
  ///
  /// @param user whom the instance is for; null if nobody is to be told apart
  /// @throws LinkException if an import is missing or of the wrong type
  /// @throws LimitExceededException if the store's limiter refuses what the module declares
  /// @throws dev.cloister.engine.error.TrapException if a segment does not fit or the start
  ///   function traps
  /// @throws dev.cloister.engine.error.StoppedException if the store was asked to stop
  public static Instance instantiate(
      CodeLinkage linkage, Store store, Imports imports, @Nullable CodeUser user) {
    StackGuard.probe();
    store.requireOpen();
    store.throwIfStopped();
    Instantiator instantiator = new Instantiator(linkage, store, user);
    return instantiator.run(imports);
  }

  /// Makes an instance that begins with an image, in place of its segments and its start function.
  ///
  /// Called on the thread that runs the store.
  ///
  /// @param user whom the instance is for; null if nobody is to be told apart
  /// @throws LinkException if an import is missing or of the wrong type
  /// @throws LimitExceededException if the store's limiter refuses what the image has
  /// @throws dev.cloister.engine.error.StoppedException if the store was asked to stop
  public static Instance restore(
      CodeLinkage linkage,
      Store store,
      Imports imports,
      @Nullable CodeUser user,
      InstanceImage image) {
    StackGuard.probe();
    store.requireOpen();
    store.throwIfStopped();
    Instantiator instantiator = new Instantiator(linkage, store, user);
    return instantiator.restore(imports, image);
  }

  private Instance restore(Imports imports, InstanceImage image) {
    instance.allocateParts();
    resolve(imports);
    reserveGlobals();
    allocateMemories();
    for (int i = module.importedTableCount(); i < module.tableCount(); i++) {
      addTable(i, /* initial= */ null);
    }
    makeTags();
    @Nullable Object[] globals = image.restore(new InstanceState(instance));
    placeGlobals(globals);
    instance.link();
    instance.initGlobals(globals);
    return instance;
  }

  private Instance run(Imports imports) {
    instance.allocateParts();
    resolve(imports);
    @Nullable Object[] globals = allocateGlobals();
    ConstantEvaluator evaluator = new ConstantEvaluator(instance, globals);
    allocateMemories();
    allocateTables(evaluator);
    makeTags();
    instance.link();
    instance.initGlobals(globals);
    initialiseTables(evaluator);
    initialiseMemories(evaluator);
    if (module.startFunction() >= 0) {
      instance.run(instance.reference(module.startFunction()), new Object[0]);
    }
    return instance;
  }

  private void resolve(Imports imports) {
    int functions = 0;
    int tables = 0;
    int memories = 0;
    int globals = 0;
    int tags = 0;
    for (Import declared : module.imports()) {
      Extern found = imports.resolve(declared.module(), declared.name(), declared.type());
      if (found == null) {
        throw new LinkException("unknown import: " + name(declared));
      }
      if (!matches(found, declared.type())) {
        throw new LinkException(
            "incompatible import type: " + name(declared) + ": expected " + declared.type());
      }
      switch (found) {
        case FuncRef function -> {
          store.use(function);
          instance.imports[functions++] = function;
        }
        case HostFunction function -> {
          FuncRef reference = linkage.reference(function, functions);
          reference.importedBy(instance);
          instance.imports[functions++] = reference;
        }
        case Table table -> {
          store.use(table);
          instance.tables[tables++] = table;
        }
        case Memory memory -> {
          requireForm(memory, linkage.layout().memoryForm(memories), declared);
          store.use(memory);
          instance.memories[memories++] = memory;
          access(memory);
        }
        case Global global -> instance.cells[globals++] = global;
        case Tag tag -> instance.tags()[tags++] = tag;
      }
    }
  }

  /// Refuses a memory that is not kept as the module's code expects; see [MemoryForm].
  private static void requireForm(Memory found, MemoryForm expected, Import declared) {
    if ((found instanceof SegmentMemory) != (expected == MemoryForm.SEGMENT)) {
      throw new LinkException(
          "memory is too large for what its import declares: "
              + name(declared)
              + ": the minimum must be more than "
              + (Memory.MAX_ARRAY_BYTES >>> found.type().pageSizeLog2())
              + " pages");
    }
  }

  private static String name(Import declared) {
    return "\"" + declared.module() + "\" \"" + declared.name() + "\"";
  }

  private static boolean matches(Extern found, ExternType declared) {
    return switch (declared) {
      case FuncExternType function ->
          switch (found) {
            case FuncRef reference -> reference.type().isSubtypeOf(function.type());
            case HostFunction host -> host.type().equals(function.type().composite());
            default -> false;
          };
      case TableType type ->
          found instanceof Table table
              && table.type().element().equals(type.element())
              && matches(table.type().limits(), table.size(), type.limits());
      case MemoryType type ->
          found instanceof Memory memory
              && memory.type().shared() == type.shared()
              && memory.type().pageSizeLog2() == type.pageSizeLog2()
              && matches(memory.type().limits(), memory.pages64(), type.limits());
      case GlobalType type ->
          found instanceof Global global
              && global.type().mutable() == type.mutable()
              && (type.mutable()
                  ? global.type().valueType().equals(type.valueType())
                  : Subtyping.isSubtype(global.type().valueType(), type.valueType()));
      case TagType type -> found instanceof Tag tag && tag.type().type() == type.type();
    };
  }

  private static boolean matches(Limits found, long size, Limits declared) {
    return found.is64() == declared.is64()
        && Long.compareUnsigned(size, declared.min()) >= 0
        && (!declared.hasMax()
            || (found.hasMax() && Long.compareUnsigned(found.max(), declared.max()) <= 0));
  }

  private @Nullable Object[] allocateGlobals() {
    reserveGlobals();
    @Nullable Object[] values =
        plan.hasOnlyConstantGlobals() ? plan.constantGlobals() : evaluateGlobals();
    placeGlobals(values);
    return values;
  }

  private void reserveGlobals() {
    long bytes = (module.globalCount() - module.importedGlobalCount()) * Global.BYTES;
    if (bytes > 0 && !store.reserveGlobals(bytes)) {
      throw LimitExceededException.refused("globals in bytes", bytes);
    }
  }

  /// Sets the globals that are cells or in arrays.
  private void placeGlobals(@Nullable Object[] values) {
    InstanceLayout layout = linkage.layout();
    GlobalArrays arrays = new GlobalArrays(instance);
    for (int i = module.importedGlobalCount(); i < module.globalCount(); i++) {
      if (layout.isCell(i)) {
        instance.cells[i] = Global.create(module.globalType(i), values[i]);
      } else if (!layout.isField(i)) {
        arrays.set(i, values[i]);
      }
    }
  }

  private @Nullable Object[] evaluateGlobals() {
    int imported = module.importedGlobalCount();
    @Nullable Object[] values = new Object[module.globalCount()];
    for (int i = 0; i < imported; i++) {
      values[i] = cell(i).value();
    }
    @Nullable Object[] constants = plan.constantGlobals();
    ConstantEvaluator evaluator = new ConstantEvaluator(instance, values);
    for (int i = imported; i < values.length; i++) {
      values[i] =
          plan.isConstantGlobal(i) ? constants[i] : evaluator.evaluate(module.globalInit(i));
    }
    return values;
  }

  private Global cell(int index) {
    Global cell = instance.cells[index];
    if (cell == null) {
      throw new IllegalStateException("global " + index + " is not a cell");
    }
    return cell;
  }

  private void allocateMemories() {
    for (int i = module.importedMemoryCount(); i < module.memoryCount(); i++) {
      Memory memory =
          Memory.create(
              module.memoryType(i),
              store.limiter(),
              linkage.layout().memoryForm(i),
              linkage.memoryPool());
      store.own(memory);
      instance.memories[i] = memory;
      access(memory);
    }
  }

  /// Prepares a memory and the module's code for each other.
  private void access(Memory memory) {
    if (memory instanceof HeapMemory heap) {
      heap.addUser(linkage.capacitySite());
    }
  }

  private void allocateTables(ConstantEvaluator evaluator) {
    for (int i = module.importedTableCount(); i < module.tableCount(); i++) {
      var init = module.tableInit(i);
      addTable(i, init == null ? null : evaluator.evaluate(init));
    }
  }

  private void addTable(int index, @Nullable Object initial) {
    Table table = Table.create(module.tableType(index), initial, store.limiter());
    store.own(table);
    instance.tables[index] = table;
  }

  private void makeTags() {
    for (int i = module.importedTagCount(); i < module.tagCount(); i++) {
      instance.tags()[i] = new Tag(module.tagType(i));
    }
  }

  private void initialiseTables(ConstantEvaluator evaluator) {
    List<ElementSegment> segments = module.elements();
    for (int i = 0; i < segments.size(); i++) {
      List<ConstExpr> expressions = segments.get(i).expressions();
      if (expressions != null) {
        instance.setElementSegment(i, evaluator.evaluateAll(expressions));
      }
    }
    for (int i = 0; i < segments.size(); i++) {
      ElementSegment segment = segments.get(i);
      switch (segment.mode()) {
        case PASSIVE -> {}
        case DECLARATIVE -> Instance.dropElements(instance, i);
        case ACTIVE -> {
          var offset = segment.offset();
          if (offset == null) {
            throw new IllegalStateException("an active segment has no offset");
          }
          Table table = instance.tables[segment.tableIndex()];
          long to = plan.elementOffset(i, offset, evaluator);
          int[] functions = segment.functionIndices();
          if (functions != null) {
            table.init(to, instance, functions);
          } else {
            @Nullable Object[] elements = instance.elementSegment(i);
            table.init(to, elements, 0, elements.length, instance);
          }
          Instance.dropElements(instance, i);
        }
      }
    }
  }

  private void initialiseMemories(ConstantEvaluator evaluator) {
    List<DataSegment> segments = module.data();
    for (int i = 0; i < segments.size(); i++) {
      DataSegment segment = segments.get(i);
      var offset = segment.offset();
      if (offset != null) {
        Memory memory = instance.memories[segment.memoryIndex()];
        BulkOps.write(
            plan.dataOffset(i, offset, evaluator),
            segment.dataOffset(),
            segment.dataLength(),
            memory,
            instance);
        Instance.dropData(instance, i);
      }
    }
  }
}
