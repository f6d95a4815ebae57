package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.Export;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Functions of any legal size run, and compute what smaller ones compute.
///
/// With `-Dslow=true` also the largest ones.
final class SizeLimitsTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType LONG = new FuncType(List.of(I64), List.of(I64));
  private static final int MEGABYTE = 1 << 20;

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private Instance function(FuncType type, Consumer<CodeBuilder> body) {
    return engine.instantiate(new ModuleBuilder().memory(1).exportFunction("f", type, body));
  }

  /// A sum of distinct constants: 1 MB of straight code and some 100,000 entries of constant pools.
  @Test
  void straightCode_ofOneMegabyte_runs() {
    int count = MEGABYTE / 12;
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += constant(i);
    }
    Instance instance =
        function(
            LONG,
            code -> {
              for (int i = 0; i < count; i++) {
                code.localGet(0).i64Const(constant(i)).op(Opcode.I64_ADD).localSet(0);
              }
              code.localGet(0);
            });
    assertThat(result(instance, "f", 5L)).isEqualTo(5 + sum);
  }

  private static long constant(int i) {
    return 0x1_0000_0000_0000L + i * 0x1_0001L;
  }

  @Test
  void loops_ofOneMegabyte_run() {
    int count = MEGABYTE / 24;
    Instance instance =
        function(
            INT,
            code -> {
              int counter = code.local(I32);
              for (int i = 0; i < count; i++) {
                code.i32Const(3).localSet(counter).loop();
                code.localGet(0).localGet(counter).i32Add().localSet(0);
                code.localGet(counter).i32Const(-1).i32Add().localTee(counter).brIf(0).end();
              }
              code.localGet(0);
            });
    assertThat(result(instance, "f", 5)).isEqualTo(5 + 6 * count);
  }

  /// Operands wait while a part of the code around them is in methods of its own.
  @ParameterizedTest
  @ValueSource(ints = {1_000, 30_000, 100_000, 400_000})
  void operands_thatWaitInGreatNumber_areAddedAtLast(int count) {
    Instance instance =
        function(
            LONG,
            code -> {
              for (int i = 0; i < count; i++) {
                if (i % 2 == 0) {
                  code.localGet(0);
                } else {
                  code.localGet(0).i64Const(i).op(Opcode.I64_ADD);
                }
              }
              for (int i = 1; i < count; i++) {
                code.op(Opcode.I64_ADD);
              }
            });
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += 3 + (i % 2 == 0 ? 0 : i);
    }
    assertThat(result(instance, "f", 3L)).isEqualTo(sum);
  }

  /// The same with blocks in between, which settle what waits.
  @Test
  void operands_thatWaitAroundBlocks_areAddedAtLast() {
    int count = 40_000;
    Instance instance =
        function(
            INT,
            code -> {
              for (int i = 0; i < count; i++) {
                code.localGet(0).block(I32).localGet(0).localGet(0).brIf(0).drop().i32Const(9);
                code.end();
              }
              for (int i = 1; i < 2 * count; i++) {
                code.i32Add();
              }
            });
    assertThat(result(instance, "f", 3)).isEqualTo(6 * count);
    assertThat(result(instance, "f", 0)).isEqualTo(9 * count);
  }

  @ParameterizedTest
  @ValueSource(ints = {50_000, 90_000})
  void blocks_nestedDeeply_areLeft(int depth) {
    Instance instance =
        function(
            INT,
            code -> {
              for (int i = 0; i < depth; i++) {
                code.block();
              }
              code.localGet(0).brIf(depth - 1);
              for (int i = 0; i < depth; i++) {
                code.localGet(0).brIf(0).end();
              }
              code.localGet(0).i32Const(7).i32Add();
            });
    assertThat(result(instance, "f", 5)).isEqualTo(12);
    assertThat(result(instance, "f", 0)).isEqualTo(7);
  }

  @Test
  void blocksWithResults_nestedDeeply_areLeft() {
    int depth = 40_000;
    Instance instance =
        function(
            LONG,
            code -> {
              for (int i = 0; i < depth; i++) {
                code.block(I64);
              }
              code.localGet(0);
              for (int i = 0; i < depth; i++) {
                code.localGet(0).op(Opcode.I64_EQZ).brIf(Math.min(i, depth - 1 - i));
                code.i64Const(1).op(Opcode.I64_ADD).end();
              }
            });
    assertThat(result(instance, "f", 5L)).isEqualTo(5L + depth);
  }

  @Test
  void loops_nestedDeeply_run() {
    int depth = 50_000;
    Instance instance =
        function(
            INT,
            code -> {
              int count = code.local(I32);
              for (int i = 0; i < depth; i++) {
                code.loop();
              }
              code.localGet(count).i32Const(1).i32Add().localTee(count);
              code.localGet(0).op(Opcode.I32_LT_U).brIf(depth - 1);
              for (int i = 0; i < depth; i++) {
                code.end();
              }
              code.localGet(count);
            });
    assertThat(result(instance, "f", 1_000)).isEqualTo(1_000);
  }

  @Test
  void ifs_nestedDeeply_run() {
    int depth = 40_000;
    Instance instance =
        function(
            INT,
            code -> {
              for (int i = 0; i < depth; i++) {
                code.localGet(0).ifThen();
                code.localGet(0).i32Const(-1).i32Add().localSet(0);
              }
              for (int i = 0; i < depth; i++) {
                code.otherwise().localGet(0).i32Const(2).i32Add().localSet(0).end();
              }
              code.localGet(0);
            });
    assertThat(result(instance, "f", 50_000)).isEqualTo(10_000);
    assertThat(result(instance, "f", 100)).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {2_500, 49_999})
  void locals_inGreatNumber_keepTheirValues(int count) {
    Instance instance =
        function(
            LONG,
            code -> {
              int first = code.local(I64);
              for (int i = 1; i < count; i++) {
                code.local(I64);
              }
              code.localGet(0).localSet(first);
              for (int i = 1; i < count; i++) {
                code.localGet(first + i - 1).i64Const(i).op(Opcode.I64_ADD).localSet(first + i);
              }
              code.localGet(first + count - 1).localGet(first + count / 2).op(Opcode.I64_ADD);
            });
    long last = 5 + (long) count * (count - 1) / 2;
    long middle = 5 + (long) (count / 2) * (count / 2 + 1) / 2;
    assertThat(result(instance, "f", 5L)).isEqualTo(last + middle);
  }

  /// All locals are begun at their defaults in each call, in the recursion as well, whose frames do
  /// not escape the bounds of the stack.
  @Test
  void recursion_withManyLocals_endsAsUsual() {
    Instance instance =
        function(
            LONG,
            code -> {
              int first = code.local(I64);
              for (int i = 1; i < 49_000; i++) {
                code.local(I64);
              }
              code.localGet(0).op(Opcode.I64_EQZ).ifThen().i64Const(0).ret().end();
              for (int i = 0; i < 49_000; i++) {
                code.localGet(first + i).localGet(0).op(Opcode.I64_ADD).localSet(first + i);
              }
              code.localGet(0).i64Const(-1).op(Opcode.I64_ADD).call(0);
              code.localGet(first + 48_999).op(Opcode.I64_ADD);
            });
    assertThat(result(instance, "f", 10L)).isEqualTo(55L);
    assertTraps(TrapReason.CALL_STACK_EXHAUSTED, () -> call(instance, "f", 1_000_000L));
    assertThat(result(instance, "f", 10L)).isEqualTo(55L);
  }

  private static long[] labels(int length, int distinct) {
    long[] labels = new long[length + 1];
    for (int i = 0; i <= length; i++) {
      labels[i] = i % distinct;
    }
    return labels;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 300, 3_000, 30_000, 65_520})
  void branchTable_ofTheLargestSize_reachesAllLabels(int distinct) {
    Instance instance = branchTable(distinct, 65_520);
    for (int index : new int[] {0, 1, 2, 255, 2_999, 16_383, 16_384, 40_000, 65_519, 65_520, -1}) {
      long entry = Math.min(Integer.toUnsignedLong(index), 65_520);
      assertThat(result(instance, "f", index)).as("%s", index).isEqualTo((int) (entry % distinct));
    }
  }

  /// Returns a function that returns the number of the label of its argument.
  private Instance branchTable(int distinct, int length) {
    return function(
        INT,
        code -> {
          for (int i = 0; i < distinct; i++) {
            code.block();
          }
          code.localGet(0).brTable(labels(length, distinct));
          for (int i = 0; i < distinct; i++) {
            code.end().i32Const(i).ret();
          }
          code.op(Opcode.UNREACHABLE);
        });
  }

  @Test
  void branchTable_withLabelsBeyond16Bits_reachesThem() {
    int depth = 80_000;
    Instance instance =
        function(
            INT,
            code -> {
              for (int i = 0; i < depth; i++) {
                code.block();
              }
              long[] labels = new long[2_000];
              for (int i = 0; i < labels.length; i++) {
                labels[i] = i * 40L;
              }
              code.localGet(0).brTable(labels);
              for (int i = 0; i < depth; i++) {
                code.end().i32Const(1).localGet(0).i32Add().localSet(0);
              }
              code.localGet(0);
            });
    for (int index : new int[] {0, 1, 1_000, 1_639, 1_998, 1_999}) {
      assertThat(result(instance, "f", index)).isEqualTo(index + depth - index * 40);
    }
    assertThat(result(instance, "f", 5_000)).isEqualTo(5_000 + depth - 1_999 * 40);
  }

  /// Values go with the branches of a table, and more wait below.
  @Test
  void branchTable_withValues_carriesThem() {
    int distinct = 5_000;
    FuncType type = new FuncType(List.of(I32, I64), List.of(I64));
    Instance instance =
        function(
            type,
            code -> {
              code.localGet(1);
              for (int i = 0; i < distinct; i++) {
                code.block(I64);
              }
              code.localGet(1).localGet(0).brTable(labels(10_000, distinct));
              for (int i = 0; i < distinct; i++) {
                code.end().i64Const(1).op(Opcode.I64_ADD);
              }
              code.op(Opcode.I64_ADD);
            });
    for (int index : new int[] {0, 1, 4_999, 5_000, 9_999, 10_000, 20_000}) {
      int left = distinct - Math.min(index, 10_000) % distinct;
      assertThat(result(instance, "f", index, 100L)).as("%s", index).isEqualTo(200L + left);
    }
  }

  /// More sites than there are line numbers.
  @Test
  void traps_behindManySites_haveTheirOffset() {
    int count = 150_000;
    Instance instance =
        function(
            INT,
            code -> {
              for (int i = 0; i < count; i++) {
                code.localGet(0).access(Opcode.I32_LOAD, 0).localSet(0);
              }
              code.localGet(0).access(Opcode.I32_LOAD, 7).drop();
              code.localGet(0).i32Const(0).op(Opcode.I32_DIV_U);
            });
    TrapException last =
        assertTraps(TrapReason.INTEGER_DIVIDE_BY_ZERO, () -> call(instance, "f", 0));
    TrapException first =
        assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "f", 1 << 20));
    assertThat(last.wasmStack()).hasSize(1);
    assertThat(first.wasmStack()).hasSize(1);
    // Each turn is 7 bytes, the last access without `local.set` comes before the division.
    assertThat(last.wasmStack().getFirst().offset() - first.wasmStack().getFirst().offset())
        .isEqualTo(7 * count + 2 + 3 + 1 + 2 + 2 - 2);
  }

  /// Numbers and vectors.
  private static FuncType thousand() {
    List<ValueType> types = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      types.add(i % 16 == 1 ? VecType.V128 : I64);
    }
    return new FuncType(types, types);
  }

  private static Object[] arguments(long from) {
    Object[] arguments = new Object[1_000];
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = i % 16 == 1 ? new V128(from + i, i) : Long.valueOf(from + i);
    }
    return arguments;
  }

  private static void pass(CodeBuilder code) {
    for (int i = 0; i < 1_000; i++) {
      code.localGet(i);
    }
  }

  /// Pushes all parameters, the last one more than it is.
  private static CodeBuilder increment(CodeBuilder code) {
    pass(code);
    return code.i64Const(1).op(Opcode.I64_ADD);
  }

  /// A module whose functions pass a thousand values on in many ways. The last one becomes one more
  /// in each function that it passes, and in the host.
  private static ModuleBuilder thousandModule() {
    FuncType type = thousand();
    ModuleBuilder module = new ModuleBuilder();
    module.importFunction("m", "host", type);
    module.exportFunction("direct", type, SizeLimitsTest::increment);
    module.exportFunction("call", type, code -> increment(code).call(1));
    module.exportFunction("import", type, code -> increment(code).call(0));
    module.exportFunction(
        "indirect", type, code -> increment(code).i32Const(0).callIndirect(type, 0));
    module.exportFunction(
        "indirect import", type, code -> increment(code).i32Const(1).callIndirect(type, 0));
    module.exportFunction(
        "reference",
        type,
        code ->
            increment(code).op(Opcode.REF_FUNC, 1).op(Opcode.CALL_REF, module.functionType(type)));
    module.exportFunction("tail", type, code -> increment(code).op(Opcode.RETURN_CALL, 1));
    module.exportFunction("tail import", type, code -> increment(code).op(Opcode.RETURN_CALL, 0));
    module.exportFunction(
        "tail indirect",
        type,
        code ->
            increment(code)
                .i32Const(0)
                .op(Opcode.RETURN_CALL_INDIRECT, module.functionType(type), 0));
    module.exportFunction(
        "block",
        type,
        code ->
            increment(code).start(Opcode.BLOCK, type).localGet(0).op(Opcode.I64_EQZ).brIf(0).end());
    module.exportFunction(
        "branch", type, code -> increment(code).start(Opcode.BLOCK, type).br(0).end());
    module.exportFunction(
        "table",
        type,
        code -> increment(code).start(Opcode.BLOCK, type).i32Const(0).brTable(0, 1, 0).end());
    module.exportFunction(
        "loop",
        type,
        code -> {
          int turn = code.local(I32);
          increment(code).start(Opcode.LOOP, type);
          code.localGet(turn).i32Const(1).i32Add().localTee(turn).i32Const(3).op(Opcode.I32_LT_U);
          code.brIf(0).end();
        });
    module.exportFunction(
        "if",
        type,
        code -> {
          increment(code).localGet(0).op(Opcode.I64_EQZ).start(Opcode.IF, type).ret();
          code.otherwise().i64Const(0).op(Opcode.I64_ADD).end();
        });
    int recursive = module.functionCount();
    module.exportFunction(
        "recursion",
        type,
        code -> {
          // Parameter 500 counts the calls.
          code.localGet(500).i64Const(530).op(Opcode.I64_GE_U).ifThen();
          increment(code).ret().end();
          code.localGet(500).i64Const(1).op(Opcode.I64_ADD).localSet(500);
          pass(code);
          code.call(recursive);
        });
    return module.table(new TableType(RefType.FUNCREF, Limits.of(2))).elements(0, 0, 1, 0);
  }

  private static @Nullable Object[] addOne(@Nullable Object[] values) {
    @Nullable Object[] changed = values.clone();
    changed[999] = (Long) Objects.requireNonNull(changed[999]) + 1;
    return changed;
  }

  @Test
  void thousandParametersAndResults_arePassed() {
    Imports imports =
        Imports.builder()
            .define("m", "host", HostFunction.of(thousand(), (_, values) -> addOne(values)))
            .build();
    Instance instance = engine.instantiate(thousandModule(), imports);
    List<String> once = List.of("direct", "block", "branch", "table", "loop", "if", "recursion");
    for (Export export : instance.module().exports()) {
      @Nullable Object[] expected = addOne(arguments(7));
      if (!once.contains(export.name())) {
        expected = addOne(expected);
      }
      if (export.name().equals("recursion")) {
        expected[500] = 530L;
      }
      assertThat(call(instance, export.name(), arguments(7)))
          .as(export.name())
          .containsExactly(expected);
    }
    // Another instance's functions are called through their references.
    Instance other =
        engine.instantiate(
            thousandModule(),
            Imports.builder().define("m", "host", instance.exportedFunction("tail import")).build(),
            instance.store());
    for (String name : List.of("import", "indirect import", "tail import")) {
      assertThat(call(other, name, arguments(7)))
          .as(name)
          .containsExactly(addOne(addOne(addOne(arguments(7)))));
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "slow", matches = "true")
  void straightCode_ofTheLargestSize_runs() {
    int count = 7_654_000 / 7;
    Instance instance =
        function(
            INT,
            code -> {
              for (int i = 0; i < count; i++) {
                code.localGet(0).i32Const(1).i32Add().localSet(0);
              }
              code.localGet(0);
            });
    assertThat(result(instance, "f", 5)).isEqualTo(5 + count);
  }

  @Test
  @EnabledIfSystemProperty(named = "slow", matches = "true")
  void functions_aMillion_areCalled() {
    int count = 1_000_000;
    FuncType constant = new FuncType(List.of(), List.of(I32));
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < count - 1; i++) {
      int value = i;
      module.function(constant, code -> code.i32Const(value));
    }
    module.exportFunction("f", constant, code -> code.call(1).call(count - 2).i32Add());
    assertThat(result(engine.instantiate(module), "f")).isEqualTo(count - 1);
  }

  @Test
  void globals_aMillion_keepTheirValues() {
    int count = 1_000_000;
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < count; i++) {
      int value = i;
      module.global(new GlobalType(I32, true), code -> code.i32Const(value));
    }
    module.exportFunction(
        "f",
        INT,
        code ->
            code.localGet(0)
                .op(Opcode.GLOBAL_SET, count - 1)
                .op(Opcode.GLOBAL_GET, count - 2)
                .op(Opcode.GLOBAL_GET, count - 1)
                .i32Add());
    assertThat(result(engine.instantiate(module), "f", 5)).isEqualTo(count - 2 + 5);
  }

  @Test
  void functions_inOneTable_areCalledByIndex() {
    int count = 100_000;
    FuncType constant = new FuncType(List.of(), List.of(I32));
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < count; i++) {
      int value = i;
      module.function(constant, code -> code.i32Const(value));
    }
    module
        .table(new TableType(RefType.FUNCREF, Limits.of(count)))
        .elements(0, 0, IntStream.range(0, count).toArray())
        .exportFunction("f", INT, code -> code.localGet(0).callIndirect(constant, 0));
    Instance instance = engine.instantiate(module);
    for (int index : new int[] {0, 4_095, 4_096, 77_777, count - 1}) {
      assertThat(result(instance, "f", index)).isEqualTo(index);
    }
  }
}
