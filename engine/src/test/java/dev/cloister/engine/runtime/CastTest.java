package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.Marks.mark;
import static dev.cloister.engine.fixture.Marks.offsetBehind;
import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.RefType.ANYREF;
import static dev.cloister.engine.types.RefType.EQREF;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.HeapType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Tests and casts of references, comparison, i31, and the way to the host and back.
final class CastTest {
  private static final FuncType ANY_TO_INT = new FuncType(List.of(ANYREF), List.of(I32));
  private static final FuncType ANY_TO_ANY = new FuncType(List.of(ANYREF), List.of(ANYREF));
  private static final FuncType TO_ANY = new FuncType(List.of(), List.of(ANYREF));
  private static final FieldType FIELD = new FieldType(I32, true);

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// The types of a module with functions that test for each of them and make values.
  private static final class Zoo {
    final ModuleBuilder module = new ModuleBuilder();
    final DefinedType animal = module.openType(null, new StructType(List.of(FIELD)));
    final DefinedType bird = module.openType(animal, new StructType(List.of(FIELD, FIELD)));
    final DefinedType fish = module.openType(animal, new StructType(List.of(FIELD)));
    final DefinedType herd = module.openType(null, new ArrayType(FIELD));
    final Map<String, HeapType> types = new LinkedHashMap<>();

    Zoo() {
      for (AbstractHeapType type :
          List.of(
              AbstractHeapType.ANY,
              AbstractHeapType.EQ,
              AbstractHeapType.I31,
              AbstractHeapType.STRUCT,
              AbstractHeapType.ARRAY,
              AbstractHeapType.NONE)) {
        types.put(type.toString(), type);
      }
      types.put("animal", animal);
      types.put("bird", bird);
      types.put("fish", fish);
      types.put("herd", herd);
      types.forEach((name, type) -> {
        test("is " + name, Opcode.REF_TEST, type);
        test("isNullOr " + name, Opcode.REF_TEST_NULL, type);
        cast("to " + name, Opcode.REF_CAST, type);
        cast("toNullOr " + name, Opcode.REF_CAST_NULL, type);
        for (boolean nullable : new boolean[] {false, true}) {
          branch("branch " + name + nullable, Opcode.BR_ON_CAST, nullable, type);
          branch("stay " + name + nullable, Opcode.BR_ON_CAST_FAIL, nullable, type);
        }
      });
      make("animal", code -> code.op(Opcode.STRUCT_NEW_DEFAULT, animal));
      make("bird", code -> code.op(Opcode.STRUCT_NEW_DEFAULT, bird));
      make("fish", code -> code.op(Opcode.STRUCT_NEW_DEFAULT, fish));
      make("herd", code -> code.i32Const(2).op(Opcode.ARRAY_NEW_DEFAULT, herd));
      make("i31", code -> code.i32Const(70_000).op(Opcode.REF_I31));
      make("null", code -> code.heapType(Opcode.REF_NULL, AbstractHeapType.NONE));
    }

    private void test(String name, Opcode opcode, HeapType type) {
      module.exportFunction(name, ANY_TO_INT, code -> code.localGet(0).heapType(opcode, type));
    }

    private void cast(String name, Opcode opcode, HeapType type) {
      module.exportFunction(name, ANY_TO_ANY, code -> code.localGet(0).heapType(opcode, type));
    }

    /// Returns 1 where the branch was taken; there is an operand below the reference.
    private void branch(String name, Opcode opcode, boolean nullable, HeapType type) {
      RefType target = RefType.of(nullable, type);
      boolean takesRest = opcode == Opcode.BR_ON_CAST_FAIL;
      module.exportFunction(
          name,
          ANY_TO_INT,
          code ->
              code.block(takesRest ? ANYREF : target)
                  .i32Const(5)
                  .localGet(0)
                  .castBranch(opcode, 0, ANYREF, target)
                  .drop()
                  .drop()
                  .i32Const(0)
                  .ret()
                  .end()
                  .drop()
                  .i32Const(1));
    }

    private void make(String name, Consumer<CodeBuilder> body) {
      module.exportFunction("make " + name, TO_ANY, body);
    }
  }

