package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.InstanceLayout;
import dev.cloister.engine.runtime.VectorUse;
import dev.cloister.engine.types.FuncType;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/// How functions are divided, and that they compute the same then.
final class SplitPlannerTest {
  private static final int CASES = 20;
  private static final int SUMMANDS = 400;
  private static final FuncType RUN = new FuncType(List.of(I32, I32), List.of(I32));

  /// An interpreter: each turn of the loop takes the lowest digit of the program, of base 20, and
  /// executes its case; every other case is long. It ends where the rest is 0.
  private static void interpreter(CodeBuilder code) {
    code.loop();
    for (int i = 0; i < CASES; i++) {
      code.block();
    }
    code.localGet(0).i32Const(CASES).op(Opcode.I32_REM_U);
    code.brTable(IntStream.range(0, CASES).asLongStream().toArray());
    for (int i = 0; i < CASES; i++) {
      code.end();
      for (int k = 0; k < (i % 2 == 0 ? 1 : SUMMANDS); k++) {
        code.localGet(1).i32Const(31).op(Opcode.I32_MUL).i32Const(i + k).i32Add().localSet(1);
      }
      code.localGet(0).i32Const(CASES).op(Opcode.I32_DIV_U).localTee(0);
      code.brIf(CASES - 1 - i);
      code.localGet(1).op(Opcode.RETURN);
    }
    code.end();
    code.op(Opcode.UNREACHABLE);
  }

  private static int expected(int program, int start) {
    int sum = start;
    int rest = program;
    do {
      int opcode = rest % CASES;
      for (int k = 0; k < (opcode % 2 == 0 ? 1 : SUMMANDS); k++) {
        sum = sum * 31 + opcode + k;
      }
      rest /= CASES;
    } while (rest != 0);
    return sum;
  }

  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void dispatch_staysInTheMethodOfItsLoop(CodeKind kind) {
    WasmModule module =
        ModuleDecoder.decode(
            new ModuleBuilder().exportFunction("f", RUN, SplitPlannerTest::interpreter).build(),
            WasmFeatures.ALL,
            WasmLimits.defaults());
    ModulePlan plan =
        new ModulePlan(module, new InstanceLayout(module), 20_000, VectorUse.WORTHWHILE, _ -> {});
    SplitPlan split = SplitPlanner.first(kind, plan, 0);
    assertThat(split.isDivided()).isTrue();

    InstructionReader reader = Sites.instructions(module, 0);
    int start = reader.position();
    while (reader.next() != Opcode.BR_TABLE) {
      start = reader.position();
    }
    int table = start;
    List<SplitPlan.Region> all =
        IntStream.iterate(start, at -> at < reader.end(), at -> at + 1)
            .mapToObj(at -> split.regionAt(at, null))
            .filter(Objects::nonNull)
            .toList();
    assertThat(all).isNotEmpty();
    for (int at = module.bodyOffset(0); at <= table; at++) {
      assertThat(split.regionAt(at, null)).as("region at %s", at).isNull();
    }
  }

  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void interpreter_computesTheSameDivided(CodeKind kind) {
    EngineConfig config = EngineConfig.defaults().withCodeKind(kind).withMethodBytes(20_000);
    try (TestEngine engine = new TestEngine(config)) {
      Instance instance =
          engine.instantiate(
              new ModuleBuilder().exportFunction("f", RUN, SplitPlannerTest::interpreter));
      for (int program : new int[] {0, 1, 19, 20, 399, 8_019, 1_234_567, Integer.MAX_VALUE}) {
        assertThat(result(instance, "f", program, 7))
            .as("program %s", program)
            .isEqualTo(expected(program, 7));
      }
    }
  }

  /// A local that is only used between being written and the end of a part is that part's own.
  @ParameterizedTest
  @EnumSource(value = CodeKind.class, mode = Mode.EXCLUDE, names = "DEBUG")
  void region_isPassedAndGivesBack_onlyWhatIsReadAcrossItsBorder(CodeKind kind) {
    int temporary = 2;
    ModuleBuilder builder =
        new ModuleBuilder()
            .exportFunction(
                "f",
                RUN,
                code -> {
                  code.local(I32);
                  for (int block = 0; block < 3; block++) {
                    code.block();
                    code.localGet(0).brIf(0);
                    for (int k = 0; k < SUMMANDS / 2; k++) {
                      code.localGet(1).i32Const(k).i32Add().localSet(temporary);
                      code.localGet(temporary).i32Const(3).op(Opcode.I32_MUL).localSet(1);
                    }
                    code.end();
                  }
                  code.localGet(1);
                });
    WasmModule module =
        ModuleDecoder.decode(builder.build(), WasmFeatures.ALL, WasmLimits.defaults());
    ModulePlan plan =
        new ModulePlan(module, new InstanceLayout(module), 14_000, VectorUse.WORTHWHILE, _ -> {});
    SplitPlan split = SplitPlanner.first(kind, plan, 0);
    List<SplitPlan.Region> all =
        IntStream.range(module.bodyOffset(0), module.bodyEnd(0))
            .mapToObj(at -> split.regionAt(at, null))
            .filter(Objects::nonNull)
            .toList();
    assertThat(all).isNotEmpty();
    for (SplitPlan.Region region : all) {
      assertThat(region.used().get(temporary)).isTrue();
      assertThat(region.passed().get(temporary)).isFalse();
      assertThat(region.returned().get(temporary)).isFalse();
      assertThat(region.passed().get(1)).isTrue();
      // The last instruction before the end of the function reads it.
      assertThat(region.returned().get(1)).isEqualTo(region.end() < module.bodyEnd(0) - 1);
    }
    EngineConfig config = EngineConfig.defaults().withCodeKind(kind).withMethodBytes(14_000);
    try (TestEngine engine = new TestEngine(config)) {
      int expected = 7;
      for (int k = 0; k < SUMMANDS / 2 * 3; k++) {
        expected = (expected + k % (SUMMANDS / 2)) * 3;
      }
      Instance instance = engine.instantiate(builder);
      assertThat(result(instance, "f", 0, 7)).isEqualTo(expected);
      assertThat(result(instance, "f", 1, 7)).isEqualTo(7);
    }
  }

