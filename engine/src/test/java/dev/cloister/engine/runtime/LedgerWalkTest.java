package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CountingLimiter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A walk over idle instances finds what their account says.
///
/// Memories, tables, globals and instances are equal to the byte, and so are objects that have an
/// epoch of their own. Small objects are charged by epochs: never less than they are, and no more
/// than the rest of one.
final class LedgerWalkTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of());
  private static final Opcode NULL = Opcode.REF_NULL;
  private static final RefType ANY = new RefType(true, AbstractHeapType.ANY);

  /// What a structure with a reference and a double takes: header, type, token, both fields.
  private static final long NODE_BYTES = 32;

  /// Objects of at least a quarter of an epoch have one of their own.
  private static final int LARGE_ELEMENTS = 100_000;

  private static final long EPOCH_BYTES = 1 << 20;

  private final TestEngine engine = new TestEngine();
  private final CountingLimiter limiter = new CountingLimiter(256 << 20);

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static ModuleBuilder module() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType node =
        module.type(new StructType(List.of(new FieldType(ANY, true), new FieldType(F64, true))));
    DefinedType longs = module.type(new ArrayType(new FieldType(I64, true)));
    module.memory(MemoryType.of(Limits.of(1, 2_000))).memory(3);
    module.table(new TableType(FUNCREF, Limits.of(5))).table(new TableType(ANY, Limits.of(7)));
    module.global(new GlobalType(ANY, true), code -> code.heapType(NULL, AbstractHeapType.ANY));
    module.global(new GlobalType(I64, true), code -> code.i64Const(1));
    module.global(new GlobalType(F64, false), code -> code.f64Const(1));
    return module
        .exportFunction(
            "growMemory", INT, code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0).drop())
        .exportFunction(
            "growFunctions",
            INT,
            code ->
                code.heapType(NULL, AbstractHeapType.FUNC)
                    .localGet(0)
                    .op(Opcode.TABLE_GROW, 0)
                    .drop())
        .exportFunction(
            "growObjects",
            INT,
            code ->
                code.heapType(NULL, AbstractHeapType.ANY)
                    .localGet(0)
                    .op(Opcode.TABLE_GROW, 1)
                    .drop())
        .exportFunction(
            "list",
            INT,
            code ->
                code.loop()
                    .globalGet(0)
                    .f64Const(2)
                    .op(Opcode.STRUCT_NEW, node)
                    .globalSet(0)
                    .localGet(0)
                    .i32Const(-1)
                    .i32Add()
                    .localTee(0)
                    .brIf(0)
                    .end())
        .exportFunction(
            "largeArray",
            INT,
            code ->
                code.localGet(0)
                    .i32Const(LARGE_ELEMENTS)
                    .op(Opcode.ARRAY_NEW_DEFAULT, longs)
                    .op(Opcode.TABLE_SET, 1));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void account_isWhatAWalkFinds(long seed) {
    Random random = new Random(seed);
    try (Store store = new Store(limiter)) {
      List<Instance> instances = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        instances.add(engine.instantiate(module(), Imports.NONE, store));
      }
      for (int step = 0; step < 40; step++) {
        Instance instance = instances.get(random.nextInt(instances.size()));
        switch (random.nextInt(5)) {
          case 0 -> call(instance, "growMemory", random.nextInt(20));
          case 1 -> call(instance, "growFunctions", random.nextInt(500));
          case 2 -> call(instance, "growObjects", random.nextInt(500));
          case 3 -> call(instance, "list", 1 + random.nextInt(500));
          default -> fillSlot(instance);
        }
        assertFound(instances);
      }
    }
    assertThat(limiter.total()).isZero();
  }

  /// Puts an array where none is yet, so that all that are charged are reachable.
  private static void fillSlot(Instance instance) {
    Table table = instance.table(1);
    for (int i = 0; i < table.size(); i++) {
      if (table.get(i) == null) {
        call(instance, "largeArray", i);
        return;
      }
    }
  }

  private void assertFound(List<Instance> instances) {
    long memoryBytes = 0;
    long arrayBytes = 0;
    long elements = 0;
    long functions = 0;
    for (Instance instance : instances) {
      for (int i = 0; i < 2; i++) {
        Memory memory = Objects.requireNonNull(instance.memory(i));
        memoryBytes += memory.capacityBytes();
        arrayBytes += ((HeapMemory) memory).bytes.length;
        elements += instance.table(i).elements.length;
      }
      functions += instance.module().functionCount();
    }
    assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(memoryBytes).isEqualTo(arrayBytes);
    assertThat(limiter.of(HeapKind.TABLE)).isEqualTo(elements * Table.ELEMENT_BYTES);
    assertThat(limiter.of(HeapKind.GLOBAL)).isEqualTo(instances.size() * 3L * Global.BYTES);
    assertThat(limiter.of(HeapKind.INSTANCE)).isEqualTo(instances.size() * 1_024L + functions * 16);
    assertObjectsFound(instances);
  }

  private void assertObjectsFound(List<Instance> instances) {
    IdentityHashMap<Object, Boolean> objects = new IdentityHashMap<>();
    for (Instance instance : instances) {
      collect(instance.global(0), objects);
      for (int i = 0; i < instance.table(1).size(); i++) {
        collect(instance.table(1).get(i), objects);
      }
    }
    long large = 0;
    long small = 0;
    for (Object object : objects.keySet()) {
      if (object instanceof WasmArray array) {
        large += WasmArray.HEADER_BYTES + (long) Long.BYTES * array.length();
      } else {
        small += NODE_BYTES;
      }
    }
    long charged = limiter.of(HeapKind.GC_OBJECT) - large;
    if (small == 0) {
      assertThat(charged).isZero();
    } else {
      assertThat(charged).isGreaterThanOrEqualTo(small).isLessThan(small + EPOCH_BYTES);
    }
  }

  private static void collect(@Nullable Object root, IdentityHashMap<Object, Boolean> objects) {
    Object object = root;
    while (object != null && objects.putIfAbsent(object, true) == null) {
      object = object instanceof WasmStruct struct ? struct.fields()[0] : null;
    }
  }
}
