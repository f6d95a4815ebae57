package dev.cloister.engine.codegen;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.StructType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The shapes of a module's types, in some bytes for each type: modules of languages with objects
/// have as many types as functions. Immutable.
final class TypePlan {
  /// Each shape that is used becomes a class, which costs some KiB outside of the Java heap.
  static final int MAX_STRUCT_SHAPES = 20_000;

  private static final int NOT_A_FUNCTION = -1;

  private final WasmModule module;
  private final List<CallShape> callShapes = new ArrayList<>();
  private final List<StructShape> structShapes = new ArrayList<>();

  /// For each type index the ordinal of its call shape, or [#NOT_A_FUNCTION].
  private final int[] callShapeOfType;

  /// For each type index its structure's shape; empty where there are no structures.
  private final @Nullable StructShape[] structShapeOfType;

  /// For each type index `id << 32 | index`, ascending.
  private final long[] indicesById;

  /// @throws LimitExceededException if there are too many shapes of structures
  TypePlan(WasmModule module) {
    this.module = module;
    int count = module.typeCount();
    callShapeOfType = new int[count];
    indicesById = new long[count];
    boolean hasStructs = false;
    for (int i = 0; i < count; i++) {
      indicesById[i] = (long) module.type(i).id() << 32 | i;
      hasStructs |= module.type(i).composite() instanceof StructType;
    }
    Arrays.sort(indicesById);
    structShapeOfType = new @Nullable StructShape[hasStructs ? count : 0];
    findShapes();
  }

  private void findShapes() {
    Map<CallShape, Integer> ordinals = new HashMap<>();
    Map<StructShape, StructShape> structs = new HashMap<>();
    for (int i = 0; i < callShapeOfType.length; i++) {
      DefinedType type = module.type(i);
      callShapeOfType[i] = NOT_A_FUNCTION;
      switch (type.composite()) {
        case FuncType signature -> callShapeOfType[i] = ordinal(CallShape.of(signature), ordinals);
        case StructType _ -> {
          DefinedType supertype = type.supertype();
          StructShape parent = supertype == null ? null : structShape(indexOf(supertype));
          StructShape shape = StructShape.of(type, parent);
          StructShape known = structs.putIfAbsent(shape, shape);
          structShapeOfType[i] = known != null ? known : shape;
        }
        case ArrayType _ -> {}
      }
    }
    structShapes.addAll(structs.values());
    if (structShapes.size() > MAX_STRUCT_SHAPES) {
      throw new LimitExceededException(
          "number of struct shapes", structShapes.size(), MAX_STRUCT_SHAPES);
    }
  }

  private int ordinal(CallShape shape, Map<CallShape, Integer> ordinals) {
    Integer known = ordinals.putIfAbsent(shape, callShapes.size());
    if (known == null) {
      callShapes.add(shape);
      return callShapes.size() - 1;
    }
    return known;
  }

  /// {@return the distinct shapes of the module's function types, by ordinal}
  List<CallShape> callShapes() {
    return callShapes;
  }

  /// {@return the distinct shapes of the module's structure types}
  List<StructShape> structShapes() {
    return structShapes;
  }

  /// {@return the ordinal of the call shape of a function type}
  ///
  /// @throws IllegalArgumentException if the type with this index is not a function type
  int callShapeOf(int typeIndex) {
    int ordinal = callShapeOfType[typeIndex];
    if (ordinal == NOT_A_FUNCTION) {
      throw new IllegalArgumentException("not a function type: " + typeIndex);
    }
    return ordinal;
  }

  /// {@return the shape of a structure type}
  ///
  /// @throws IllegalArgumentException if the type with this index is not a structure type
  StructShape structShape(int typeIndex) {
    StructShape shape = structShapeOfType.length == 0 ? null : structShapeOfType[typeIndex];
    if (shape == null) {
      throw new IllegalArgumentException("not a structure type: " + typeIndex);
    }
    return shape;
  }

  /// {@return the first index of a type of the module}
  ///
  /// @throws IllegalArgumentException if it is not a type of the module
  int indexOf(DefinedType type) {
    long key = (long) type.id() << 32;
    int found = Arrays.binarySearch(indicesById, key);
    int position = found >= 0 ? found : -found - 1;
    if (position < indicesById.length) {
      int index = (int) indicesById[position];
      if (module.type(index) == type) {
        return index;
      }
    }
    throw new IllegalArgumentException("not a type of the module: " + type);
  }
}
