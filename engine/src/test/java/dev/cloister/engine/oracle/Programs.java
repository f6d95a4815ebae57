package dev.cloister.engine.oracle;

import dev.cloister.engine.feature.WasmFeature;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.CompositeType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RecGroup;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TypeCanonicalizer;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Makes valid random modules of whatever the given features allow. They mostly end, and mostly
/// without a trap.
///
/// The same seed and features give the same module.
public final class Programs {
  /// Every memory may grow to this.
  private static final int MAX_PAGES = 3;

  final Random random;
  final WasmFeatures features;
  final List<RecGroup> groups = new ArrayList<>();

  /// The types that functions have: few, so that indirect calls find some that fit.
  final List<FuncType> signatures = new ArrayList<>();

  /// The same as defined types, for typed function references.
  final List<DefinedType> functionTypes = new ArrayList<>();

  final List<DefinedType> structs = new ArrayList<>();
  final List<DefinedType> arrays = new ArrayList<>();

  /// The types that locals, globals, parameters and results have; each has a default value.
  final List<ValueType> types = new ArrayList<>();

  final List<MemoryType> memories = new ArrayList<>();
  final List<TableType> tables = new ArrayList<>();
  final List<GlobalType> globals = new ArrayList<>();
  final List<FuncType> tags = new ArrayList<>();
  final List<byte[]> data = new ArrayList<>();
  final List<Program.Function> functions = new ArrayList<>();

  private Programs(long seed, WasmFeatures features) {
    this.random = new Random(seed);
    this.features = features;
    makeTypes();
    makeState();
  }

  /// Returns a module of some small functions, of what the engine supports.
  public static ModuleBuilder small(long seed) {
    return make(seed, WasmFeatures.ALL, /* isLarge= */ false).module();
  }

  /// Returns a module whose function 2 does not fit into one JVM method.
  public static ModuleBuilder large(long seed) {
    return make(seed, WasmFeatures.ALL, /* isLarge= */ true).module();
  }

  static Program make(long seed, WasmFeatures features, boolean isLarge) {
    Programs made = new Programs(seed, features);
    if (isLarge) {
      made.addFunction(5, 2);
      made.addFunction(500, 4);
    } else {
      int count = 2 + made.random.nextInt(5);
      for (int i = 0; i < count; i++) {
        made.addFunction(2 + made.random.nextInt(10), 4);
      }
    }
    return new Program(
        made.groups,
        made.memories,
        made.tables,
        made.globals,
        made.tags,
        made.data,
        made.functions);
  }

  private void addFunction(int statements, int depth) {
    FuncType type = pick(signatures);
    functions.add(new FunctionMaker(this, type).make(statements, depth));
  }

  boolean has(WasmFeature feature) {
    return features.has(feature);
  }

  <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  /// Returns true once in `n` times.
  boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  ValueType type() {
    return oneIn(3) ? pick(types) : pick(List.<ValueType>of(NumType.values()));
  }

