package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.global;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static dev.cloister.engine.types.VecType.V128;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Global;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// Vectors as values: wherever a value can be, both halves of a vector are.
///
/// Once with vectors as two longs, and once as objects wherever they can be.
@ParameterizedClass
@EnumSource(VectorUse.class)
final class VectorValuesTest {
  private static final V128 A = new V128(0x0123_4567_89ab_cdefL, 0xfedc_ba98_7654_3210L);
  private static final V128 B = new V128(7, -7);
  private static final V128 C = new V128(1L << 40, 3);
  private static final FuncType UNARY = new FuncType(List.of(V128), List.of(V128));
  private static final FuncType BINARY = new FuncType(List.of(V128, V128), List.of(V128));
  private static final FuncType CHOICE = new FuncType(List.of(V128, V128, I32), List.of(V128));

  private final TestEngine engine;

  VectorValuesTest(VectorUse vectorUse) {
    engine =
        new TestEngine(
            EngineConfig.defaults().withCodeKind(CodeKind.OPTIMIZED).withVectorUse(vectorUse));
  }

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static V128 sum(V128 a, V128 b) {
    return new V128(a.low() + b.low(), a.high() + b.high());
  }

  private Instance exporting(FuncType type, Consumer<CodeBuilder> body) {
    return engine.instantiate(new ModuleBuilder().exportFunction("f", type, body));
  }

  private static CodeBuilder add(CodeBuilder code) {
    return code.op(Opcode.I64X2_ADD);
  }

  // Calls.

  private static final List<ValueType> MIXED = List.of(V128, I32, V128, F64, V128);
  private static final FuncType MANY = new FuncType(MIXED, MIXED.reversed());
  private static final List<Object> ARGS = List.of(A, 5, B, 2.5, C);

  private static void pushReversed(CodeBuilder code) {
    for (int i = MIXED.size() - 1; i >= 0; i--) {
      code.localGet(i);
    }
  }

  private static void pushParams(CodeBuilder code, FuncType type) {
    for (int i = 0; i < type.params().size(); i++) {
      code.localGet(i);
    }
  }

  @Test
  void calls_passVectorsAmongOthers() {
    ModuleBuilder module = new ModuleBuilder();
    module
        .function(MANY, VectorValuesTest::pushReversed)
        .exportFunction(
            "direct",
            MANY,
            code -> {
              pushParams(code, MANY);
              code.call(0);
            })
        .exportFunction(
            "indirect",
            MANY,
            code -> {
              pushParams(code, MANY);
              code.i32Const(0).callIndirect(MANY, 0);
            })
        .exportFunction(
            "reference",
            MANY,
            code -> {
              pushParams(code, MANY);
              code.op(Opcode.REF_FUNC, 0).op(Opcode.CALL_REF, module.functionType(MANY));
            })
        .table(new TableType(FUNCREF, Limits.of(2)))
        .elements(0, 0, 0);
    Instance instance = engine.instantiate(module);
    for (String name : List.of("direct", "indirect", "reference")) {
      assertThat(call(instance, name, ARGS.toArray()))
          .as(name)
          .containsExactlyElementsOf(ARGS.reversed());
    }
  }

  @Test
  void calls_ofOtherInstances_passVectors() {
    Instance exporter =
        engine.instantiate(
            new ModuleBuilder().exportFunction("f", MANY, VectorValuesTest::pushReversed));
    Instance importer =
        engine.instantiate(
            new ModuleBuilder()
                .importFunction("m", "f", MANY)
                .exportFunction(
                    "f",
                    MANY,
                    code -> {
                      pushParams(code, MANY);
                      code.call(0);
                    }),
            Imports.builder().define("m", "f", exporter.exportedFunction("f")).build(),
            exporter.store());
    assertThat(call(importer, "f", ARGS.toArray())).containsExactlyElementsOf(ARGS.reversed());
  }

  private Instance callingHost(FuncType type, HostFunction.Body body) {
    return engine.instantiate(
        new ModuleBuilder()
            .importFunction("m", "f", type)
            .exportFunction(
                "f",
                type,
                code -> {
                  pushParams(code, type);
                  code.call(0);
                }),
        Imports.builder().define("m", "f", HostFunction.of(type, body)).build());
  }

