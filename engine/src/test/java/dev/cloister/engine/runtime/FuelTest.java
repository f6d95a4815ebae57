package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.Marks.mark;
import static dev.cloister.engine.fixture.Marks.offsetBehind;
import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What guests cost that run in code that counts: exact figures, worked out by hand from the text.
final class FuelTest {
  private static final long MUCH = 1_000_000_000;
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final FuncType TAKES_INT = new FuncType(List.of(I32), List.of());

  private final TestEngine engine =
      new TestEngine(EngineConfig.defaults().withCodeKind(CodeKind.FUEL));
  private final Store store = new Store(HeapLimiter.UNLIMITED);

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private Instance instantiate(ModuleBuilder module) {
    return engine.instantiate(module, Imports.NONE, store);
  }

  private Instance function(FuncType type, Consumer<CodeBuilder> body) {
    return instantiate(new ModuleBuilder().exportFunction("f", type, body));
  }

  /// Returns what a call of `f` takes.
  private long cost(Instance instance, Object... args) {
    store.setFuel(MUCH);
    call(instance, "f", args);
    return MUCH - store.fuel();
  }

  @Test
  void store_withoutAnAmount_hasMoreThanAnyoneUses() {
    assertThat(store.fuel()).isEqualTo(Long.MAX_VALUE);
    assertThatThrownBy(() -> store.setFuel(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void instruction_costsOne() {
    assertThat(cost(function(INT, code -> code.localGet(0).i32Const(1).i32Add()), 7)).isEqualTo(3);
  }

  @Test
  void delimitersNopAndDrop_areFree() {
    Instance instance =
        function(
            VOID,
            code ->
                code.op(Opcode.NOP).block().loop().op(Opcode.NOP).end().end().i32Const(1).drop());

    assertThat(cost(instance)).isEqualTo(1);
  }

  /// The loop's five instructions are paid for in each turn, what is before and behind it once.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10, 1000})
  void loop_isPaidForInEachTurn(int turns) {
    Instance instance =
        function(
            INT,
            code ->
                code.op(Opcode.NOP)
                    .loop()
                    .localGet(0)
                    .i32Const(1)
                    .op(Opcode.I32_SUB)
                    .localTee(0)
                    .brIf(0)
                    .end()
                    .localGet(0));

    assertThat(cost(instance, turns)).isEqualTo(5L * turns + 1);
  }

  /// The form of loop that the code generator writes with a counter beside it.
  @ParameterizedTest
  @ValueSource(ints = {4, 40, 4000})
  void countedLoop_costsWhatItsTextSays(int limit) {
    Instance instance =
        function(
            INT,
            code -> {
              int i = code.local(I32);
              code.loop()
                  .op(Opcode.NOP)
                  .localGet(i)
                  .i32Const(4)
                  .i32Add()
                  .localTee(i)
                  .localGet(0)
                  .op(Opcode.I32_NE)
                  .brIf(0)
                  .end()
                  .localGet(i);
            });

    assertThat(cost(instance, limit)).isEqualTo(7L * (limit / 4) + 1);
  }

  /// `local.get` and `if`, then one arm: two instructions or four.
  @ParameterizedTest
  @CsvSource({"1, 4", "0, 6"})
  void ifElse_costsTheArmThatRuns(int condition, long expected) {
    Instance instance =
        function(
            INT,
            code ->
                code.localGet(0)
                    .ifThen(I32)
                    .i32Const(1)
                    .op(Opcode.I32_EQZ)
                    .otherwise()
                    .i32Const(1)
                    .i32Const(2)
                    .i32Add()
                    .op(Opcode.I32_EQZ)
                    .end());

    assertThat(cost(instance, condition)).isEqualTo(expected);
  }

  /// The switch is 2; behind label 0 come 2, 1 for `br`, and so on.
  @ParameterizedTest
  @CsvSource({"0, 5", "1, 4", "2, 3"})
  void branchTable_costsWhatItJumpsTo(int index, long expected) {
    Instance instance =
        function(
            INT,
            code ->
                code.block()
                    .block()
                    .block()
                    .localGet(0)
                    .brTable(0, 1, 2)
                    .end()
                    .i32Const(3)
                    .localSet(0)
                    .br(1)
                    .end()
                    .op(Opcode.NOP)
                    .localGet(0)
                    .drop()
                    .end()
                    .localGet(0));

    assertThat(cost(instance, index)).isEqualTo(index == 0 ? expected + 1 : expected);
  }

  /// What cannot be reached costs nothing, what a branch passes by neither.
  @Test
  void codeThatIsNotReached_isFree() {
    Instance instance =
        function(
            TO_INT,
            code ->
                code.block()
                    .br(0)
                    .i32Const(1)
                    .i32Const(2)
                    .i32Add()
                    .drop()
                    .end()
                    .i32Const(7)
                    .ret()
                    .i32Const(8));

    assertThat(cost(instance)).isEqualTo(3);
  }

  /// A caller pays for what is behind a call when the callee is back.
  @Test
  void call_isTheEndOfASegment() {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    INT,
                    code -> code.localGet(0).call(1).i32Const(1).i32Add().i32Const(2).i32Add())
                .function(
                    INT,
                    code -> code.localGet(0).ifThen().op(Opcode.UNREACHABLE).end().i32Const(4)));

    assertThat(cost(instance, 0)).isEqualTo(2 + 2 + 1 + 4);
    store.setFuel(MUCH);
    assertTraps(TrapReason.UNREACHABLE, () -> call(instance, "f", 1));
    assertThat(MUCH - store.fuel()).isEqualTo(2 + 2 + 1);
  }

  /// Calls through tables and of other instances are counted like any.
  @Test
  void indirectCall_ofAnotherInstance_isPaidByTheSameStore() {
    Instance callee =
        instantiate(new ModuleBuilder().exportFunction("one", TO_INT, code -> code.i32Const(1)));
    Instance caller =
        engine.instantiate(
            new ModuleBuilder()
                .importFunction("m", "one", TO_INT)
                .exportFunction("f", TO_INT, code -> code.i32Const(0).callIndirect(TO_INT, 0))
                .table(new TableType(RefType.FUNCREF, Limits.of(1)))
                .elements(0, 0, 0),
            Imports.builder().define("m", "one", callee.exportedFunction("one")).build(),
            store);

    assertThat(cost(caller)).isEqualTo(3);
  }

  /// The whole segment is paid for, though the trap is in its middle.
  @Test
  void trap_inTheMiddleOfASegment_leavesItPaid() {
    Instance instance =
        function(
            INT,
            code ->
                code.i32Const(1)
                    .localGet(0)
                    .op(Opcode.I32_DIV_S)
                    .i32Const(5)
                    .i32Add()
                    .i32Const(6)
                    .i32Add());

    store.setFuel(100);
    assertTraps(TrapReason.INTEGER_DIVIDE_BY_ZERO, () -> call(instance, "f", 0));
    assertThat(store.fuel()).isEqualTo(93);
    call(instance, "f", 1);
    assertThat(store.fuel()).isEqualTo(86);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 1", "64, 1", "65, 2", "65536, 1024"})
  void memoryInstruction_paysForItsBytes(int bytes, long units) {
    Instance fill =
        instantiate(
            new ModuleBuilder()
                .memory(2)
                .exportFunction(
                    "f",
                    TAKES_INT,
                    code -> code.i32Const(0).i32Const(0).localGet(0).op(Opcode.MEMORY_FILL, 0))
                .exportFunction(
                    "copy",
                    TAKES_INT,
                    code -> code.i32Const(0).i32Const(9).localGet(0).op(Opcode.MEMORY_COPY, 0, 0)));

    assertThat(cost(fill, bytes)).isEqualTo(4 + units);
    store.setFuel(MUCH);
    call(fill, "copy", bytes);
    assertThat(MUCH - store.fuel()).isEqualTo(4 + units);
  }

  /// What is asked for is paid for, also if it turns out to be out of bounds.
  @Test
  void memoryInit_outOfBounds_isPaidFor() {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .memory(1)
                .passiveData(new byte[100])
                .exportFunction(
                    "f",
                    TAKES_INT,
                    code -> code.i32Const(0).i32Const(0).localGet(0).op(Opcode.MEMORY_INIT, 0, 0)));

    assertThat(cost(instance, 100)).isEqualTo(4 + 2);
    store.setFuel(MUCH);
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "f", -1));
    assertThat(MUCH - store.fuel()).isEqualTo(4 + (1L << (32 - 6)));
    store.setFuel(1000);
    assertTraps(TrapReason.ALL_FUEL_CONSUMED, () -> call(instance, "f", -1));
  }

  /// A 64-bit length is counted whole, though its bytes may be more than a number holds.
  @Test
  void hugeLength_isPaidForInFull() {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .memory(MemoryType.of(new Limits(true, 1, false, 0)))
                .exportFunction(
                    "f",
                    TAKES_INT,
                    code -> code.i64Const(0).localGet(0).i64Const(-13).op(Opcode.MEMORY_FILL, 0)));
    store.setFuel(Long.MAX_VALUE);

    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "f", 0));

    assertThat(Long.MAX_VALUE - store.fuel()).isEqualTo(4 + (1L << 58));
  }

  /// An element counts as eight bytes.
  @ParameterizedTest
  @CsvSource({"0, 0", "1, 1", "8, 1", "9, 2", "100, 13"})
  void tableInstruction_paysForItsElements(int elements, long units) {
    Instance instance =
        instantiate(
            new ModuleBuilder()
                .table(new TableType(RefType.FUNCREF, Limits.of(100)))
                .elements(Mode.PASSIVE, new int[100])
                .exportFunction(
                    "f",
                    TAKES_INT,
                    code -> code.i32Const(0).i32Const(0).localGet(0).op(Opcode.TABLE_INIT, 0, 0))
                .exportFunction(
                    "copy",
                    TAKES_INT,
                    code -> code.i32Const(0).i32Const(0).localGet(0).op(Opcode.TABLE_COPY, 0, 0))
                .exportFunction(
                    "fill",
                    TAKES_INT,
                    code ->
                        code.i32Const(0)
                            .op(Opcode.REF_FUNC, 0)
                            .localGet(0)
                            .op(Opcode.TABLE_FILL, 0)));

    for (String export : List.of("f", "copy", "fill")) {
      store.setFuel(MUCH);
      call(instance, export, elements);
      assertThat(MUCH - store.fuel()).as(export).isEqualTo(4 + units);
    }
  }

  /// A function that is divided into several methods costs what its text says.
  @Test
  void functionThatIsDivided_costsWhatItsTextSays() {
    int blocks = 5000;
    Instance instance =
        function(
            INT,
            code -> {
              for (int i = 0; i < blocks; i++) {
                code.block()
                    .localGet(0)
                    .i32Const(i)
                    .op(Opcode.I32_XOR)
                    .localTee(0)
                    .brIf(0)
                    .op(Opcode.NOP)
                    .i32Const(1)
                    .localSet(0)
                    .end();
              }
              code.localGet(0);
            });
    int value = 12345;
    long expected = 1;
    for (int i = 0; i < blocks; i++) {
      value ^= i;
      expected += 5;
      if (value == 0) {
        value = 1;
        expected += 2;
      }
    }

    assertThat(cost(instance, 12345)).isEqualTo(expected);
    assertThat(result(instance, "f", 12345)).isEqualTo(value);
  }

  /// Exactly what a call costs is enough, and one less is not; then nothing of it was done.
  @Test
  void fuel_thatIsJustEnough_isEnough() {
    Instance instance = function(INT, code -> code.localGet(0).i32Const(1).i32Add());

    store.setFuel(3);
    assertThat(result(instance, "f", 41)).isEqualTo(42);
    assertThat(store.fuel()).isZero();
    store.setFuel(2);
    assertTraps(TrapReason.ALL_FUEL_CONSUMED, () -> call(instance, "f", 41));
    assertThat(store.fuel()).isEqualTo(2);
  }

  /// The end names the segment that could not be paid for, and the callers; the store goes on.
  @Test
  void fuelThatIsConsumed_endsTheCallWithItsStack() {
    ModuleBuilder module =
        new ModuleBuilder()
            .exportFunction("f", TO_INT, code -> mark(code.i32Const(0).drop(), 1).call(1))
            .function(
                TO_INT,
                code -> {
                  int i = code.local(I32);
                  mark(code, 0);
                  code.loop();
                  mark(code, 2);
                  code.localGet(i).i32Const(1).i32Add().localSet(i).br(0).end().localGet(i);
                });
    Instance instance = instantiate(module);
    byte[] wireBytes = module.build();

    store.setFuel(1000);
    TrapException trap = assertTraps(TrapReason.ALL_FUEL_CONSUMED, () -> call(instance, "f"));

    // 3 in f and 1 before the loop; then 6 in each turn.
    assertThat(store.fuel()).isEqualTo((1000 - 4) % 6);
    assertThat(trap.wasmStack()).extracting(WasmFrame::functionIndex).containsExactly(1, 0);
    // The segment begins with the mark, which is a constant of six bytes and a drop.
    assertThat(trap.wasmStack().getFirst().offset()).isEqualTo(offsetBehind(wireBytes, 2) - 7L);
    assertThat(trap.wasmStack().getLast().offset()).isEqualTo(offsetBehind(wireBytes, 1));
    assertThat(instance.isPoisoned()).isFalse();
    store.setFuel(10);
    assertTraps(TrapReason.ALL_FUEL_CONSUMED, () -> call(instance, "f"));
    assertThat(store.fuel()).isZero();
  }

  /// The start function is paid for, segments and constant expressions are not.
  @Test
  void instantiation_costsItsStartFunction() {
    store.setFuel(100);

    instantiate(
        new ModuleBuilder()
            .memory(1)
            .data(0, new byte[1000])
            .function(VOID, code -> code.i32Const(1).drop())
            .start(0));

    assertThat(store.fuel()).isEqualTo(99);
    store.setFuel(0);
    assertTraps(
        TrapReason.ALL_FUEL_CONSUMED,
        () ->
            instantiate(
                new ModuleBuilder().function(VOID, code -> code.i32Const(1).drop()).start(0)));
  }

  /// Code of other kinds takes nothing.
  @Test
  void codeOfOtherKinds_takesNothing() {
    try (TestEngine plain = new TestEngine()) {
      Instance instance =
          plain.instantiate(
              new ModuleBuilder().exportFunction("f", TO_INT, code -> code.i32Const(1)),
              Imports.NONE,
              store);

      assertThat(cost(instance)).isZero();
    }
  }
}
