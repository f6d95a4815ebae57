package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Loops that are counted beside the guest's own condition: the guest must not notice.
final class CountedLoopTest {
  private static final FuncType TERNARY = new FuncType(List.of(I32, I32, I32), List.of(I32));
  private static final int[] EDGES = {
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    64,
    100,
    -1,
    -2,
    -3,
    -4,
    -64,
    -100,
    Integer.MAX_VALUE,
    Integer.MAX_VALUE - 1,
    Integer.MIN_VALUE,
    Integer.MIN_VALUE + 1,
    0x4000_0000,
    0xc000_0000
  };

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// `f(i, limit, most)`: a hash of the turns, of which there are `most` at most.
  ///
  /// @param limit a constant limit instead of the parameter, or null
  private Instance loop(int step, @Nullable Integer limit) {
    return loop(engine, step, limit);
  }

  private static Instance loop(TestEngine engine, int step, @Nullable Integer limit) {
    return engine.instantiate(
        new ModuleBuilder()
            .exportFunction(
                "f",
                TERNARY,
                code -> {
                  int hash = code.local(I32);
                  code.block().loop();
                  code.localGet(hash).i32Const(31).op(Opcode.I32_MUL).localGet(0).i32Add();
                  code.localSet(hash);
                  code.localGet(2).i32Const(1).op(Opcode.I32_SUB).localTee(2);
                  code.op(Opcode.I32_EQZ).brIf(1);
                  // In some turns the body is begun anew without a step.
                  code.localGet(2).i32Const(7).op(Opcode.I32_AND).i32Const(5).op(Opcode.I32_EQ);
                  code.brIf(0);
                  code.localGet(0).i32Const(step).i32Add().localTee(0);
                  if (limit == null) {
                    code.localGet(1);
                  } else {
                    code.i32Const(limit);
                  }
                  code.op(Opcode.I32_NE).brIf(0).end().end();
                  code.localGet(hash).localGet(0).op(Opcode.I32_XOR);
                }));
  }

  private static int expected(int first, int limit, int most, int step) {
    int i = first;
    int hash = 0;
    int rest = most;
    while (true) {
      hash = hash * 31 + i;
      rest--;
      if (rest == 0) {
        break;
      }
      if ((rest & 7) == 5) {
        continue;
      }
      i += step;
      if (i == limit) {
        break;
      }
    }
    return hash ^ i;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8, 1024, 1 << 30, -2, -4, -8, -1024, -(1 << 30), 1, -1, 3, 6, -12, 0})
  void loop_withAnyStep_takesItsTurns(int step) {
    Instance instance = loop(step, null);
    for (int first : EDGES) {
      for (int limit : EDGES) {
        for (int most : new int[] {1, 2, 50}) {
          assertThat(result(instance, "f", first, limit, most))
              .as("from %s to %s by %s, at most %s turns", first, limit, step, most)
              .isEqualTo(expected(first, limit, most, step));
        }
      }
    }
  }

  /// Code that polls counts in strips, at the ends of which nothing is to be seen either.
  @ParameterizedTest
  @ValueSource(ints = {2, 4, 1024, -4})
  void loop_inStrips_takesItsTurns(int step) {
    try (TestEngine polling =
        new TestEngine(EngineConfig.defaults().withCodeKind(CodeKind.POLLED))) {
      Instance instance = loop(polling, step, null);
      for (int first : EDGES) {
        for (int turns : new int[] {1, 999, 1_000, 1_001, 1_999, 2_000, 5_000}) {
          for (int most : new int[] {turns, 990, 3_000}) {
            int limit = first + turns * step;
            assertThat(result(instance, "f", first, limit, most))
                .as("from %s to %s by %s, at most %s turns", first, limit, step, most)
                .isEqualTo(expected(first, limit, most, step));
            assertThat(result(instance, "f", first, limit + 1, most))
                .as("from %s past %s by %s, at most %s turns", first, limit, step, most)
                .isEqualTo(expected(first, limit + 1, most, step));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, -4})
  void loop_toConstantLimit_takesItsTurns(int step) {
    for (int limit : new int[] {0, 64, -64, 3, Integer.MIN_VALUE}) {
      Instance instance = loop(step, limit);
      for (int first : EDGES) {
        assertThat(result(instance, "f", first, 0, 50))
            .as("from %s to %s by %s", first, limit, step)
            .isEqualTo(expected(first, limit, 50, step));
      }
    }
  }

  /// So many turns that the JIT compiles the loop while it runs.
  @Test
  void loop_ofManyTurns_endsAtItsLimit() {
    Instance instance = loop(4, null);
    for (int round = 0; round < 30; round++) {
      int limit = 400_000 + 4 * round;
      assertThat(result(instance, "f", 0, limit, 1_000_000))
          .isEqualTo(expected(0, limit, 1_000_000, 4));
    }
  }

  /// A loop whose body assigns the index or the limit is none of these.
  @Test
  void loop_whoseLimitOrIndexIsAssigned_seesIt() {
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "limit",
                    TERNARY,
                    code -> {
                      code.loop();
                      code.localGet(0).i32Const(20).op(Opcode.I32_EQ).ifThen();
                      code.i32Const(40).localSet(1).end();
                      code.localGet(0).i32Const(4).i32Add().localTee(0).localGet(1);
                      code.op(Opcode.I32_NE).brIf(0).end().localGet(0);
                    })
                .exportFunction(
                    "index",
                    TERNARY,
                    code -> {
                      code.loop();
                      code.localGet(0).i32Const(20).op(Opcode.I32_EQ).ifThen();
                      code.i32Const(60).localSet(0).end();
                      code.localGet(2).i32Const(1).i32Add().localSet(2);
                      code.localGet(0).i32Const(4).i32Add().localTee(0).localGet(1);
                      code.op(Opcode.I32_NE).brIf(0).end().localGet(2);
                    }));

    assertThat(result(instance, "limit", 0, 100, 0)).isEqualTo(40);
    assertThat(result(instance, "index", 0, 100, 0)).isEqualTo(6 + 9);
  }
}
