package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import java.math.BigInteger;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Arithmetic with results of 128 bits, compared with unbounded integers.
final class WideArithmeticTest {
  private static final long[] VALUES = {
    0, 1, -1, 2, Long.MAX_VALUE, Long.MIN_VALUE, 0x1_0000_0000L, 0x0123_4567_89ab_cdefL
  };
  private static final BigInteger TWO_64 = BigInteger.TWO.pow(64);
  private static final List<Opcode> ALL =
      List.of(Opcode.I64_ADD128, Opcode.I64_SUB128, Opcode.I64_MUL_WIDE_S, Opcode.I64_MUL_WIDE_U);

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private Instance instance() {
    ModuleBuilder module = new ModuleBuilder();
    for (Opcode opcode : ALL) {
      int operands = opcode == Opcode.I64_ADD128 || opcode == Opcode.I64_SUB128 ? 4 : 2;
      module.exportFunction(
          opcode.mnemonic(),
          new FuncType(Collections.nCopies(operands, I64), List.of(I64, I64)),
          code -> {
            for (int i = 0; i < operands; i++) {
              code.localGet(i);
            }
            code.op(opcode);
          });
    }
    return engine.instantiate(module);
  }

  private static BigInteger unsigned(long low, long high) {
    BigInteger bits = BigInteger.valueOf(high).shiftLeft(64).add(BigInteger.valueOf(low));
    return low < 0 ? bits.add(TWO_64) : bits;
  }

  private static void assertIs(BigInteger expected, @Nullable Object[] results) {
    assertThat(results).containsExactly(expected.longValue(), expected.shiftRight(64).longValue());
  }

  @Test
  void sums_carryIntoTheHighHalf() {
    Instance instance = instance();
    for (long aLow : VALUES) {
      for (long aHigh : VALUES) {
        for (long bLow : VALUES) {
          for (long bHigh : VALUES) {
            BigInteger a = unsigned(aLow, aHigh);
            BigInteger b = unsigned(bLow, bHigh);
            assertIs(a.add(b), call(instance, "i64.add128", aLow, aHigh, bLow, bHigh));
            assertIs(a.subtract(b), call(instance, "i64.sub128", aLow, aHigh, bLow, bHigh));
          }
        }
      }
    }
  }

  @Test
  void products_haveBothHalves() {
    Instance instance = instance();
    for (long a : VALUES) {
      for (long b : VALUES) {
        assertIs(
            BigInteger.valueOf(a).multiply(BigInteger.valueOf(b)),
            call(instance, "i64.mul_wide_s", a, b));
        assertIs(unsigned(a, 0).multiply(unsigned(b, 0)), call(instance, "i64.mul_wide_u", a, b));
      }
    }
  }

  /// Operands wait on the JVM stack, in locals and as a comparison that is not written yet.
  @Test
  void operands_areTakenFromWhereTheyAre() {
    FuncType type = new FuncType(List.of(I64, I64, I32), List.of(I32, I64, I64));
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .function(new FuncType(List.of(I64), List.of(I64)), code -> code.localGet(0))
                .exportFunction(
                    "f",
                    type,
                    code ->
                        code.localGet(2)
                            .localGet(0)
                            .call(0)
                            .localGet(1)
                            .op(Opcode.I64_MUL_WIDE_U)
                            .localGet(0)
                            .localGet(2)
                            .i32Const(5)
                            .op(Opcode.I32_LT_U)
                            .op(Opcode.I64_EXTEND_I32_U)
                            .op(Opcode.I64_ADD128)));
    assertThat(call(instance, "f", -1L, 2L, 3)).containsExactly(3, -3L, 3L);
  }
}