  /// The locals beyond what is passed as arguments reach a region, and what it writes comes back.
  @ParameterizedTest
  @EnumSource(value = CodeKind.class, mode = Mode.EXCLUDE, names = "DEBUG")
  void region_usesMoreLocalsThanItHasArguments(CodeKind kind) {
    int count = 60;
    EngineConfig config = EngineConfig.defaults().withCodeKind(kind).withMethodBytes(1_500);
    try (TestEngine engine = new TestEngine(config)) {
      ModuleBuilder module =
          new ModuleBuilder()
              .exportFunction(
                  "f",
                  new FuncType(List.of(I64), List.of(I64)),
                  code -> {
                    int[] locals = IntStream.range(0, count).map(_ -> code.local(I64)).toArray();
                    for (int i = 0; i < count; i++) {
                      code.localGet(0).i64Const(i).op(Opcode.I64_ADD).localSet(locals[i]);
                    }
                    code.loop();
                    for (int round = 0; round < 6; round++) {
                      for (int i = 0; i < count; i++) {
                        code.localGet(locals[i])
                            .localGet(locals[(i + 7) % count])
                            .op(Opcode.I64_ADD)
                            .localSet(locals[i]);
                      }
                    }
                    code.end();
                    code.i64Const(0);
                    for (int i = 0; i < count; i++) {
                      code.i64Const(31).op(Opcode.I64_MUL);
                      code.localGet(locals[i]).op(Opcode.I64_ADD);
                    }
                  });
      long[] values = new long[count];
      for (int i = 0; i < count; i++) {
        values[i] = 5L + i;
      }
      for (int round = 0; round < 6; round++) {
        for (int i = 0; i < count; i++) {
          values[i] += values[(i + 7) % count];
        }
      }
      long sum = 0;
      for (long value : values) {
        sum = sum * 31 + value;
      }
      assertThat(result(engine.instantiate(module), "f", 5L)).isEqualTo(sum);
    }
  }

  /// {@return a plan by which the interpreter is one method at first}
  private static ModulePlan wholePlan(WasmModule module) {
    return new ModulePlan(
        module, new InstanceLayout(module), 120_000, VectorUse.WORTHWHILE, _ -> {});
  }

  @Test
  void divisionThatWasRefined_isTheSameAfterItsFactsAreRestored() {
    byte[] bytes =
        new ModuleBuilder().exportFunction("run", RUN, SplitPlannerTest::interpreter).build();
    WasmModule module = ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults());
    ModulePlan refined = wholePlan(module);
    LimitExceededException limit = new LimitExceededException("size", 1, 0);
    for (int level = 1; level <= 3; level++) {
      refined.divide(CodeKind.BASELINE, 0, refined.split(CodeKind.BASELINE, 0), limit);

      ModulePlan restored = wholePlan(module);
      restored.split(CodeKind.BASELINE, 0);
      FunctionTiers tiers = FunctionTiers.of(CodeKind.BASELINE);
      restored.restore(tiers, 0, refined.facts(tiers, 0));

      SplitPlan expected = refined.split(CodeKind.BASELINE, 0);
      SplitPlan actual = restored.split(CodeKind.BASELINE, 0);
      assertThat(actual.level()).isEqualTo(level);
      assertThat(actual.framed()).isEqualTo(expected.framed());
      assertThat(actual.isDivided()).isTrue();
      for (int region = 0; region < expected.regionCount(); region++) {
        assertThat(actual.region(region)).isEqualTo(expected.region(region));
      }
      assertThat(actual.regionCount()).isEqualTo(expected.regionCount());
      assertThat(restored.split(CodeKind.OPTIMIZED, 0).level()).isZero();
    }
  }

  @Test
  void factsOfAnotherChunk_areRefused() {
    byte[] bytes =
        new ModuleBuilder().exportFunction("run", RUN, SplitPlannerTest::interpreter).build();
    WasmModule module = ModuleDecoder.decode(bytes, WasmFeatures.ALL, WasmLimits.defaults());
    ModulePlan plan = new ModulePlan(module, new InstanceLayout(module));
    for (Map<Integer, Integer> levels : List.of(Map.of(1, 1), Map.of(0, 0), Map.of(0, 5))) {
      ChunkFacts facts = new ChunkFacts(levels, Set.of());
      assertThatThrownBy(() -> plan.restore(FunctionTiers.of(CodeKind.BASELINE), 0, facts))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
