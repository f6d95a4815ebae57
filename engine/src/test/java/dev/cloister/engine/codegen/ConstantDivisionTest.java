package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Divisions by constants, with dividends around the multiples of the divisor.
final class ConstantDivisionTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType LONG = new FuncType(List.of(I64), List.of(I64));

  private static final int[] INTS =
      IntStream.concat(
              IntStream.of(
                  1,
                  2,
                  3,
                  5,
                  6,
                  7,
                  9,
                  10,
                  12,
                  14,
                  25,
                  28,
                  60,
                  100,
                  125,
                  641,
                  997,
                  1000,
                  3000,
                  10_000,
                  48_000,
                  65_535,
                  65_536,
                  65_537,
                  1_000_000,
                  274_177,
                  1_000_000_000,
                  Integer.MAX_VALUE,
                  Integer.MIN_VALUE,
                  Integer.MIN_VALUE + 1,
                  -3,
                  -2,
                  -1),
              new Random(7).ints(60))
          .distinct()
          .toArray();

  private static final long[] LONGS =
      LongStream.concat(
              LongStream.concat(
                  LongStream.of(
                      1L << 32,
                      (1L << 32) + 1,
                      6_700_417L * 641,
                      1_000_000_007L * 998_244_353,
                      100_000_000_000_000_000L,
                      Long.MAX_VALUE,
                      Long.MIN_VALUE,
                      Long.MIN_VALUE + 1),
                  IntStream.of(INTS).asLongStream()),
              new Random(8).longs(60))
          .distinct()
          .toArray();

  /// A function of a divisor, which also adds 1 to the dividend, so that this is computed before.
  private static void addInt(ModuleBuilder module, Opcode opcode, int divisor) {
    module.exportFunction(
        opcode.mnemonic() + divisor,
        INT,
        code -> code.localGet(0).i32Const(1).i32Add().i32Const(divisor).op(opcode));
  }

  private static void addLong(ModuleBuilder module, Opcode opcode, long divisor) {
    module.exportFunction(
        opcode.mnemonic() + divisor, LONG, code -> code.localGet(0).i64Const(divisor).op(opcode));
  }

  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void ints_areDividedAsByVariables(CodeKind kind) {
    ModuleBuilder module = new ModuleBuilder();
    for (int divisor : INTS) {
      addInt(module, Opcode.I32_DIV_U, divisor);
      addInt(module, Opcode.I32_REM_U, divisor);
      addInt(module, Opcode.I32_DIV_S, divisor);
      addInt(module, Opcode.I32_REM_S, divisor);
    }
    try (TestEngine engine = new TestEngine(EngineConfig.defaults().withCodeKind(kind))) {
      Instance instance = engine.instantiate(module);
      for (int divisor : INTS) {
        int last = Integer.divideUnsigned(-1, divisor) * divisor;
        int middle = Integer.divideUnsigned(Integer.MIN_VALUE, divisor) * divisor;
        for (int multiple : new int[] {0, divisor, -divisor, 2 * divisor, middle, last}) {
          for (int more = -2; more <= 2; more++) {
            int x = multiple + more;
            String what = x + " and " + divisor;
            assertThat(result(instance, "i32.div_u" + divisor, x - 1))
                .as(what)
                .isEqualTo(Integer.divideUnsigned(x, divisor));
            assertThat(result(instance, "i32.rem_u" + divisor, x - 1))
                .as(what)
                .isEqualTo(Integer.remainderUnsigned(x, divisor));
            assertThat(result(instance, "i32.rem_s" + divisor, x - 1))
                .as(what)
                .isEqualTo(x % divisor);
            if (divisor != -1 || x != Integer.MIN_VALUE) {
              assertThat(result(instance, "i32.div_s" + divisor, x - 1))
                  .as(what)
                  .isEqualTo(x / divisor);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void longs_areDividedAsByVariables(CodeKind kind) {
    ModuleBuilder module = new ModuleBuilder();
    for (long divisor : LONGS) {
      addLong(module, Opcode.I64_DIV_U, divisor);
      addLong(module, Opcode.I64_REM_U, divisor);
      addLong(module, Opcode.I64_DIV_S, divisor);
      addLong(module, Opcode.I64_REM_S, divisor);
    }
    try (TestEngine engine = new TestEngine(EngineConfig.defaults().withCodeKind(kind))) {
      Instance instance = engine.instantiate(module);
      for (long divisor : LONGS) {
        long last = Long.divideUnsigned(-1, divisor) * divisor;
        long middle = Long.divideUnsigned(Long.MIN_VALUE, divisor) * divisor;
        for (long multiple : new long[] {0, divisor, -divisor, 2 * divisor, middle, last}) {
          for (int more = -2; more <= 2; more++) {
            long x = multiple + more;
            String what = x + " and " + divisor;
            assertThat(result(instance, "i64.div_u" + divisor, x))
                .as(what)
                .isEqualTo(Long.divideUnsigned(x, divisor));
            assertThat(result(instance, "i64.rem_u" + divisor, x))
                .as(what)
                .isEqualTo(Long.remainderUnsigned(x, divisor));
            assertThat(result(instance, "i64.rem_s" + divisor, x)).as(what).isEqualTo(x % divisor);
            if (divisor != -1 || x != Long.MIN_VALUE) {
              assertThat(result(instance, "i64.div_s" + divisor, x))
                  .as(what)
                  .isEqualTo(x / divisor);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void whatCanTrap_traps(CodeKind kind) {
    ModuleBuilder module = new ModuleBuilder();
    for (Opcode opcode :
        List.of(Opcode.I32_DIV_U, Opcode.I32_REM_U, Opcode.I32_DIV_S, Opcode.I32_REM_S)) {
      addInt(module, opcode, 0);
    }
    addInt(module, Opcode.I32_DIV_S, -1);
    for (Opcode opcode :
        List.of(Opcode.I64_DIV_U, Opcode.I64_REM_U, Opcode.I64_DIV_S, Opcode.I64_REM_S)) {
      addLong(module, opcode, 0);
    }
    addLong(module, Opcode.I64_DIV_S, -1);
    try (TestEngine engine = new TestEngine(EngineConfig.defaults().withCodeKind(kind))) {
      Instance instance = engine.instantiate(module);
      for (String operator : List.of("div_u", "rem_u", "div_s", "rem_s")) {
        assertThatThrownBy(() -> result(instance, "i32." + operator + 0, 1))
            .isInstanceOf(TrapException.class)
            .hasMessageContaining("divide by zero");
        assertThatThrownBy(() -> result(instance, "i64." + operator + 0, 1L))
            .isInstanceOf(TrapException.class)
            .hasMessageContaining("divide by zero");
      }
      assertThatThrownBy(() -> result(instance, "i32.div_s-1", Integer.MAX_VALUE))
          .isInstanceOf(TrapException.class)
          .hasMessageContaining("overflow");
      assertThatThrownBy(() -> result(instance, "i64.div_s-1", Long.MIN_VALUE))
          .isInstanceOf(TrapException.class)
          .hasMessageContaining("overflow");
    }
  }

  @Test
  void divisions_areMultiplications() {
    ModuleBuilder module = new ModuleBuilder();
    for (int divisor : new int[] {6, 7, 8, 28}) {
      addInt(module, Opcode.I32_DIV_U, divisor);
      addLong(module, Opcode.I64_DIV_U, divisor);
    }
    addInt(module, Opcode.I32_REM_U, 10);
    addLong(module, Opcode.I64_REM_U, 10);
    addInt(module, Opcode.I32_REM_U, 1);
    addInt(module, Opcode.I32_DIV_S, -7);
    addInt(module, Opcode.I32_DIV_U, 0);
    GoldenListing.assertMatches("divisions", module);
  }
}
