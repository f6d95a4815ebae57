package dev.cloister.engine.codegen;

import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// How a module is laid out in classes: call shapes, dispatch tables and chunks of functions.
///
/// Computed once a module and the same for all its code images, so that every class can be generated
/// by itself, at any time and on any thread. Immutable.
public final class ModulePlan {
  /// A chunk is closed when its bodies have this many bytes of Wasm.
  private static final int CHUNK_BYTES = 24 * 1024;

  /// A chunk is closed when it has this many functions.
  private static final int CHUNK_FUNCTIONS = 96;

  private final WasmModule module;
  private final InstanceLayout layout;
  private final List<CallShape> shapes = new ArrayList<>();
  private final Map<DefinedType, Integer> shapeOfType = new IdentityHashMap<>();
  private final int[][] dispatched;
  private final int[] chunkStarts;

  /// Plans a module.
  public ModulePlan(WasmModule module, InstanceLayout layout) {
    this.module = module;
    this.layout = layout;
    findShapes();
    this.dispatched = findDispatched();
    this.chunkStarts = findChunks(module);
  }

  private void findShapes() {
    Map<CallShape, Integer> ordinals = new HashMap<>();
    for (int i = 0; i < module.typeCount(); i++) {
      DefinedType type = module.type(i);
      if (type.composite() instanceof FuncType signature) {
        CallShape shape = CallShape.of(signature);
        Integer ordinal = ordinals.putIfAbsent(shape, shapes.size());
        if (ordinal == null) {
          ordinal = shapes.size();
          shapes.add(shape);
        }
        shapeOfType.put(type, ordinal);
      }
    }
  }

  private int[][] findDispatched() {
    int[] counts = new int[shapes.size()];
    int[][] found = new int[shapes.size()][8];
    for (int f = module.importedFunctionCount(); f < module.functionCount(); f++) {
      if (module.isDeclaredFunction(f) || f == module.startFunction()) {
        int shape = shapeOf(f);
        if (counts[shape] == found[shape].length) {
          found[shape] = Arrays.copyOf(found[shape], counts[shape] * 2);
        }
        found[shape][counts[shape]++] = f;
      }
    }
    for (int i = 0; i < found.length; i++) {
      found[i] = Arrays.copyOf(found[i], counts[i]);
    }
    return found;
  }

  private static int[] findChunks(WasmModule module) {
    int[] starts = new int[16];
    int chunks = 0;
    int bytes = 0;
    int functions = 0;
    for (int f = 0; f < module.functionCount(); f++) {
      int size =
          f < module.importedFunctionCount() ? 0 : module.bodyEnd(f) - module.bodyOffset(f);
      if (f == 0 || functions == CHUNK_FUNCTIONS || bytes + size > CHUNK_BYTES) {
        if (chunks == starts.length) {
          starts = Arrays.copyOf(starts, chunks * 2);
        }
        starts[chunks++] = f;
        bytes = 0;
        functions = 0;
      }
      bytes += size;
      functions++;
    }
    return Arrays.copyOf(starts, chunks);
  }

  /// {@return the module}
  public WasmModule module() {
    return module;
  }

  /// {@return where the parts of instances are}
  public InstanceLayout layout() {
    return layout;
  }

  /// {@return the number of distinct call shapes among the module's function types}
  public int shapeCount() {
    return shapes.size();
  }

  /// {@return a shape by its ordinal}
  public CallShape shape(int ordinal) {
    return shapes.get(ordinal);
  }

  /// {@return the ordinal of the shape of one of the module's function types}
  ///
  /// @throws IllegalArgumentException if it is not a function type of the module
  int shapeOf(DefinedType type) {
    Integer ordinal = shapeOfType.get(type);
    if (ordinal == null) {
      throw new IllegalArgumentException("not a function type of the module: " + type);
    }
    return ordinal;
  }

  /// {@return the ordinal of the shape of a function}
  int shapeOf(int functionIndex) {
    return shapeOf(module.functionType(functionIndex));
  }

  /// {@return the call shape of a function}
  CallShape shapeOfFunction(int functionIndex) {
    return shapes.get(shapeOf(functionIndex));
  }

  /// {@return the own functions of a shape that can become references, in ascending order; the
  ///     caller must not change the array}
  int[] dispatched(int shape) {
    return dispatched[shape];
  }

  /// {@return `shape << 32 | position` of a function in the dispatch tables}
  ///
  /// @throws IllegalArgumentException if the function is not in one
  public long dispatchPosition(int functionIndex) {
    int shape = shapeOf(functionIndex);
    int position = Arrays.binarySearch(dispatched[shape], functionIndex);
    if (position < 0) {
      throw new IllegalArgumentException("function " + functionIndex + " is never referenced");
    }
    return (long) shape << 32 | position;
  }

  /// {@return the number of chunks}
  public int chunkCount() {
    return chunkStarts.length;
  }

  /// {@return the chunk that a function is in}
  int chunkOf(int functionIndex) {
    int found = Arrays.binarySearch(chunkStarts, functionIndex);
    return found >= 0 ? found : -found - 2;
  }

  /// {@return the first function of a chunk}
  int chunkStart(int chunk) {
    return chunkStarts[chunk];
  }

  /// {@return one more than the last function of a chunk}
  int chunkEnd(int chunk) {
    return chunk + 1 < chunkStarts.length ? chunkStarts[chunk + 1] : module.functionCount();
  }
}
