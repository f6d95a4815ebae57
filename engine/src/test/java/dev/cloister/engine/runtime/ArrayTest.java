package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.PackedType.I16;
import static dev.cloister.engine.types.PackedType.I8;
import static dev.cloister.engine.types.RefType.ANYREF;
import static dev.cloister.engine.types.VecType.V128;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.ValueType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Arrays of every kind of storage.
final class ArrayTest {
  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static ArrayType array(StorageType element) {
    return new ArrayType(new FieldType(element, true));
  }

  /// What an array stores, and values for it: as they are given, and as they come back.
  record Kind(StorageType type, List<Object> values, List<Object> stored) {
    @Override
    public String toString() {
      return type.toString();
    }
  }

  static Stream<Kind> kinds() {
    List<Object> ints = new ArrayList<>();
    List<Object> bytes = new ArrayList<>();
    List<Object> shorts = new ArrayList<>();
    List<Object> longs = new ArrayList<>();
    List<Object> floats = new ArrayList<>();
    List<Object> doubles = new ArrayList<>();
    List<Object> vectors = new ArrayList<>();
    List<Object> references = new ArrayList<>();
    for (int i = 1; i <= 21; i++) {
      int value = i * 0x0f0f_1701;
      ints.add(value);
      bytes.add((int) (byte) value);
      shorts.add((int) (short) value);
      longs.add(value * 0x1_0000_0001L);
      floats.add(value + 0.5f);
      doubles.add(value + 0.25);
      vectors.add(new V128(value, -value));
      references.add(I31.shared(i));
    }
    return Stream.of(
        new Kind(I8, ints, bytes),
        new Kind(I16, ints, shorts),
        new Kind(I32, ints, ints),
        new Kind(I64, longs, longs),
        new Kind(F32, floats, floats),
        new Kind(F64, doubles, doubles),
        new Kind(V128, vectors, vectors),
        new Kind(ANYREF, references, references));
  }