  @Test
  void hostFunctions_takeAndReturnVectors() {
    assertThat(call(callingHost(MANY, (_, args) -> reversed(args)), "f", ARGS.toArray()))
        .containsExactlyElementsOf(ARGS.reversed());
    assertThat(result(callingHost(BINARY, (_, args) -> new Object[] {args[1]}), "f", A, B))
        .isEqualTo(B);
    assertThat(
            call(
                callingHost(new FuncType(List.of(V128), List.of()), (_, args) -> new Object[] {}),
                "f",
                A))
        .isEmpty();
  }

  private static @Nullable Object[] reversed(@Nullable Object[] args) {
    return Arrays.asList(args).reversed().toArray();
  }

  @Test
  void hostFunction_thatReturnsNoVector_isRefused() {
    Instance instance = callingHost(UNARY, (_, _) -> new Object[] {1L});
    assertThatThrownBy(() -> call(instance, "f", A))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("result 0");
  }

  @Test
  void methodHandles_cannotTakeVectors() {
    MethodHandle target =
        MethodHandles.empty(
            MethodType.methodType(long.class, Instance.class, long.class, long.class));
    assertThatThrownBy(() -> HostFunction.of(UNARY, target))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void parameters_beyondWhatTheJvmPasses_arePassed() {
    for (int count : new int[] {62, 63, 64, 1_000}) {
      FuncType type = new FuncType(Collections.nCopies(count, V128), List.of(V128));
      Instance instance = exporting(type, code -> code.localGet(count - 1));
      Object[] args = new Object[count];
      Arrays.fill(args, A);
      args[count - 1] = B;
      assertThat(result(instance, "f", args)).isEqualTo(B);
    }
  }

  // Variables.

  @Test
  void locals_beginAsZeroAndKeepBothHalves() {
    Instance instance =
        exporting(
            UNARY,
            code -> {
              int local = code.local(V128);
              code.localGet(local).localGet(0).localTee(local).localGet(local);
              add(add(code));
            });
    assertThat(result(instance, "f", A)).isEqualTo(sum(A, A));
  }

  /// The old value of a local is still wanted when it is assigned.
  @Test
  void local_thatWaits_isReadBeforeItIsAssigned() {
    Instance instance =
        exporting(
            BINARY,
            code -> {
              code.localGet(0).localGet(0).localGet(1).localSet(0).localGet(0);
              add(add(code));
            });
    assertThat(result(instance, "f", A, B)).isEqualTo(sum(sum(A, A), B));
  }

  private static void constant(CodeBuilder code, V128 value) {
    code.op(Opcode.V128_CONST, value.low(), value.high());
  }

  @Test
  void globals_areFieldsCellsOrArrays() {
    GlobalType type = new GlobalType(V128, true);
    int many = 1_000;
    ModuleBuilder module = new ModuleBuilder().importItem("m", "g", type);
    module
        .global(type, code -> constant(code, A))
        .global(type, code -> constant(code, B))
        .export("cell", ExternKind.GLOBAL, 2);
    for (int i = 3; i < many; i++) {
      module.global(new GlobalType(I32, true), code -> code.i32Const(1));
    }
    module
        .global(type, code -> constant(code, C))
        .global(new GlobalType(I64, true), code -> code.i64Const(9))
        .global(type, code -> constant(code, A))
        .export("farCell", ExternKind.GLOBAL, many + 2);
    int[] all = {0, 1, 2, many, many + 2};
    for (int index : all) {
      module.exportFunction(
          "get" + index, new FuncType(List.of(), List.of(V128)), code -> code.globalGet(index));
      module.exportFunction(
          "set" + index,
          new FuncType(List.of(V128), List.of()),
          code -> code.localGet(0).globalGet(index).op(Opcode.I64X2_ADD).globalSet(index));
    }
    Global imported = Global.create(type, C);
    Instance instance =
        engine.instantiate(module, Imports.builder().define("m", "g", imported).build());
    V128[] expected = {C, A, B, C, A};
    for (int i = 0; i < all.length; i++) {
      assertThat(result(instance, "get" + all[i])).isEqualTo(expected[i]);
      call(instance, "set" + all[i], B);
      assertThat(result(instance, "get" + all[i])).isEqualTo(sum(expected[i], B));
    }
    assertThat(imported.value()).isEqualTo(sum(C, B));
    assertThat(global(instance, "cell").value()).isEqualTo(sum(B, B));
    assertThat(global(instance, "farCell").value()).isEqualTo(sum(A, B));
  }

  // Control.

  @Test
  void select_choosesBothHalves() {
    ModuleBuilder module = new ModuleBuilder().function(UNARY, code -> code.localGet(0));
    // In locals, constants, on the stack below a comparison.
    module
        .exportFunction(
            "locals", CHOICE, code -> code.localGet(0).localGet(1).localGet(2).select(V128))
        .exportFunction(
            "plain", CHOICE, code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.SELECT))
        .exportFunction(
            "stack",
            CHOICE,
            code ->
                code.localGet(0)
                    .call(0)
                    .localGet(1)
                    .call(0)
                    .localGet(2)
                    .i32Const(1)
                    .op(Opcode.I32_EQ)
                    .op(Opcode.SELECT))
        .exportFunction(
            "mixed",
            CHOICE,
            code ->
                code.localGet(0)
                    .call(0)
                    .localGet(1)
                    .localGet(2)
                    .op(Opcode.I32_EQZ)
                    .op(Opcode.I32_EQZ)
                    .select(V128));
    Instance instance = engine.instantiate(module);
    for (String name : List.of("locals", "plain", "stack", "mixed")) {
      assertThat(result(instance, name, A, B, 1)).as(name).isEqualTo(A);
      assertThat(result(instance, name, A, B, 0)).as(name).isEqualTo(B);
    }
  }