  @Test
  void tests_casts_andBranches_agreeOnEveryValueAndType() {
    Zoo zoo = new Zoo();
    Instance instance = engine.instantiate(zoo.module);
    Map<String, List<String>> membership =
        Map.of(
            "animal", List.of("any", "eq", "struct", "animal"),
            "bird", List.of("any", "eq", "struct", "animal", "bird"),
            "fish", List.of("any", "eq", "struct", "animal", "fish"),
            "herd", List.of("any", "eq", "array", "herd"),
            "i31", List.of("any", "eq", "i31"),
            "host", List.of("any"));
    membership.forEach((value, types) -> {
      Object object =
          value.equals("host")
              ? new Object()
              : Objects.requireNonNull(result(instance, "make " + value));
      for (String type : zoo.types.keySet()) {
        assertMember(instance, object, type, types.contains(type), types.contains(type));
      }
    });
    for (String type : zoo.types.keySet()) {
      assertMember(instance, null, type, false, true);
    }
    assertThat(result(instance, "make null")).isNull();
  }

  private static void assertMember(
      Instance instance, @Nullable Object value, String type, boolean is, boolean isNullOr) {
    String what = type + " of " + value;
    assertThat(intResult(instance, "is " + type, value)).as(what).isEqualTo(is ? 1 : 0);
    assertThat(intResult(instance, "isNullOr " + type, value)).as(what).isEqualTo(isNullOr ? 1 : 0);
    assertThat(intResult(instance, "branch " + type + false, value)).isEqualTo(is ? 1 : 0);
    assertThat(intResult(instance, "branch " + type + true, value)).isEqualTo(isNullOr ? 1 : 0);
    assertThat(intResult(instance, "stay " + type + false, value)).isEqualTo(is ? 0 : 1);
    assertThat(intResult(instance, "stay " + type + true, value)).isEqualTo(isNullOr ? 0 : 1);
    assertCast(instance, "to " + type, value, is);
    assertCast(instance, "toNullOr " + type, value, isNullOr);
  }

  private static void assertCast(
      Instance instance, String function, @Nullable Object value, boolean passes) {
    if (passes) {
      assertThat(result(instance, function, value)).isSameAs(value);
    } else {
      assertTraps(TrapReason.CAST_FAILURE, () -> call(instance, function, value));
    }
  }