  private Instance instance(Kind kind) {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType type = module.type(array(kind.type()));
    RefType reference = RefType.of(true, type);
    ValueType value = kind.type().unpacked();
    Opcode get = value.equals(kind.type()) ? Opcode.ARRAY_GET : Opcode.ARRAY_GET_S;
    int count = kind.values().size();
    List<ValueType> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(value);
    }
    return engine.instantiate(
        module
            .exportFunction(
                "new",
                new FuncType(List.of(value, I32), List.of(reference)),
                code -> code.localGet(0).localGet(1).op(Opcode.ARRAY_NEW, type))
            .exportFunction(
                "default",
                new FuncType(List.of(I32), List.of(reference)),
                code -> code.localGet(0).op(Opcode.ARRAY_NEW_DEFAULT, type))
            .exportFunction(
                "fixed",
                new FuncType(all, List.of(reference)),
                code -> {
                  for (int i = 0; i < count; i++) {
                    code.localGet(i);
                  }
                  code.op(Opcode.ARRAY_NEW_FIXED, type, count);
                })
            .exportFunction(
                "get",
                new FuncType(List.of(reference, I32), List.of(value)),
                code -> code.localGet(0).localGet(1).op(get, type))
            .exportFunction(
                "set",
                new FuncType(List.of(reference, I32, value), List.of()),
                code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.ARRAY_SET, type))
            .exportFunction(
                "length",
                new FuncType(List.of(reference), List.of(I32)),
                code -> code.localGet(0).op(Opcode.ARRAY_LEN))
            .exportFunction(
                "fill",
                new FuncType(List.of(reference, I32, value, I32), List.of()),
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .localGet(2)
                        .localGet(3)
                        .op(Opcode.ARRAY_FILL, type))
            .exportFunction(
                "copy",
                new FuncType(List.of(reference, I32, reference, I32, I32), List.of()),
                code ->
                    code.localGet(0)
                        .localGet(1)
                        .localGet(2)
                        .localGet(3)
                        .localGet(4)
                        .op(Opcode.ARRAY_COPY, type, 0)));
  }

  private static WasmArray arrayResult(
      Instance instance, String function, @Nullable Object... args) {
    return (WasmArray) Objects.requireNonNull(result(instance, function, args));
  }

  private static List<@Nullable Object> elements(WasmArray array) {
    List<@Nullable Object> elements = new ArrayList<>();
    for (int i = 0; i < array.length(); i++) {
      elements.add(array.get(i));
    }
    return elements;
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void elements_areKept(Kind kind) {
    Instance instance = instance(kind);
    WasmArray fixed = arrayResult(instance, "fixed", kind.values().toArray());
    assertThat(elements(fixed)).isEqualTo(kind.stored());
    assertThat(intResult(instance, "length", fixed)).isEqualTo(kind.values().size());
    for (int i = 0; i < fixed.length(); i++) {
      assertThat(result(instance, "get", fixed, i)).isEqualTo(kind.stored().get(i));
    }

    WasmArray filled = arrayResult(instance, "new", kind.values().getFirst(), 3);
    assertThat(elements(filled)).containsOnly(kind.stored().getFirst()).hasSize(3);
    call(instance, "set", filled, 1, kind.values().get(5));
    assertThat(result(instance, "get", filled, 1)).isEqualTo(kind.stored().get(5));
    assertThat(result(instance, "get", filled, 2)).isEqualTo(kind.stored().getFirst());

    WasmArray empty = arrayResult(instance, "default", 0);
    assertThat(empty.length()).isZero();
    Object zero = elements(arrayResult(instance, "default", 1)).getFirst();
    call(instance, "fill", fixed, 1, kind.values().getLast(), 2);
    assertThat(elements(fixed).subList(0, 4))
        .containsExactly(
            kind.stored().getFirst(),
            kind.stored().getLast(),
            kind.stored().getLast(),
            kind.stored().get(3));
    assertThat(zero).isNotEqualTo(kind.stored().getFirst());
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void copies_overlapAndCross(Kind kind) {
    Instance instance = instance(kind);
    Object[] values = kind.values().toArray();
    WasmArray array = arrayResult(instance, "fixed", values);
    call(instance, "copy", array, 1, array, 0, 20);
    assertThat(elements(array).subList(1, 21)).isEqualTo(kind.stored().subList(0, 20));
    WasmArray other = arrayResult(instance, "default", 5);
    call(instance, "copy", other, 2, array, 3, 2);
    assertThat(elements(other).subList(2, 4)).isEqualTo(kind.stored().subList(2, 4));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void accesses_outOfBounds_trapAndChangeNothing(Kind kind) {
    Instance instance = instance(kind);
    Object value = kind.values().getFirst();
    WasmArray array = arrayResult(instance, "fixed", kind.values().toArray());
    int length = array.length();
    for (int index : new int[] {length, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertTraps(TrapReason.ARRAY_OUT_OF_BOUNDS, () -> call(instance, "get", array, index));
      assertTraps(TrapReason.ARRAY_OUT_OF_BOUNDS, () -> call(instance, "set", array, index, value));
      assertTraps(
          TrapReason.ARRAY_OUT_OF_BOUNDS, () -> call(instance, "fill", array, index, value, 1));
      assertTraps(
          TrapReason.ARRAY_OUT_OF_BOUNDS, () -> call(instance, "fill", array, 1, value, index));
      assertTraps(
          TrapReason.ARRAY_OUT_OF_BOUNDS, () -> call(instance, "copy", array, index, array, 0, 1));
      assertTraps(
          TrapReason.ARRAY_OUT_OF_BOUNDS, () -> call(instance, "copy", array, 0, array, index, 1));
      assertTraps(
          TrapReason.ARRAY_OUT_OF_BOUNDS, () -> call(instance, "copy", array, 1, array, 0, index));
    }
    // An empty range may begin at the end, not behind it.
    call(instance, "fill", array, length, value, 0);
    call(instance, "copy", array, length, array, length, 0);
    assertTraps(
        TrapReason.ARRAY_OUT_OF_BOUNDS, () -> call(instance, "fill", array, length + 1, value, 0));
    assertThat(elements(array)).isEqualTo(kind.stored());
    assertThat(instance.isPoisoned()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void accesses_ofNull_trap(Kind kind) {
    Instance instance = instance(kind);
    Object value = kind.values().getFirst();
    WasmArray array = arrayResult(instance, "default", 1);
    TrapReason reason = TrapReason.NULL_ARRAY_REFERENCE;
    assertTraps(reason, () -> call(instance, "get", null, 0));
    assertTraps(reason, () -> call(instance, "set", null, 0, value));
    assertTraps(reason, () -> call(instance, "length", new Object[] {null}));
    assertTraps(reason, () -> call(instance, "fill", null, 0, value, 0));
    assertTraps(reason, () -> call(instance, "copy", null, 0, array, 0, 0));
    assertTraps(reason, () -> call(instance, "copy", array, 0, null, 0, 0));
  }

  @Test
  void length_thatNoArrayHas_traps() {
    Instance instance = instance(kinds().toList().getFirst());
    for (int length : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertTraps(TrapReason.ALLOCATION_TOO_LARGE, () -> call(instance, "default", length));
      assertTraps(TrapReason.ALLOCATION_TOO_LARGE, () -> call(instance, "new", 1, length));
    }
  }

  /// Numbers in data segments are in the order of linear memory, at any offset.
  @Test
  void dataSegments_areReadAsNumbers() {
    byte[] data = new byte[64];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i * 3);
    }
    ByteBuffer buffer = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    List<StorageType> types = List.of(I8, I16, I32, I64, F32, F64);
    List<Object> expected =
        List.of(
            (int) data[3],
            (int) buffer.getShort(3),
            buffer.getInt(3),
            buffer.getLong(3),
            buffer.getFloat(3),
            buffer.getDouble(3));
    for (int i = 0; i < types.size(); i++) {
      ModuleBuilder module = new ModuleBuilder();
      DefinedType type = module.type(array(types.get(i)));
      RefType reference = RefType.of(true, type);
      Instance instance =
          engine.instantiate(
              module
                  .passiveData(data)
                  .exportFunction(
                      "new",
                      new FuncType(List.of(I32, I32), List.of(reference)),
                      code -> code.localGet(0).localGet(1).op(Opcode.ARRAY_NEW_DATA, type, 0))
                  .exportFunction(
                      "init",
                      new FuncType(List.of(reference, I32, I32, I32), List.of()),
                      code ->
                          code.localGet(0)
                              .localGet(1)
                              .localGet(2)
                              .localGet(3)
                              .op(Opcode.ARRAY_INIT_DATA, type, 0))
                  .exportFunction("drop", FuncType.EMPTY, code -> code.op(Opcode.DATA_DROP, 0)));
      WasmArray array = arrayResult(instance, "new", 3, 2);
      assertThat(array.get(0)).isEqualTo(expected.get(i));
      call(instance, "init", array, 1, 3, 1);
      assertThat(array.get(1)).isEqualTo(expected.get(i));

      TrapReason outside = TrapReason.MEMORY_OUT_OF_BOUNDS;
      assertTraps(outside, () -> call(instance, "new", 64, 1));
      assertTraps(outside, () -> call(instance, "new", 0, 65));
      assertTraps(outside, () -> call(instance, "new", 0, -1));
      assertTraps(outside, () -> call(instance, "init", array, 0, 64, 1));
      assertTraps(TrapReason.ARRAY_OUT_OF_BOUNDS, () -> call(instance, "init", array, 1, 0, 2));
      assertTraps(TrapReason.NULL_ARRAY_REFERENCE, () -> call(instance, "init", null, 0, 0, 0));
      call(instance, "drop");
      assertTraps(outside, () -> call(instance, "new", 0, 1));
      assertThat(arrayResult(instance, "new", 0, 0).length()).isZero();
    }
  }

  @Test
  void elementSegments_areCopied() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType type = module.type(array(ANYREF));
    RefType reference = RefType.of(true, type);
    Instance instance =
        engine.instantiate(
            module
                .elements(
                    ANYREF,
                    List.of(
                        code -> code.i32Const(1).op(Opcode.REF_I31),
                        code -> code.i32Const(3).op(Opcode.ARRAY_NEW_DEFAULT, type),
                        code -> code.i32Const(5_000).op(Opcode.REF_I31)))
                .exportFunction(
                    "new",
                    new FuncType(List.of(I32, I32), List.of(reference)),
                    code -> code.localGet(0).localGet(1).op(Opcode.ARRAY_NEW_ELEM, type, 0))
                .exportFunction(
                    "init",
                    new FuncType(List.of(reference, I32, I32, I32), List.of()),
                    code ->
                        code.localGet(0)
                            .localGet(1)
                            .localGet(2)
                            .localGet(3)
                            .op(Opcode.ARRAY_INIT_ELEM, type, 0)));
    WasmArray array = arrayResult(instance, "new", 0, 3);
    assertThat(array.get(0)).isEqualTo(I31.shared(1));
    assertThat(array.get(1)).isInstanceOf(WasmArray.class);
    // The segment was evaluated once.
    assertThat(arrayResult(instance, "new", 1, 1).get(0)).isSameAs(array.get(1));
    call(instance, "init", array, 0, 1, 2);
    assertThat(array.get(0)).isSameAs(arrayResult(instance, "new", 1, 1).get(0));
    TrapReason outside = TrapReason.TABLE_OUT_OF_BOUNDS;
    assertTraps(outside, () -> call(instance, "new", 3, 1));
    assertTraps(outside, () -> call(instance, "new", 0, -1));
    assertTraps(outside, () -> call(instance, "init", array, 0, 2, 2));
    assertTraps(TrapReason.ARRAY_OUT_OF_BOUNDS, () -> call(instance, "init", array, 3, 0, 1));
    assertTraps(TrapReason.NULL_ARRAY_REFERENCE, () -> call(instance, "init", null, 0, 0, 0));
  }

  @Test
  void constantExpressions_makeArrays() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType bytes = module.type(array(I8));
    DefinedType references = module.type(array(ANYREF));
    module
        .global(
            new GlobalType(ANYREF, false),
            code -> code.i32Const(-1).i32Const(3).op(Opcode.ARRAY_NEW, bytes))
        .global(
            new GlobalType(ANYREF, false),
            code -> code.i32Const(2).op(Opcode.ARRAY_NEW_DEFAULT, references))
        .global(
            new GlobalType(ANYREF, false),
            code ->
                code.globalGet(0)
                    .i32Const(9)
                    .op(Opcode.REF_I31)
                    .op(Opcode.ARRAY_NEW_FIXED, references, 2))
        .export("new", ExternKind.GLOBAL, 0)
        .export("default", ExternKind.GLOBAL, 1)
        .export("fixed", ExternKind.GLOBAL, 2);
    Instance instance = engine.instantiate(module);
    assertThat(elements(global(instance, "new"))).containsExactly(-1, -1, -1);
    assertThat(elements(global(instance, "default"))).containsExactly(null, null);
    assertThat(elements(global(instance, "fixed")))
        .containsExactly(global(instance, "new"), I31.shared(9));
  }

  private static WasmArray global(Instance instance, String name) {
    return (WasmArray) Objects.requireNonNull(TestEngine.global(instance, name).value());
  }

  /// As many operands as validation allows still fit into one JVM method.
  @Test
  void tenThousandElements_areGivenOneByOne() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType type = module.type(array(I64));
    module.exportFunction(
        "make",
        new FuncType(List.of(), List.of(RefType.of(true, type))),
        code -> {
          for (int i = 0; i < 10_000; i++) {
            code.i64Const(i);
          }
          code.op(Opcode.ARRAY_NEW_FIXED, type, 10_000);
        });
    WasmArray array = arrayResult(engine.instantiate(module), "make");
    assertThat(array.length()).isEqualTo(10_000);
    for (int i = 0; i < 10_000; i++) {
      assertThat(array.get(i)).isEqualTo((long) i);
    }
  }
}
