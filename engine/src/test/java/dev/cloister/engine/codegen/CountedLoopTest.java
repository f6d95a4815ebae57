package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.codegen.CountedLoop.Relation;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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

  /// `g(i, limit, most)`: the same with any comparison, the sum made before the rest of the body.
  ///
  /// @param isSwapped whether the limit is the first operand of the comparison
  private Instance loop(int step, Opcode comparison, boolean isSwapped) {
    return engine.instantiate(
        new ModuleBuilder()
            .exportFunction(
                "g",
                TERNARY,
                code -> {
                  int hash = code.local(I32);
                  code.block().loop();
                  code.localGet(0).i32Const(step).i32Add().localSet(0);
                  code.localGet(hash).i32Const(31).op(Opcode.I32_MUL).localGet(0).i32Add();
                  code.localSet(hash);
                  code.localGet(2).i32Const(1).op(Opcode.I32_SUB).localTee(2);
                  code.op(Opcode.I32_EQZ).brIf(1);
                  if (isSwapped) {
                    code.localGet(1).localGet(0);
                  } else {
                    code.localGet(0).localGet(1);
                  }
                  code.op(comparison).brIf(0).end().end();
                  code.localGet(hash).localGet(0).op(Opcode.I32_XOR);
                }));
  }

  private static int expected(int first, int most, int step, IntPredicate goesOn) {
    int i = first;
    int hash = 0;
    int rest = most;
    do {
      i += step;
      hash = hash * 31 + i;
      rest--;
    } while (rest != 0 && goesOn.test(i));
    return hash ^ i;
  }

  private static boolean compares(Opcode comparison, int a, int b) {
    int order = Integer.compareUnsigned(a, b);
    return switch (comparison) {
      case I32_NE -> order != 0;
      case I32_LT_U -> order < 0;
      case I32_LE_U -> order <= 0;
      case I32_GT_U -> order > 0;
      case I32_GE_U -> order >= 0;
      default -> throw new IllegalArgumentException(comparison.mnemonic());
    };
  }

  @ParameterizedTest
  @EnumSource(
      value = Opcode.class,
      names = {"I32_NE", "I32_LT_U", "I32_LE_U", "I32_GT_U", "I32_GE_U"})
  void loop_withAnyComparison_takesItsTurns(Opcode comparison) {
    for (int step : new int[] {1, -1, 3, -3, 4, -12, 1 << 30, Integer.MIN_VALUE}) {
      for (boolean isSwapped : new boolean[] {false, true}) {
        Instance instance = loop(step, comparison, isSwapped);
        for (int first : EDGES) {
          for (int limit : EDGES) {
            IntPredicate goesOn =
                i -> isSwapped ? compares(comparison, limit, i) : compares(comparison, i, limit);
            assertThat(result(instance, "g", first, limit, 20))
                .as("%s from %s by %s, limit %s", comparison.mnemonic(), first, step, limit)
                .isEqualTo(expected(first, 20, step, goesOn));
          }
        }
      }
    }
  }

  @Test
  void loop_isFoundWhereItsEndIsOneOfTheForms() {
    assertThat(found(code -> code.localGet(0).i32Const(4).i32Add().localTee(0)))
        .isEqualTo(new CountedLoop(0, 0, 4, Relation.NOT_EQUAL, -1, 0, 0));
    assertThat(
            found(code ->
                code.localGet(0)
                    .i32Const(1)
                    .op(Opcode.I32_SUB)
                    .localSet(0)
                    .localGet(1)
                    .i32Const(2)
                    .i32Add()
                    .localGet(0)
                    .op(Opcode.I32_LE_U)))
        .isEqualTo(new CountedLoop(0, 0, -1, Relation.ABOVE_OR_EQUAL, 1, 2, 0));
    // The old value is compared, and the new one comes by way of another local.
    assertThat(
            found(code ->
                code.localGet(0)
                    .i32Const(3)
                    .i32Add()
                    .localSet(2)
                    .localGet(0)
                    .localGet(1)
                    .op(Opcode.I32_LT_U)
                    .localGet(2)
                    .localSet(0)
                    .localGet(0)
                    .drop()))
        .isNull();
    assertThat(
            found(code ->
                code.localGet(0)
                    .i32Const(3)
                    .i32Add()
                    .localSet(2)
                    .localGet(2)
                    .localSet(0)
                    .localGet(2)
                    .localGet(1)
                    .op(Opcode.I32_LT_U)))
        .isEqualTo(new CountedLoop(0, 0, 3, Relation.BELOW, 1, 0, 0));
  }

  @Test
  void loop_isNotFoundWhereTheIndexOrTheLimitMayBeAnother() {
    // A step in an arm, in an inner loop, none, one in the wrong direction, and C2's own.
    assertThat(
            found(code ->
                code.localGet(1)
                    .ifThen()
                    .localGet(0)
                    .i32Const(4)
                    .i32Add()
                    .localSet(0)
                    .end()
                    .localGet(0)))
        .isNull();
    assertThat(
            found(
                code -> code.loop().localGet(0).i32Const(4).i32Add().localSet(0).end().localGet(0)))
        .isNull();
    assertThat(found(code -> code.localGet(0))).isNull();
    assertThat(
            found(code ->
                code.localGet(0).i32Const(-4).i32Add().localTee(0).localGet(1).op(Opcode.I32_LT_U)))
        .isNull();
    assertThat(
            found(code ->
                code.localGet(0).i32Const(1).i32Add().localTee(0).localGet(1).op(Opcode.I32_NE)))
        .isNull();
    // A limit that moves, and another branch back behind the step.
    assertThat(
            found(code ->
                code.localGet(1)
                    .i32Const(1)
                    .i32Add()
                    .localSet(1)
                    .localGet(0)
                    .i32Const(4)
                    .i32Add()
                    .localTee(0)
                    .localGet(1)
                    .op(Opcode.I32_NE)))
        .isNull();
    assertThat(
            found(code ->
                code.localGet(0)
                    .i32Const(4)
                    .i32Add()
                    .localSet(0)
                    .localGet(2)
                    .brIf(0)
                    .localGet(0)
                    .localGet(1)
                    .op(Opcode.I32_NE)))
        .isNull();
  }

  /// {@return what is found of a function that is a loop with a body, which leaves a condition} but
  /// for where its branch is
  private @Nullable CountedLoop found(Consumer<CodeBuilder> body) {
    byte[] bytes =
        new ModuleBuilder()
            .function(
                TERNARY,
                code -> {
                  code.loop();
                  body.accept(code);
                  code.brIf(0).end().localGet(0);
                })
            .build();
    WasmModule module = ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults());
    List<CountedLoop> loops = List.copyOf(CountedLoop.find(module, 0, 3).values());
    if (loops.isEmpty()) {
      return null;
    }
    CountedLoop loop = loops.getFirst();
    return new CountedLoop(
        loop.local(),
        loop.offset(),
        loop.step(),
        loop.relation(),
        loop.limitLocal(),
        loop.limit(),
        /* branch= */ 0);
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