  @Test
  void blocks_passVectorsByFallThroughAndBranch() {
    Instance instance =
        exporting(
            CHOICE,
            code -> {
              code.localGet(0).start(Opcode.BLOCK, UNARY);
              code.localGet(1);
              add(code).localGet(2).brIf(0).drop();
              constant(code, C);
              code.end().localGet(0);
              add(code);
            });
    assertThat(result(instance, "f", A, B, 1)).isEqualTo(sum(sum(A, B), A));
    assertThat(result(instance, "f", A, B, 0)).isEqualTo(sum(C, A));
  }

  @Test
  void loops_haveVectorsAsParameters() {
    Instance instance =
        exporting(
            CHOICE,
            code -> {
              code.localGet(0).start(Opcode.LOOP, UNARY);
              code.localGet(1);
              add(code);
              code.localGet(2).i32Const(1).op(Opcode.I32_SUB).localTee(2).brIf(0).end();
            });
    V128 expected = A;
    for (int i = 0; i < 5; i++) {
      expected = sum(expected, B);
    }
    assertThat(result(instance, "f", A, B, 5)).isEqualTo(expected);
  }

  @Test
  void ifs_restoreVectorsForTheirElse() {
    FuncType pair = new FuncType(List.of(V128, V128), List.of(V128));
    Instance instance =
        exporting(
            CHOICE,
            code -> {
              constant(code, C);
              code.localGet(1).localGet(2).start(Opcode.IF, pair);
              code.drop().localGet(0);
              add(code).otherwise();
              add(code).end();
            });
    assertThat(result(instance, "f", A, B, 1)).isEqualTo(sum(C, A));
    assertThat(result(instance, "f", A, B, 0)).isEqualTo(sum(C, B));
  }

  @Test
  void branchTables_moveVectors() {
    Instance instance =
        exporting(
            CHOICE,
            code -> {
              code.block(V128).block(V128).localGet(0).localGet(1);
              add(code).localGet(2).brTable(0, 1, 2).end().localGet(0);
              add(code).end().localGet(1);
              add(code);
            });
    V128 both = sum(A, B);
    assertThat(result(instance, "f", A, B, 0)).isEqualTo(sum(both, both));
    assertThat(result(instance, "f", A, B, 1)).isEqualTo(sum(both, B));
    assertThat(result(instance, "f", A, B, 2)).isEqualTo(both);
  }

  @Test
  void vectorsBelow_areDroppedByABranch() {
    Instance instance =
        exporting(
            CHOICE,
            code -> {
              code.block(V128).localGet(0).localGet(1);
              add(code).localGet(0).localGet(1);
              add(code).localGet(1);
              add(code).localGet(2).brIf(0).drop().end();
            });
    assertThat(result(instance, "f", A, B, 1)).isEqualTo(sum(sum(A, B), B));
    assertThat(result(instance, "f", A, B, 0)).isEqualTo(sum(A, B));
  }