  @Test
  void functions_areCastByTheirTypes() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType general = module.openType(null, FuncType.EMPTY);
    DefinedType special = module.openType(general, FuncType.EMPTY);
    DefinedType other = module.type(new FuncType(List.of(I32), List.of()));
    module
        .function(general, code -> {})
        .function(special, code -> {})
        .elements(Mode.DECLARATIVE, 0, 1);
    FuncType test = new FuncType(List.of(I32), List.of(I32));
    Map<String, HeapType> types =
        Map.of(
            "general", general,
            "special", special,
            "other", other,
            "func", AbstractHeapType.FUNC,
            "nofunc", AbstractHeapType.NOFUNC);
    types.forEach((name, type) ->
        module.exportFunction(
            name,
            test,
            code ->
                code.localGet(0)
                    .ifThen(FUNCREF)
                    .op(Opcode.REF_FUNC, 1)
                    .otherwise()
                    .op(Opcode.REF_FUNC, 0)
                    .end()
                    .heapType(Opcode.REF_TEST, type)));
    module.exportFunction(
        "fail",
        FuncType.EMPTY,
        code -> code.op(Opcode.REF_FUNC, 0).heapType(Opcode.REF_CAST_NULL, other).drop());
    Instance instance = engine.instantiate(module);
    for (int function = 0; function < 2; function++) {
      assertThat(intResult(instance, "general", function)).isEqualTo(1);
      assertThat(intResult(instance, "special", function)).isEqualTo(function);
      assertThat(intResult(instance, "other", function)).isZero();
      assertThat(intResult(instance, "func", function)).isEqualTo(1);
      assertThat(intResult(instance, "nofunc", function)).isZero();
    }
    assertTraps(TrapReason.CAST_FAILURE, () -> call(instance, "fail"));
  }

  /// Values at both ends, on both sides of what is shared.
  @Test
  void i31_comparesByValue() {
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "of",
                    new FuncType(List.of(I32), List.of(ANYREF)),
                    code -> code.localGet(0).op(Opcode.REF_I31))
                .exportFunction(
                    "signed",
                    new FuncType(List.of(RefType.I31REF), List.of(I32)),
                    code -> code.localGet(0).op(Opcode.I31_GET_S))
                .exportFunction(
                    "unsigned",
                    new FuncType(List.of(RefType.I31REF), List.of(I32)),
                    code -> code.localGet(0).op(Opcode.I31_GET_U))
                .exportFunction(
                    "equal",
                    new FuncType(List.of(EQREF, EQREF), List.of(I32)),
                    code -> code.localGet(0).localGet(1).op(Opcode.REF_EQ)));
    int[] values = {0, 1, -1, 1_023, 1_024, -1_024, -1_025, 0x3fff_ffff, 0x4000_0000, -0x4000_0000};
    for (int value : values) {
      Object reference = Objects.requireNonNull(result(instance, "of", value));
      int expected = value << 1 >> 1;
      assertThat(intResult(instance, "signed", reference)).isEqualTo(expected);
      assertThat(intResult(instance, "unsigned", reference)).isEqualTo(expected & 0x7fff_ffff);
      assertThat(((I31) reference).value()).isEqualTo(expected);
      for (int other : values) {
        Object second = Objects.requireNonNull(result(instance, "of", other));
        boolean same = other << 1 == value << 1;
        assertThat(intResult(instance, "equal", reference, second)).isEqualTo(same ? 1 : 0);
        assertThat(reference.equals(second)).isEqualTo(same);
      }
      assertThat(intResult(instance, "equal", reference, null)).isZero();
    }
    assertThat(intResult(instance, "equal", null, null)).isEqualTo(1);
    TrapReason isNull = TrapReason.NULL_I31_REFERENCE;
    assertTraps(isNull, () -> call(instance, "signed", new Object[] {null}));
    assertTraps(isNull, () -> call(instance, "unsigned", new Object[] {null}));
  }

  @Test
  void objects_areEqualByIdentity() {
    Zoo zoo = new Zoo();
    zoo.module.exportFunction(
        "equal",
        new FuncType(List.of(EQREF, EQREF), List.of(I32)),
        code ->
            // Fused with a branch.
            code.localGet(0)
                .localGet(1)
                .op(Opcode.REF_EQ)
                .ifThen(I32)
                .i32Const(1)
                .otherwise()
                .i32Const(0)
                .end());
    Instance instance = engine.instantiate(zoo.module);
    for (String kind : List.of("animal", "herd")) {
      Object first = Objects.requireNonNull(result(instance, "make " + kind));
      Object second = Objects.requireNonNull(result(instance, "make " + kind));
      assertThat(intResult(instance, "equal", first, first)).isEqualTo(1);
      assertThat(intResult(instance, "equal", first, second)).isZero();
      assertThat(intResult(instance, "equal", first, null)).isZero();
    }
  }

  /// What the host gives comes back as the same object, and can be told from the guest's own.
  @Test
  void externals_keepTheirIdentity() {
    Zoo zoo = new Zoo();
    zoo.module
        .exportFunction(
            "internalize",
            new FuncType(List.of(EXTERNREF), List.of(ANYREF)),
            code -> code.localGet(0).op(Opcode.ANY_CONVERT_EXTERN))
        .exportFunction(
            "externalize",
            new FuncType(List.of(ANYREF), List.of(EXTERNREF)),
            code -> code.localGet(0).op(Opcode.EXTERN_CONVERT_ANY));
    Instance instance = engine.instantiate(zoo.module);
    for (Object host : List.of("text", 42, new Object())) {
      Object internal = result(instance, "internalize", host);
      assertThat(intResult(instance, "is eq", internal)).isZero();
      assertThat(intResult(instance, "is i31", internal)).isZero();
      assertThat(result(instance, "externalize", internal)).isSameAs(host);
    }
    Object bird = Objects.requireNonNull(result(instance, "make bird"));
    Object external = result(instance, "externalize", bird);
    Object again = result(instance, "internalize", external);
    assertThat(again).isSameAs(bird);
    assertThat(intResult(instance, "is bird", again)).isEqualTo(1);
    assertThat(result(instance, "internalize", new Object[] {null})).isNull();
    assertThat(result(instance, "externalize", new Object[] {null})).isNull();
  }

  /// The host cannot pass what is not of a parameter's type.
  @Test
  void arguments_areChecked() {
    Zoo zoo = new Zoo();
    Map<String, RefType> types =
        Map.of(
            "eq", EQREF,
            "i31", RefType.I31REF,
            "struct", RefType.STRUCTREF,
            "array", RefType.ARRAYREF,
            "bird", RefType.of(true, zoo.bird));
    types.forEach((name, type) ->
        zoo.module.exportFunction(
            "take " + name, new FuncType(List.of(type), List.of()), code -> {}));
    Instance instance = engine.instantiate(zoo.module);
    Map<String, List<String>> accepted =
        Map.of(
            "animal", List.of("eq", "struct"),
            "bird", List.of("eq", "struct", "bird"),
            "herd", List.of("eq", "array"),
            "i31", List.of("eq", "i31"));
    accepted.forEach((value, takers) -> {
      Object object = result(instance, "make " + value);
      for (String type : types.keySet()) {
        if (takers.contains(type)) {
          call(instance, "take " + type, object);
        } else {
          assertThatThrownBy(() -> call(instance, "take " + type, object))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageStartingWith("type mismatch: expected ");
        }
      }
    });
    for (String type : types.keySet()) {
      call(instance, "take " + type, new Object[] {null});
      assertThatThrownBy(() -> call(instance, "take " + type, new Object()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void traps_areFoundByTheirOffsets() {
    DefinedType[] types = new DefinedType[2];
    Map<TrapReason, Consumer<CodeBuilder>> guests =
        Map.of(
            TrapReason.NULL_STRUCTURE_REFERENCE,
            code ->
                mark(code.heapType(Opcode.REF_NULL, types[0]), 0)
                    .op(Opcode.STRUCT_GET, types[0], 0)
                    .drop(),
            TrapReason.NULL_ARRAY_REFERENCE,
            code -> mark(code.heapType(Opcode.REF_NULL, types[1]), 0).op(Opcode.ARRAY_LEN).drop(),
            TrapReason.NULL_I31_REFERENCE,
            code ->
                mark(code.heapType(Opcode.REF_NULL, AbstractHeapType.I31), 0)
                    .op(Opcode.I31_GET_U)
                    .drop(),
            TrapReason.CAST_FAILURE,
            code ->
                mark(code.i32Const(1).op(Opcode.REF_I31), 0)
                    .heapType(Opcode.REF_CAST, AbstractHeapType.STRUCT)
                    .drop(),
            TrapReason.ARRAY_OUT_OF_BOUNDS,
            code ->
                mark(code.i32Const(1).op(Opcode.ARRAY_NEW_DEFAULT, types[1]).i32Const(1), 0)
                    .op(Opcode.ARRAY_GET, types[1])
                    .drop(),
            TrapReason.ALLOCATION_TOO_LARGE,
            code -> mark(code.i32Const(-1), 0).op(Opcode.ARRAY_NEW_DEFAULT, types[1]).drop());
    guests.forEach((reason, body) -> {
      ModuleBuilder module = new ModuleBuilder();
      types[0] = module.type(new StructType(List.of(FIELD)));
      types[1] = module.type(new ArrayType(FIELD));
      module.exportFunction("run", FuncType.EMPTY, body);
      byte[] bytes = module.build();
      Instance instance = engine.instantiate(module);
      TrapException trap = assertTraps(reason, () -> call(instance, "run"));
      assertThat(trap.wasmStack()).containsExactly(new WasmFrame(0, null, offsetBehind(bytes, 0)));
    });
  }
}