  List<ValueType> types(int most) {
    List<ValueType> some = new ArrayList<>();
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      some.add(type());
    }
    return some;
  }

  // Types.

  private void makeTypes() {
    types.addAll(List.of(NumType.values()));
    types.addAll(List.of(RefType.FUNCREF, RefType.EXTERNREF));
    if (has(WasmFeature.SIMD)) {
      types.add(VecType.V128);
    }
    if (has(WasmFeature.GC)) {
      types.addAll(
          List.of(
              RefType.ANYREF, RefType.EQREF, RefType.I31REF, RefType.STRUCTREF, RefType.ARRAYREF));
      makeAggregates();
      structs.forEach(type -> types.add(RefType.of(true, type)));
      arrays.forEach(type -> types.add(RefType.of(true, type)));
    }
    for (int i = 0; i < 6; i++) {
      FuncType type = new FuncType(types(4), results());
      signatures.add(type);
      if (has(WasmFeature.TYPED_FUNCTION_REFERENCES)) {
        functionTypes.add(define(type));
      }
    }
    functionTypes.forEach(type -> types.add(RefType.of(true, type)));
  }

  private List<ValueType> results() {
    return switch (random.nextInt(6)) {
      case 0 -> List.of();
      case 1 -> types(3);
      default -> List.of(type());
    };
  }

  private DefinedType define(CompositeType type) {
    RecGroup group = new RecGroup(1);
    group.define(0, /* isFinal= */ true, null, type);
    RecGroup canonical = TypeCanonicalizer.shared().canonicalize(group);
    if (!groups.contains(canonical)) {
      groups.add(canonical);
    }
    return canonical.type(0);
  }

  /// One recursion group: a chain of structures, each with the fields of the one above, and arrays.
  private void makeAggregates() {
    int structCount = 1 + random.nextInt(4);
    int arrayCount = 1 + random.nextInt(4);
    RecGroup group = new RecGroup(structCount + arrayCount);
    List<FieldType> fields = new ArrayList<>();
    for (int i = 0; i < structCount; i++) {
      boolean isRoot = i == 0 || oneIn(4);
      if (isRoot) {
        fields.clear();
      }
      for (int j = random.nextInt(3); j >= 0; j--) {
        fields.add(new FieldType(storage(group), !oneIn(4)));
      }
      group.define(i, false, isRoot ? null : group.type(i - 1), new StructType(fields));
    }
    for (int i = 0; i < arrayCount; i++) {
      FieldType field = new FieldType(storage(group), !oneIn(6));
      group.define(structCount + i, true, null, new ArrayType(field));
    }
    RecGroup canonical = TypeCanonicalizer.shared().canonicalize(group);
    groups.add(canonical);
    for (int i = 0; i < canonical.size(); i++) {
      (i < structCount ? structs : arrays).add(canonical.type(i));
    }
  }

  private StorageType storage(RecGroup group) {
    return switch (random.nextInt(6)) {
      case 0 -> PackedType.I8;
      case 1 -> PackedType.I16;
      case 2 -> RefType.of(true, group.type(random.nextInt(group.size())));
      default -> pick(types);
    };
  }

  // State.

  private void makeState() {
    int memoryCount = has(WasmFeature.MULTI_MEMORY) && oneIn(3) ? 2 + random.nextInt(2) : 1;
    for (int i = 0; i < memoryCount; i++) {
      boolean is64 = has(WasmFeature.MEMORY64) && oneIn(3);
      boolean hasBytePages = has(WasmFeature.CUSTOM_PAGE_SIZES) && oneIn(6);
      memories.add(
          hasBytePages
              ? new MemoryType(new Limits(is64, 66_000, true, 66_002), /* shared= */ false, 0)
              : new MemoryType(
                  new Limits(is64, oneIn(20) ? 0 : 1, true, MAX_PAGES),
                  /* shared= */ false,
                  MemoryType.DEFAULT_PAGE_SIZE_LOG2));
    }
    // The first holds all functions; the size leaves room for null and for growth.
    tables.add(new TableType(RefType.FUNCREF, Limits.of(10, 16)));
    if (oneIn(2)) {
      boolean is64 = has(WasmFeature.MEMORY64) && oneIn(2);
      List<RefType> elements = new ArrayList<>(List.of(RefType.FUNCREF, RefType.EXTERNREF));
      if (has(WasmFeature.GC)) {
        elements.addAll(List.of(RefType.ANYREF, RefType.of(true, pick(structs))));
      }
      functionTypes.forEach(type -> elements.add(RefType.of(true, type)));
      tables.add(new TableType(pick(elements), new Limits(is64, 4, true, 8)));
    }
    for (ValueType type : types) {
      globals.add(new GlobalType(type, true));
      if (oneIn(2)) {
        globals.add(new GlobalType(type, true));
      }
    }
    if (has(WasmFeature.EXCEPTIONS)) {
      for (int i = 0; i < 3; i++) {
        tags.add(new FuncType(types(2), List.of()));
      }
    }
    for (int i = 0; i < 2; i++) {
      byte[] bytes = new byte[32 + random.nextInt(32)];
      random.nextBytes(bytes);
      data.add(bytes);
    }
  }
}