  /// A comparison is not written yet when vectors are computed above it.
  @Test
  void comparison_belowVectors_isKept() {
    FuncType type = new FuncType(List.of(V128, V128, I32), List.of(I32));
    Instance instance =
        exporting(
            type,
            code -> {
              code.localGet(2).i32Const(3).op(Opcode.I32_LT_U);
              code.localGet(0).localGet(1);
              add(code).localGet(0).op(Opcode.V128_XOR).drop();
              code.localGet(0).localGet(2).i32Const(9).op(Opcode.I32_LT_U);
              code.op(Opcode.I8X16_REPLACE_LANE, 3).op(Opcode.I8X16_EXTRACT_LANE_U, 3);
              code.i32Add();
            });
    assertThat(result(instance, "f", A, B, 2)).isEqualTo(2);
    assertThat(result(instance, "f", A, B, 8)).isEqualTo(1);
    assertThat(result(instance, "f", A, B, 10)).isEqualTo(0);
  }

  // Limits.

  /// So large that it becomes several methods: locals, operands and results are carried over.
  @Test
  void largeFunctions_carryVectorsBetweenTheirMethods() {
    int blocks = 4_000;
    Instance instance =
        exporting(
            CHOICE,
            code -> {
              int other = code.local(V128);
              code.localGet(1);
              for (int i = 0; i < blocks; i++) {
                code.block(V128).localGet(0).localGet(1);
                add(code).localTee(0).localGet(2).brIf(0);
                code.localGet(other);
                add(code).localTee(other).end().op(Opcode.V128_XOR);
              }
            });
    for (int condition = 0; condition < 2; condition++) {
      V128 result = B;
      V128 first = A;
      V128 other = new V128(0, 0);
      for (int i = 0; i < blocks; i++) {
        first = sum(first, B);
        other = condition != 0 ? other : sum(first, other);
        V128 value = condition != 0 ? first : other;
        result = new V128(result.low() ^ value.low(), result.high() ^ value.high());
      }
      assertThat(result(instance, "f", A, B, condition)).isEqualTo(result);
    }
  }

  @Test
  void operands_beyondTheJvmStack_areAddedAtLast() {
    int count = 16_400;
    FuncType type = new FuncType(List.of(), List.of(V128));
    ModuleBuilder module =
        new ModuleBuilder()
            .function(FuncType.EMPTY, _ -> {})
            .exportFunction(
                "f",
                type,
                code -> {
                  for (int i = 0; i < count; i++) {
                    constant(code, new V128(i, -i));
                    code.call(0);
                  }
                  for (int i = 1; i < count; i++) {
                    add(code);
                  }
                });
    long sum = (long) count * (count - 1) / 2;
    assertThat(result(engine.instantiate(module), "f")).isEqualTo(new V128(sum, -sum));
  }

  /// Both operands are the same local, or two that have the same value, or were it once.
  @Test
  void narrowings_ofOneVector_giveItTwice() {
    V128 vector = new V128(0x0123_ff80_007f_8000L, 0x7fff_0100_00ff_fffeL);
    for (Opcode opcode :
        List.of(
            Opcode.I8X16_NARROW_I16X8_S,
            Opcode.I8X16_NARROW_I16X8_U,
            Opcode.I16X8_NARROW_I32X4_S,
            Opcode.I16X8_NARROW_I32X4_U)) {
      Instance twice = exporting(UNARY, code -> code.localGet(0).localGet(0).op(opcode));
      Instance both = exporting(BINARY, code -> code.localGet(0).localGet(1).op(opcode));
      Instance before =
          exporting(
              BINARY,
              code ->
                  code.localGet(0)
                      .localGet(1)
                      .localSet(0)
                      .localGet(0)
                      .op(opcode)
                      .localSet(0)
                      .localGet(0));
      Object expected = result(both, "f", vector, vector);
      assertThat(result(twice, "f", vector)).as(opcode.mnemonic()).isEqualTo(expected);
      assertThat(result(before, "f", vector, A))
          .as(opcode.mnemonic())
          .isEqualTo(result(both, "f", vector, A));
    }
    Instance bytes =
        exporting(UNARY, code -> code.localGet(0).localGet(0).op(Opcode.I8X16_NARROW_I16X8_U));
    assertThat(result(bytes, "f", vector))
        .isEqualTo(new V128(0xffff_ff00_ff00_7f00L, 0xffff_ff00_ff00_7f00L));
  }
}
