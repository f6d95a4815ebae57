package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.oracle.Operator;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import java.util.List;
import java.util.function.Consumer;
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

  /// The operators that compare integers.
  private static List<Operator> comparisons() {
    return Operator.ALL.stream()
        .filter(operator ->
            operator.result() == I32
                && operator.operands().size() == 2
                && operator.opcode().name().matches("I(32|64)_(EQ|NE|[LG][TE]_[SU])"))
        .toList();
  }

  /// Adds a function of type [x x i32] -> [i32] that selects its last parameter plus or minus 1.
  private static void select(
      ModuleBuilder module, String name, FuncType type, Consumer<CodeBuilder> condition) {
    module.exportFunction(
        name,
        type,
        code -> {
          code.localGet(2).i32Const(1).i32Add().localGet(2).i32Const(-1).i32Add();
          condition.accept(code);
          code.op(Opcode.SELECT);
        });
  }

  /// The same with an i64 of the parameter, of which the result is the lower half.
  private static void selectWide(
      ModuleBuilder module, String name, FuncType type, Consumer<CodeBuilder> condition) {
    module.exportFunction(
        name,
        type,
        code -> {
          code.localGet(2).op(Opcode.I64_EXTEND_I32_S).i64Const(1).op(Opcode.I64_ADD);
          code.localGet(2).op(Opcode.I64_EXTEND_I32_S).i64Const(-1).op(Opcode.I64_ADD);
          condition.accept(code);
          code.op(Opcode.SELECT).op(Opcode.I32_WRAP_I64);
        });
  }

  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void comparison_asCondition_selectsByWhatItSays(CodeKind kind) {
    ModuleBuilder module = new ModuleBuilder();
    for (Operator operator : comparisons()) {
      FuncType type =
          new FuncType(
              List.of(operator.operands().getFirst(), operator.operands().getLast(), I32),
              List.of(I32));
      String name = operator.opcode().name();
      Consumer<CodeBuilder> comparison = code -> code.localGet(0).localGet(1).op(operator.opcode());
      select(module, name, type, comparison);
      selectWide(module, name + " wide", type, comparison);
      select(module, name + " not", type, comparison.andThen(code -> code.op(Opcode.I32_EQZ)));
      module.exportFunction(
          name + " kept",
          type,
          code -> {
            int kept = code.local(I32);
            comparison.accept(code);
            code.localSet(kept);
            code.localGet(2).i32Const(1).i32Add().localGet(2).localGet(kept).op(Opcode.SELECT);
            code.localGet(2).i32Const(-1).i32Add();
            code.localGet(kept).i32Const(1).op(Opcode.I32_AND);
            comparison.accept(code);
            code.op(Opcode.I32_AND).op(Opcode.SELECT);
          });
    }
    long[] values = {
      0,
      1,
      -1,
      2,
      64,
      Integer.MIN_VALUE,
      Integer.MAX_VALUE,
      1L << 32,
      Long.MIN_VALUE,
      Long.MAX_VALUE
    };
    try (TestEngine engine = new TestEngine(EngineConfig.defaults().withCodeKind(kind))) {
      Instance instance = engine.instantiate(module);
      for (Operator operator : comparisons()) {
        boolean isWide = operator.operands().getFirst() == I64;
        String name = operator.opcode().name();
        for (long a : values) {
          for (long b : values) {
            Object first = isWide ? (Object) a : (Object) (int) a;
            Object second = isWide ? (Object) b : (Object) (int) b;
            boolean holds = operator.apply(isWide ? a : (int) a, isWide ? b : (int) b) != 0;
            int chosen = holds ? 11 : 9;
            assertThat(result(instance, name, first, second, 10))
                .as("%s %s %s", name, a, b)
                .isEqualTo(chosen);
            assertThat(result(instance, name + " wide", first, second, 10))
                .as("%s %s %s wide", name, a, b)
                .isEqualTo(chosen);
            assertThat(result(instance, name + " not", first, second, 10))
                .as("%s %s %s not", name, a, b)
                .isEqualTo(20 - chosen);
            assertThat(result(instance, name + " kept", first, second, 10))
                .as("%s %s %s kept", name, a, b)
                .isEqualTo(chosen);
          }
        }
      }
    }
  }

  /// What a local was known to be must not outlive what it was.
  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void local_thatWasAComparison_isTakenForWhatItIsNow(CodeKind kind) {
    ModuleBuilder module = new ModuleBuilder();
    // Written in an arm.
    select(
        module,
        "arm",
        INTS,
        code -> {
          int kept = code.local(I32);
          code.localGet(0).localGet(1).op(Opcode.I32_EQ).localSet(kept);
          code.localGet(0).ifThen().localGet(0).localSet(kept).end().localGet(kept);
        });
    // Written at the end of a turn, read at the beginning of the next one.
    module.exportFunction(
        "turn",
        INTS,
        code -> {
          int kept = code.local(I32);
          int sum = code.local(I32);
          code.localGet(0).op(Opcode.I32_EQZ).localSet(kept);
          code.start(Opcode.LOOP);
          code.localGet(2).i32Const(1).i32Add().localGet(2).i32Const(-1).i32Add();
          code.localGet(kept).op(Opcode.SELECT).localSet(sum);
          code.localGet(0).localSet(kept);
          code.localGet(1).i32Const(-1).i32Add().localTee(1).brIf(0).end();
          code.localGet(sum);
        });
    // What a loop begins with is not what its later turns have.
    module.exportFunction(
        "parameter",
        INTS,
        code -> {
          int sum = code.local(I32);
          code.localGet(0)
              .op(Opcode.I32_EQZ)
              .start(Opcode.LOOP, new FuncType(List.of(I32), List.of()));
          int kept = code.local(I32);
          code.localSet(kept);
          code.localGet(2).i32Const(1).i32Add().localGet(2).localGet(kept).op(Opcode.SELECT);
          code.localSet(sum);
          code.localGet(0).localGet(1).i32Const(-1).i32Add().localTee(1).brIf(0).drop().end();
          code.localGet(sum);
        });
    // One of two of which only the first is a comparison.
    select(
        module,
        "chosen",
        INTS,
        code -> code.localGet(0).op(Opcode.I32_EQZ).localGet(0).localGet(1).op(Opcode.SELECT));
    // Two of one bit are of one bit only where both are 0 or 1.
    select(
        module,
        "bits",
        INTS,
        code ->
            code.localGet(0)
                .i32Const(4)
                .op(Opcode.I32_AND)
                .localGet(1)
                .i32Const(1)
                .op(Opcode.I32_AND)
                .op(Opcode.I32_OR));
    try (TestEngine engine = new TestEngine(EngineConfig.defaults().withCodeKind(kind))) {
      Instance instance = engine.instantiate(module);
      for (int value : CONDITIONS) {
        assertThat(result(instance, "arm", value, value, 10)).as("arm %s", value).isEqualTo(11);
        assertThat(result(instance, "arm", value, value + 1, 10))
            .as("arm %s", value)
            .isEqualTo(value != 0 ? 11 : 9);
        assertThat(result(instance, "turn", value, 3, 10))
            .as("turn %s", value)
            .isEqualTo(value != 0 ? 11 : 9);
        assertThat(result(instance, "parameter", value, 3, 10))
            .as("parameter %s", value)
            .isEqualTo(value != 0 ? 11 : 10);
        assertThat(result(instance, "chosen", value, 0, 10))
            .as("chosen %s", value)
            .isEqualTo(value != 0 ? 11 : 9);
        assertThat(result(instance, "bits", value, value, 10))
            .as("bits %s", value)
            .isEqualTo((value & 5) != 0 ? 11 : 9);
      }
    }
  }

  /// An `and` with one bit waits for what becomes of it: a number, a branch or a mask.
  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void bit_isTestedInEveryUse(CodeKind kind) {
    int[] bits = {1, 2, 64, Integer.MIN_VALUE};
    ModuleBuilder module = new ModuleBuilder();
    for (int bit : bits) {
      Consumer<CodeBuilder> test = code -> code.localGet(0).i32Const(bit).op(Opcode.I32_AND);
      Consumer<CodeBuilder> inverse = test.andThen(code -> code.op(Opcode.I32_EQZ));
      module.exportFunction("number" + bit, INTS, test);
      module.exportFunction("inverse" + bit, INTS, inverse);
      select(module, "select" + bit, INTS, test);
      selectWide(module, "wide" + bit, INTS, inverse);
      module.exportFunction(
          "branch" + bit,
          INTS,
          code -> {
            test.accept(code);
            code.ifThen(I32).i32Const(7).otherwise().i32Const(8).end();
          });
      module.exportFunction(
          "below" + bit,
          INTS,
          code -> {
            test.accept(code);
            code.localGet(1).localTee(0).i32Add();
          });
    }
    try (TestEngine engine = new TestEngine(EngineConfig.defaults().withCodeKind(kind))) {
      Instance instance = engine.instantiate(module);
      for (int bit : bits) {
        for (int value : CONDITIONS) {
          boolean isSet = (value & bit) != 0;
          assertThat(result(instance, "number" + bit, value, 0, 0)).isEqualTo(value & bit);
          assertThat(result(instance, "inverse" + bit, value, 0, 0)).isEqualTo(isSet ? 0 : 1);
          assertThat(result(instance, "select" + bit, value, 0, 5)).isEqualTo(isSet ? 6 : 4);
          assertThat(result(instance, "wide" + bit, value, 0, 5)).isEqualTo(isSet ? 4 : 6);
          assertThat(result(instance, "branch" + bit, value, 0, 0)).isEqualTo(isSet ? 7 : 8);
          assertThat(result(instance, "below" + bit, value, 3, 0)).isEqualTo((value & bit) + 3);
        }
      }
    }
  }

  /// The lesser and the greater of two, in every way that a select of what is compared says it.
  @ParameterizedTest
  @EnumSource(CodeKind.class)
  void operandsThatAreCompared_areSelected(CodeKind kind) {
    ModuleBuilder module = new ModuleBuilder();
    for (Operator operator : comparisons()) {
      NumType number = operator.operands().getFirst();
      FuncType type = new FuncType(List.of(number, number), List.of(number));
      String name = operator.opcode().name();
      module.exportFunction(
          name,
          type,
          code ->
              code.localGet(0)
                  .localGet(1)
                  .localGet(0)
                  .localGet(1)
                  .op(operator.opcode())
                  .op(Opcode.SELECT));
      module.exportFunction(
          name + " swapped",
          type,
          code ->
              code.localGet(0)
                  .localGet(1)
                  .localGet(1)
                  .localGet(0)
                  .op(operator.opcode())
                  .op(Opcode.SELECT));
      module.exportFunction(
          name + " constant",
          type,
          code -> {
            constant(code.localGet(0), number, 7);
            constant(code.localGet(0), number, 7).op(operator.opcode()).op(Opcode.SELECT);
          });
      // The first operand is what the local was.
      module.exportFunction(
          name + " written",
          type,
          code -> {
            code.localGet(0).localGet(1);
            constant(code, number, 7).localSet(0);
            code.localGet(0).localGet(1).op(operator.opcode()).op(Opcode.SELECT);
          });
    }
    long[] values = {0, 1, -1, 7, 8, Integer.MIN_VALUE, Integer.MAX_VALUE, Long.MIN_VALUE};
    try (TestEngine engine = new TestEngine(EngineConfig.defaults().withCodeKind(kind))) {
      Instance instance = engine.instantiate(module);
      for (Operator operator : comparisons()) {
        boolean isWide = operator.operands().getFirst() == I64;
        String name = operator.opcode().name();
        for (long wideA : values) {
          for (long wideB : values) {
            long a = isWide ? wideA : (int) wideA;
            long b = isWide ? wideB : (int) wideB;
            Object first = isWide ? (Object) a : (Object) (int) a;
            Object second = isWide ? (Object) b : (Object) (int) b;
            Object seven = isWide ? (Object) 7L : (Object) 7;
            assertThat(result(instance, name, first, second))
                .as("%s %s %s", name, a, b)
                .isEqualTo(operator.apply(a, b) != 0 ? first : second);
            assertThat(result(instance, name + " swapped", first, second))
                .as("%s %s %s swapped", name, a, b)
                .isEqualTo(operator.apply(b, a) != 0 ? first : second);
            assertThat(result(instance, name + " constant", first, second))
                .as("%s %s constant", name, a)
                .isEqualTo(operator.apply(a, 7) != 0 ? first : seven);
            assertThat(result(instance, name + " written", first, second))
                .as("%s %s %s written", name, a, b)
                .isEqualTo(operator.apply(7, b) != 0 ? first : second);
          }
        }
      }
    }
  }

  private static CodeBuilder constant(CodeBuilder code, NumType type, int value) {
    return type == I64 ? code.i64Const(value) : code.i32Const(value);
  }
}
