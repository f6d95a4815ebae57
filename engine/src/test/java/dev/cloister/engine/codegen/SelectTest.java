package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Selects of integers, by branches and by arithmetic, with conditions of every form.
final class SelectTest {
  private static final int[] CONDITIONS = {
    0, 1, -1, 2, -2, 64, 0x4000_0000, Integer.MIN_VALUE, Integer.MAX_VALUE
  };
  private static final FuncType INTS = new FuncType(List.of(I32, I32, I32), List.of(I32));
  private static final FuncType LONGS = new FuncType(List.of(I64, I64, I32), List.of(I64));
  private static final int A = 0x8000_0001;
  private static final int B = 0x7fff_fffe;
  private static final long WIDE_A = 0x8000_0000_0000_0001L;
  private static final long WIDE_B = 0x7fff_ffff_0000_0000L;

  private static Instance instance(TestEngine engine) {
    ModuleBuilder module = new ModuleBuilder();
    module.exportFunction(
        "plain", INTS, code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.SELECT));
    module.exportFunction(
        "computed",
        INTS,
        code ->
            code.localGet(0)
                .i32Const(1)
                .i32Add()
                .localGet(1)
                .localGet(2)
                .i32Const(0)
                .op(Opcode.I32_LT_S)
                .op(Opcode.SELECT));
    module.exportFunction(
        "unsigned",
        INTS,
        code ->
            code.localGet(0)
                .localGet(1)
                .i32Const(1)
                .i32Add()
                .localGet(2)
                .i32Const(64)
                .op(Opcode.I32_GE_U)
                .op(Opcode.SELECT));
    module.exportFunction(
        "nested",
        INTS,
        code ->
            code.i32Const(5)
                .localGet(0)
                .localGet(1)
                .localGet(2)
                .op(Opcode.SELECT)
                .localGet(0)
                .localGet(2)
                .op(Opcode.I32_EQZ)
                .op(Opcode.SELECT)
                .i32Add());
    module.exportFunction(
        "wide", LONGS, code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.SELECT));
    module.exportFunction(
        "wideComputed",
        LONGS,
        code ->
            code.i64Const(3)
                .localGet(0)
                .i64Const(1)
                .op(Opcode.I64_ADD)
                .localGet(1)
                .localGet(0)
                .localGet(1)
                .op(Opcode.I64_GT_U)
                .op(Opcode.SELECT)
                .op(Opcode.I64_ADD));
    return engine.instantiate(module);
  }

  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void select_isTheFirstOperand_whereTheConditionIsNotZero(CodeKind kind) {
    try (TestEngine engine = new TestEngine(EngineConfig.defaults().withCodeKind(kind))) {
      Instance instance = instance(engine);
      for (int c : CONDITIONS) {
        assertThat(result(instance, "plain", A, B, c)).as("plain %s", c).isEqualTo(c != 0 ? A : B);
        assertThat(result(instance, "computed", A, B, c))
            .as("computed %s", c)
            .isEqualTo(c < 0 ? A + 1 : B);
        assertThat(result(instance, "unsigned", A, B, c))
            .as("unsigned %s", c)
            .isEqualTo(Integer.compareUnsigned(c, 64) >= 0 ? A : B + 1);
        assertThat(result(instance, "nested", A, B, c))
            .as("nested %s", c)
            .isEqualTo(5 + (c == 0 ? B : A));
        assertThat(result(instance, "wide", WIDE_A, WIDE_B, c))
            .as("wide %s", c)
            .isEqualTo(c != 0 ? WIDE_A : WIDE_B);
      }
      assertThat(result(instance, "wideComputed", WIDE_A, WIDE_B, 0)).isEqualTo(WIDE_A + 4);
      assertThat(result(instance, "wideComputed", WIDE_B, WIDE_A, 0)).isEqualTo(WIDE_A + 3);
    }
  }
}
