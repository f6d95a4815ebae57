package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.result;
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
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.StructType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Structures: their fields, however many, and the classes behind them.
final class StructTest {
  private static final FuncType TO_ANY = new FuncType(List.of(), List.of(ANYREF));
  private static final FuncType ANY_TO_INT = new FuncType(List.of(ANYREF), List.of(I32));

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static StructType struct(StorageType... fields) {
    List<FieldType> types = new ArrayList<>();
    for (StorageType field : fields) {
      types.add(new FieldType(field, true));
    }
    return new StructType(types);
  }

  private static WasmStruct structResult(Instance instance, String function) {
    return (WasmStruct) Objects.requireNonNull(result(instance, function));
  }

  @Test
  void fields_ofAllKinds_areKept() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType type = module.type(struct(I8, I16, I32, I64, F32, F64, ANYREF, V128));
    module
        .exportFunction(
            "make",
            TO_ANY,
            code ->
                code.i32Const(0x181)
                    .i32Const(0x1_8001)
                    .i32Const(-3)
                    .i64Const(-4)
                    .f32Const(5.5f)
                    .f64Const(-6.5)
                    .i32Const(7)
                    .op(Opcode.REF_I31)
                    .op(Opcode.V128_CONST, 8, -9)
                    .op(Opcode.STRUCT_NEW, type))
        .exportFunction("default", TO_ANY, code -> code.op(Opcode.STRUCT_NEW_DEFAULT, type));
    Opcode[] gets = {Opcode.STRUCT_GET_S, Opcode.STRUCT_GET_U};
    for (int field = 0; field < 2; field++) {
      for (Opcode get : gets) {
        int index = field;
        module.exportFunction(
            get.mnemonic() + field,
            ANY_TO_INT,
            code -> code.localGet(0).heapType(Opcode.REF_CAST, type).op(get, type, index));
      }
    }
    Instance instance = engine.instantiate(module);

    WasmStruct made = structResult(instance, "make");
    assertThat(made.fields())
        .containsExactly(-127, -32_767, -3, -4L, 5.5f, -6.5, I31.shared(7), new V128(8, -9));
    assertThat(structResult(instance, "default").fields())
        .containsExactly(0, 0, 0, 0L, 0.0f, 0.0, null, new V128(0, 0));
    assertThat(result(instance, "struct.get_s0", made)).isEqualTo(-127);
    assertThat(result(instance, "struct.get_u0", made)).isEqualTo(0x81);
    assertThat(result(instance, "struct.get_s1", made)).isEqualTo(-32_767);
    assertThat(result(instance, "struct.get_u1", made)).isEqualTo(0x8001);
  }

  /// The value is on the JVM stack, a constant, or a local.
  @Test
  void set_takesItsValueFromEverywhere() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType type = module.type(struct(I64, I8, ANYREF));
    module.exportFunction(
        "make",
        new FuncType(List.of(I64), List.of(ANYREF)),
        code -> {
          int object = code.local(RefType.of(true, type));
          code.op(Opcode.STRUCT_NEW_DEFAULT, type)
              .localTee(object)
              .localGet(0)
              .i64Const(1)
              .op(Opcode.I64_ADD)
              .op(Opcode.STRUCT_SET, type, 0)
              .localGet(object)
              .i32Const(300)
              .op(Opcode.STRUCT_SET, type, 1)
              .localGet(object)
              .localGet(object)
              .op(Opcode.STRUCT_SET, type, 2)
              .localGet(object);
        });
    Instance instance = engine.instantiate(module);
    WasmStruct made = (WasmStruct) Objects.requireNonNull(result(instance, "make", 41L));
    assertThat(made.fields()).containsExactly(42L, 44, made);
  }

  /// Fields beyond a thousand are in arrays, and the operands of `struct.new` come in groups.
  @Test
  void tenThousandFields_ofAllKinds_areKept() {
    StorageType[] kinds = {I8, I16, I32, I64, F32, F64, ANYREF, V128};
    int count = 10_000;
    StorageType[] fields = new StorageType[count];
    @Nullable Object[] expected = new Object[count];
    for (int i = 0; i < count; i++) {
      fields[i] = kinds[i % kinds.length];
      expected[i] =
          switch (i % kinds.length) {
            case 0 -> (Object) (int) (byte) i;
            case 1, 2 -> i;
            case 3 -> (long) i;
            case 4 -> (float) i;
            case 5 -> (double) i;
            case 6 -> i % 16 == 6 ? null : I31.shared(i % 1000);
            default -> new V128(i, ~i);
          };
    }
    ModuleBuilder module = new ModuleBuilder();
    DefinedType type = module.type(struct(fields));
    module.exportFunction(
        "make",
        TO_ANY,
        code -> {
          for (int i = 0; i < count; i++) {
            switch (i % kinds.length) {
              case 0, 1, 2 -> code.i32Const(i);
              case 3 -> code.i64Const(i);
              case 4 -> code.f32Const(i);
              case 5 -> code.f64Const(i);
              case 6 -> {
                if (i % 16 == 6) {
                  code.heapType(Opcode.REF_NULL, AbstractHeapType.NONE);
                } else {
                  code.i32Const(i % 1000).op(Opcode.REF_I31);
                }
              }
              default -> code.op(Opcode.V128_CONST, i, ~i);
            }
          }
          code.op(Opcode.STRUCT_NEW, type);
        });
    int[] probes = {
      0, 1, 2, 998, 999, 1_000, 1_001, 1_002, 1_003, 1_004, 1_005, 1_006, 1_007, 9_996, 9_997,
      9_998, 9_999
    };
    for (int probe : probes) {
      boolean isPacked = probe % kinds.length < 2;
      Opcode get = isPacked ? Opcode.STRUCT_GET_S : Opcode.STRUCT_GET;
      module.exportFunction(
          "get" + probe,
          new FuncType(List.of(ANYREF), List.of(fields[probe].unpacked())),
          code -> code.localGet(0).heapType(Opcode.REF_CAST, type).op(get, type, probe));
      module.exportFunction(
          "copy" + probe,
          new FuncType(List.of(ANYREF, ANYREF), List.of()),
          code ->
              code.localGet(0)
                  .heapType(Opcode.REF_CAST, type)
                  .localGet(1)
                  .heapType(Opcode.REF_CAST, type)
                  .op(get, type, probe)
                  .op(Opcode.STRUCT_SET, type, probe));
    }
    module.exportFunction("default", TO_ANY, code -> code.op(Opcode.STRUCT_NEW_DEFAULT, type));
    Instance instance = engine.instantiate(module);

    WasmStruct made = structResult(instance, "make");
    assertThat(made.fields()).containsExactly(expected);
    WasmStruct other = structResult(instance, "default");
    for (int probe : probes) {
      assertThat(result(instance, "get" + probe, made)).as("%d", probe).isEqualTo(expected[probe]);
      TestEngine.call(instance, "copy" + probe, other, made);
      assertThat(other.fields()[probe]).as("%d", probe).isEqualTo(expected[probe]);
    }
  }

  /// A subtype's shape begins with that of its supertype, so the fields of both are read alike.
  @Test
  void subtypes_atDepth63_shareTheFieldsOfTheirSupertypes() {
    ModuleBuilder module = new ModuleBuilder();
    List<DefinedType> types = new ArrayList<>();
    List<StorageType> fields = new ArrayList<>();
    for (int depth = 0; depth <= 63; depth++) {
      // Every other type adds a field.
      if (depth % 2 == 0) {
        fields.add(I32);
      }
      DefinedType parent = types.isEmpty() ? null : types.getLast();
      types.add(module.openType(parent, struct(fields.toArray(StorageType[]::new))));
    }
    DefinedType lowest = types.getLast();
    module.exportFunction(
        "make",
        TO_ANY,
        code -> {
          for (int i = 0; i < 32; i++) {
            code.i32Const(i * i);
          }
          code.op(Opcode.STRUCT_NEW, lowest);
        });
    for (int depth = 0; depth <= 63; depth++) {
      DefinedType type = types.get(depth);
      int last = depth / 2;
      module.exportFunction(
          "last" + depth,
          ANY_TO_INT,
          code ->
              code.localGet(0).heapType(Opcode.REF_CAST, type).op(Opcode.STRUCT_GET, type, last));
    }
    Instance instance = engine.instantiate(module);

    WasmStruct made = structResult(instance, "make");
    assertThat(made.type().depth()).isEqualTo(63);
    for (int depth = 0; depth <= 63; depth++) {
      int last = depth / 2;
      assertThat(intResult(instance, "last" + depth, made)).isEqualTo(last * last);
    }
    int classes = 0;
    for (Class<?> c = made.getClass(); c != WasmStruct.class; c = c.getSuperclass()) {
      classes++;
    }
    assertThat(classes).isEqualTo(32);
  }

  /// The supertype's fields end just before, at and behind the first field that is in an array.
  @Test
  void subtypes_ofWideStructures_shareTheArrays() {
    for (int inherited : new int[] {998, 1_000, 1_001, 1_200}) {
      ModuleBuilder module = new ModuleBuilder();
      StorageType[] fields = new StorageType[inherited + 700];
      for (int i = 0; i < fields.length; i++) {
        fields[i] = i % 3 == 0 ? ANYREF : I32;
      }
      DefinedType parent = module.openType(null, struct(Arrays.copyOf(fields, inherited)));
      DefinedType child = module.openType(parent, struct(fields));
      int last = inherited - 1 - ((inherited - 1) % 3 == 0 ? 1 : 0);
      int lastOwn = fields.length - 1 - ((fields.length - 1) % 3 == 0 ? 1 : 0);
      module
          .exportFunction(
              "make",
              TO_ANY,
              code -> {
                int object = code.local(RefType.of(true, child));
                code.op(Opcode.STRUCT_NEW_DEFAULT, child)
                    .localTee(object)
                    .i32Const(11)
                    .op(Opcode.STRUCT_SET, parent, last)
                    .localGet(object)
                    .i32Const(12)
                    .op(Opcode.STRUCT_SET, child, lastOwn)
                    .localGet(object);
              })
          .exportFunction(
              "get",
              ANY_TO_INT,
              code ->
                  code.localGet(0)
                      .heapType(Opcode.REF_CAST, parent)
                      .op(Opcode.STRUCT_GET, parent, last));
      Instance instance = engine.instantiate(module);
      WasmStruct made = structResult(instance, "make");
      assertThat(intResult(instance, "get", made)).isEqualTo(11);
      assertThat(made.fields()[last]).isEqualTo(11);
      assertThat(made.fields()[lastOwn]).isEqualTo(12);
    }
  }

  /// Both modules define the type for themselves; an object of one is an object of the other.
  @Test
  void structures_travelBetweenModules() {
    ModuleBuilder maker = new ModuleBuilder();
    DefinedType made = maker.type(struct(I32, F64));
    maker.exportFunction(
        "make", TO_ANY, code -> code.i32Const(42).f64Const(1).op(Opcode.STRUCT_NEW, made));
    ModuleBuilder reader = new ModuleBuilder();
    DefinedType unrelated = reader.type(struct(I64));
    DefinedType read = reader.type(struct(I32, F64));
    DefinedType similar = reader.openType(null, struct(I32, F64));
    reader
        .exportFunction(
            "read",
            ANY_TO_INT,
            code -> code.localGet(0).heapType(Opcode.REF_CAST, read).op(Opcode.STRUCT_GET, read, 0))
        .exportFunction(
            "isUnrelated",
            ANY_TO_INT,
            code -> code.localGet(0).heapType(Opcode.REF_TEST, unrelated))
        .exportFunction(
            "isSimilar", ANY_TO_INT, code -> code.localGet(0).heapType(Opcode.REF_TEST, similar));
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance first = engine.instantiate(maker, Imports.NONE, store);
    Instance second = engine.instantiate(reader, Imports.NONE, store);

    WasmStruct object = structResult(first, "make");
    assertThat(intResult(second, "read", object)).isEqualTo(42);
    assertThat(intResult(second, "isUnrelated", object)).isZero();
    // Not final, so another type, of the same shape.
    assertThat(intResult(second, "isSimilar", object)).isZero();
  }

  @Test
  void constantExpressions_makeObjects() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType inner = module.type(struct(I8, ANYREF));
    DefinedType outer = module.type(struct(F64, RefType.of(false, inner)));
    module
        .global(
            new GlobalType(RefType.of(false, inner), false),
            code -> code.i32Const(255).i32Const(-1).op(Opcode.REF_I31).op(Opcode.STRUCT_NEW, inner))
        .global(
            new GlobalType(RefType.of(false, outer), false),
            code -> code.f64Const(2.5).globalGet(0).op(Opcode.STRUCT_NEW, outer))
        .global(
            new GlobalType(RefType.of(true, inner), true),
            code -> code.op(Opcode.STRUCT_NEW_DEFAULT, inner))
        .export("inner", ExternKind.GLOBAL, 0)
        .export("outer", ExternKind.GLOBAL, 1)
        .export("default", ExternKind.GLOBAL, 2);
    Instance instance = engine.instantiate(module);
    WasmStruct first = (WasmStruct) value(instance, "inner");
    assertThat(first.fields()).containsExactly(-1, I31.shared(-1));
    assertThat(((WasmStruct) value(instance, "outer")).fields()).containsExactly(2.5, first);
    assertThat(((WasmStruct) value(instance, "default")).fields()).containsExactly(0, null);
    // Another instance has objects of its own.
    assertThat(value(engine.instantiate(module), "inner")).isNotSameAs(first);
  }

  private static Object value(Instance instance, String global) {
    return Objects.requireNonNull(TestEngine.global(instance, global).value());
  }
}
