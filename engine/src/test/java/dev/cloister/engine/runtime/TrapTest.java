package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.Marks.mark;
import static dev.cloister.engine.fixture.Marks.offsetBehind;
import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Traps: their reasons, and where in the module they happened.
///
/// Each guest marks the instruction that shall trap; its offset is found again in the built bytes.
final class TrapTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType OTHER = new FuncType(List.of(I64), List.of());

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// An instruction that traps: what pushes its operands, itself, and the reason.
  record Case(
      TrapReason reason, Consumer<CodeBuilder> operands, Consumer<CodeBuilder> instruction) {
    @Override
    public String toString() {
      byte[] module =
          new ModuleBuilder().function(VOID, code -> instruction.accept(mark(code, 0))).build();
      int at = offsetBehind(module, 0);
      int code = module[at] & 0xff;
      Opcode opcode = code < 0xfb ? Opcode.of(0, code) : Opcode.of(code, module[at + 1]);
      return Objects.requireNonNull(opcode).mnemonic() + ": " + reason.text();
    }
  }

  private static Case trap(
      TrapReason reason, Consumer<CodeBuilder> operands, Consumer<CodeBuilder> instruction) {
    return new Case(reason, operands, instruction);
  }

  private static Case trap(TrapReason reason, Opcode opcode, Consumer<CodeBuilder> operands) {
    return new Case(reason, operands, code -> code.op(opcode));
  }

  static Stream<Case> traps() {
    return Stream.of(numericTraps(), memoryTraps(), wideTraps(), atomicTraps(), tableTraps())
        .flatMap(List::stream);
  }

  private static List<Case> numericTraps() {
    Consumer<CodeBuilder> intByZero = code -> code.i32Const(7).i32Const(0);
    Consumer<CodeBuilder> longByZero = code -> code.i64Const(7).i64Const(0);
    return List.of(
        trap(TrapReason.UNREACHABLE, Opcode.UNREACHABLE, code -> code.i32Const(1)),
        // What comes before could have an offset of its own, but needs no code.
        trap(
            TrapReason.UNREACHABLE,
            Opcode.UNREACHABLE,
            code -> code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC).drop()),
        trap(TrapReason.INTEGER_DIVIDE_BY_ZERO, Opcode.I32_DIV_S, intByZero),
        trap(TrapReason.INTEGER_DIVIDE_BY_ZERO, Opcode.I32_DIV_U, intByZero),
        trap(TrapReason.INTEGER_DIVIDE_BY_ZERO, Opcode.I32_REM_S, intByZero),
        trap(TrapReason.INTEGER_DIVIDE_BY_ZERO, Opcode.I32_REM_U, intByZero),
        trap(TrapReason.INTEGER_DIVIDE_BY_ZERO, Opcode.I64_DIV_S, longByZero),
        trap(TrapReason.INTEGER_DIVIDE_BY_ZERO, Opcode.I64_DIV_U, longByZero),
        trap(TrapReason.INTEGER_DIVIDE_BY_ZERO, Opcode.I64_REM_S, longByZero),
        trap(TrapReason.INTEGER_DIVIDE_BY_ZERO, Opcode.I64_REM_U, longByZero),
        trap(
            TrapReason.INTEGER_OVERFLOW,
            Opcode.I32_DIV_S,
            code -> code.i32Const(Integer.MIN_VALUE).i32Const(-1)),
        trap(
            TrapReason.INTEGER_OVERFLOW,
            Opcode.I64_DIV_S,
            code -> code.i64Const(Long.MIN_VALUE).i64Const(-1)),
        trap(TrapReason.INTEGER_OVERFLOW, Opcode.I32_TRUNC_F32_S, code -> code.f32Const(0x1p31f)),
        trap(TrapReason.INTEGER_OVERFLOW, Opcode.I32_TRUNC_F64_U, code -> code.f64Const(-1)),
        trap(TrapReason.INTEGER_OVERFLOW, Opcode.I64_TRUNC_F32_U, code -> code.f32Const(0x1p64f)),
        trap(TrapReason.INTEGER_OVERFLOW, Opcode.I64_TRUNC_F64_S, code -> code.f64Const(0x1p63)),
        trap(
            TrapReason.INVALID_CONVERSION,
            Opcode.I32_TRUNC_F32_U,
            code -> code.f32Const(Float.NaN)),
        trap(
            TrapReason.INVALID_CONVERSION,
            Opcode.I64_TRUNC_F64_U,
            code -> code.f64Const(Double.NaN)));
  }

  private static List<Case> memoryTraps() {
    Consumer<CodeBuilder> lastByte = code -> code.i32Const(0xffff);
    Consumer<CodeBuilder> range = code -> code.i32Const(0xffff).i32Const(0).i32Const(2);
    return List.of(
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS, lastByte, code -> code.access(Opcode.I32_LOAD16_S, 0)),
        trap(TrapReason.MEMORY_OUT_OF_BOUNDS, lastByte, code -> code.access(Opcode.I32_LOAD8_U, 1)),
        trap(TrapReason.MEMORY_OUT_OF_BOUNDS, lastByte, code -> code.access(Opcode.F64_LOAD, 0)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(-1),
            code -> code.access(Opcode.I64_LOAD, 0)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(-1),
            code -> code.access(Opcode.I32_LOAD, 0xffff_ffffL)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(0),
            code -> code.access(Opcode.I32_LOAD8_S, 0x8000_0000L)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(0),
            code -> code.access(Opcode.I32_LOAD, 0x7fff_fffcL)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            lastByte.andThen(code -> code.i32Const(1)),
            code -> code.access(Opcode.I32_STORE, 0)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(-1).i64Const(1),
            code -> code.access(Opcode.I64_STORE8, 0)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(0).f32Const(1),
            code -> code.access(Opcode.F32_STORE, 0x1_0000)),
        trap(TrapReason.MEMORY_OUT_OF_BOUNDS, lastByte, code -> code.access(Opcode.V128_LOAD, 0)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(-1),
            code -> code.access(Opcode.V128_LOAD8_SPLAT, 0xffff_ffffL)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            lastByte.andThen(code -> code.op(Opcode.V128_CONST, 1, 2)),
            code -> code.access(Opcode.V128_STORE, 0)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            lastByte.andThen(code -> code.op(Opcode.V128_CONST, 1, 2)),
            code -> code.op(Opcode.V128_STORE16_LANE, 0, 0, 7)),
        trap(TrapReason.MEMORY_OUT_OF_BOUNDS, range, code -> code.op(Opcode.MEMORY_FILL, 0)),
        trap(TrapReason.MEMORY_OUT_OF_BOUNDS, range, code -> code.op(Opcode.MEMORY_COPY, 0, 0)),
        trap(TrapReason.MEMORY_OUT_OF_BOUNDS, range, code -> code.op(Opcode.MEMORY_INIT, 0, 0)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(0).i32Const(2).i32Const(3),
            code -> code.op(Opcode.MEMORY_INIT, 0, 0)));
  }

  /// Memory 1 and table 1 have 64-bit addresses, memory 2 is a segment.
  private static List<Case> wideTraps() {
    Consumer<CodeBuilder> beyond = code -> code.i64Const(1L << 32);
    return List.of(
        trap(TrapReason.MEMORY_OUT_OF_BOUNDS, beyond, code -> code.op(Opcode.I32_LOAD8_U, 0, 0, 1)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i64Const(0),
            code -> code.op(Opcode.I32_LOAD8_U, 0, Long.MIN_VALUE, 1)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            beyond.andThen(code -> code.f64Const(1)),
            code -> code.op(Opcode.F64_STORE, 3, 8, 1)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            beyond.andThen(code -> code.i32Const(1).i64Const(1)),
            code -> code.op(Opcode.MEMORY_FILL, 1)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(-8),
            code -> code.op(Opcode.I64_LOAD, 3, 0, 2)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(-1).i32Const(1),
            code -> code.op(Opcode.I32_STORE8, 0, 0xffff_ffffL, 2)),
        trap(TrapReason.TABLE_OUT_OF_BOUNDS, beyond, code -> code.op(Opcode.TABLE_GET, 1)),
        trap(TrapReason.UNDEFINED_ELEMENT, beyond, code -> code.callIndirect(VOID, 1)));
  }

  /// Memory 3 is shared.
  private static List<Case> atomicTraps() {
    Consumer<CodeBuilder> two = code -> code.i32Const(2);
    return List.of(
        trap(TrapReason.UNALIGNED_ATOMIC, two, code -> code.op(Opcode.I32_ATOMIC_LOAD, 2, 0)),
        trap(TrapReason.UNALIGNED_ATOMIC, two, code -> code.op(Opcode.I64_ATOMIC_LOAD, 3, 4, 3)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(-8).i64Const(1),
            code -> code.op(Opcode.I64_ATOMIC_RMW_ADD, 3, 0, 3)),
        trap(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            code -> code.i32Const(0).i32Const(0).i32Const(1),
            code -> code.op(Opcode.I32_ATOMIC_RMW8_CMPXCHG_U, 0, 0x1_0000)),
        trap(
            TrapReason.EXPECTED_SHARED_MEMORY,
            code -> code.i32Const(0).i32Const(0).i64Const(0),
            code -> code.op(Opcode.MEMORY_ATOMIC_WAIT32, 2, 0)),
        trap(
            TrapReason.UNALIGNED_ATOMIC,
            two.andThen(code -> code.i32Const(0)),
            code -> code.op(Opcode.MEMORY_ATOMIC_NOTIFY, 2, 0, 3)));
  }

  private static List<Case> tableTraps() {
    Consumer<CodeBuilder> range = code -> code.i32Const(3).i32Const(0).i32Const(2);
    return List.of(
        trap(
            TrapReason.TABLE_OUT_OF_BOUNDS,
            code -> code.i32Const(4),
            code -> code.op(Opcode.TABLE_GET, 0)),
        trap(
            TrapReason.TABLE_OUT_OF_BOUNDS,
            code -> code.i32Const(-1).heapType(Opcode.REF_NULL, AbstractHeapType.FUNC),
            code -> code.op(Opcode.TABLE_SET, 0)),
        trap(
            TrapReason.TABLE_OUT_OF_BOUNDS,
            code -> code.i32Const(3).heapType(Opcode.REF_NULL, AbstractHeapType.FUNC).i32Const(2),
            code -> code.op(Opcode.TABLE_FILL, 0)),
        trap(TrapReason.TABLE_OUT_OF_BOUNDS, range, code -> code.op(Opcode.TABLE_COPY, 0, 0)),
        trap(TrapReason.TABLE_OUT_OF_BOUNDS, range, code -> code.op(Opcode.TABLE_INIT, 1, 0)),
        trap(
            TrapReason.UNDEFINED_ELEMENT,
            code -> code.i32Const(4),
            code -> code.callIndirect(VOID, 0)),
        trap(
            TrapReason.UNDEFINED_ELEMENT,
            code -> code.i32Const(-1),
            code -> code.callIndirect(VOID, 0)),
        trap(
            TrapReason.UNINITIALIZED_ELEMENT,
            code -> code.i32Const(3),
            code -> code.callIndirect(VOID, 0)),
        trap(
            TrapReason.INDIRECT_CALL_TYPE_MISMATCH,
            code -> code.i64Const(1).i32Const(0),
            code -> code.callIndirect(OTHER, 0)),
        trap(
            TrapReason.NULL_REFERENCE,
            Opcode.REF_AS_NON_NULL,
            code -> code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC)),
        // Type 0 is that of the function itself.
        trap(
            TrapReason.NULL_FUNCTION_REFERENCE,
            code -> code.op(Opcode.REF_NULL, 0),
            code -> code.op(Opcode.CALL_REF, 0)));
  }

  /// A module whose function 1, exported as `outer`, calls function 0, where the case traps.
  private static ModuleBuilder module(Case trap, boolean memoryGrows) {
    Limits wide = new Limits(/* is64= */ true, 1, /* hasMax= */ false, 0);
    return new ModuleBuilder()
        .function(
            VOID,
            code -> {
              // There are sites and blocks before, so that the one that traps is not the first.
              code.block().i32Const(8).access(Opcode.I32_LOAD, 4).brIf(0).end();
              trap.operands().accept(code);
              trap.instruction().accept(mark(code, 0));
              code.op(Opcode.UNREACHABLE);
            })
        .exportFunction("outer", VOID, code -> mark(code, 1).call(0))
        .function(
            OTHER,
            code -> {
              if (memoryGrows) {
                code.i32Const(0).op(Opcode.MEMORY_GROW, 0).drop();
              }
            })
        .table(new TableType(RefType.FUNCREF, Limits.of(4, 8)))
        .table(new TableType(RefType.FUNCREF, wide))
        .memory(1)
        .memory(MemoryType.of(wide))
        .memory(MemoryType.of(Limits.of(Memory.MAX_ARRAY_PAGES + 1L)))
        .memory(
            new MemoryType(Limits.of(1, 1), /* shared= */ true, MemoryType.DEFAULT_PAGE_SIZE_LOG2))
        .elements(0, 0, 0, 1)
        .elements(Mode.PASSIVE, 0)
        .passiveData(new byte[4])
        .nameFunction(0, "inner");
  }

  @ParameterizedTest
  @MethodSource("traps")
  void instruction_thatTraps_isFoundByItsOffset(Case trap) {
    assertTrapsAtMark(trap, /* memoryGrows= */ false);
  }

  @ParameterizedTest
  @MethodSource("traps")
  void instruction_thatTraps_withMemoryThatMayGrow_isFoundByItsOffset(Case trap) {
    assertTrapsAtMark(trap, /* memoryGrows= */ true);
  }

  private void assertTrapsAtMark(Case trap, boolean memoryGrows) {
    byte[] bytes = module(trap, memoryGrows).build();
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      ModuleHandle module = engine.compile(module(trap, memoryGrows));
      Instance instance = module.instantiate(store, Imports.NONE);
      for (CodeKind kind : CodeKind.values()) {
        module.switchTo(kind, instance);

        TrapException thrown = assertTraps(trap.reason(), () -> call(instance, "outer"));

        assertThat(thrown.wasmStack())
            .as(kind.label())
            .containsExactly(
                new WasmFrame(0, "inner", offsetBehind(bytes, 0)),
                new WasmFrame(1, null, offsetBehind(bytes, 1)));
        assertThat(instance.isPoisoned()).isFalse();
      }
    }
  }

  @Test
  void instance_afterTrap_keepsItsStateAndWorks() {
    FuncType toInt = new FuncType(List.of(), List.of(I32));
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "trap",
                    VOID,
                    code ->
                        code.i32Const(16)
                            .i32Const(42)
                            .access(Opcode.I32_STORE, 0)
                            .op(Opcode.UNREACHABLE))
                .exportFunction("load", toInt, code -> code.i32Const(16).access(Opcode.I32_LOAD, 0))
                .memory(1));

    for (int i = 0; i < 3; i++) {
      assertTraps(TrapReason.UNREACHABLE, () -> call(instance, "trap"));
      assertThat(result(instance, "load")).isEqualTo(42);
    }
  }

  /// Bulk operations check their ranges as a whole before they change anything.
  @Test
  void bulkOperation_thatTraps_changesNothing() {
    FuncType toInt = new FuncType(List.of(), List.of(I32));
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "fill",
                    VOID,
                    code -> code.i32Const(0xfffe).i32Const(1).i32Const(3).op(Opcode.MEMORY_FILL, 0))
                .exportFunction(
                    "load", toInt, code -> code.i32Const(0xfffe).access(Opcode.I32_LOAD8_U, 0))
                .memory(1));

    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "fill"));

    assertThat(result(instance, "load")).isEqualTo(0);
  }

  /// The trap of one instance passes through another one; both are on the stack.
  @Test
  void trap_inAnotherInstance_hasTheFramesOfBoth() {
    ModuleBuilder callee =
        new ModuleBuilder()
            .exportFunction("f", VOID, code -> mark(code, 0).op(Opcode.UNREACHABLE))
            .nameFunction(0, "callee");
    ModuleBuilder caller =
        new ModuleBuilder()
            .importFunction("m", "f", VOID)
            .exportFunction("g", VOID, code -> mark(code, 0).call(0))
            .nameFunction(1, "caller");
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance first = engine.instantiate(callee, Imports.NONE, store);
    Imports imports = Imports.builder().define("m", "f", first.exportedFunction("f")).build();
    Instance second = engine.instantiate(caller, imports, store);

    TrapException trap = assertTraps(TrapReason.UNREACHABLE, () -> call(second, "g"));

    assertThat(trap.wasmStack())
        .containsExactly(
            new WasmFrame(0, "callee", offsetBehind(callee.build(), 0)),
            new WasmFrame(1, "caller", offsetBehind(caller.build(), 0)));
  }

  /// A data segment, an element segment and a start function that trap fail the instantiation.
  @Test
  void instantiation_thatTraps_saysWhy() {
    assertTraps(
        TrapReason.MEMORY_OUT_OF_BOUNDS,
        () -> engine.instantiate(new ModuleBuilder().memory(1).data(0xffff, new byte[2])));
    assertTraps(
        TrapReason.TABLE_OUT_OF_BOUNDS,
        () ->
            engine.instantiate(
                new ModuleBuilder()
                    .function(VOID, code -> {})
                    .table(new TableType(RefType.FUNCREF, Limits.of(1)))
                    .elements(0, 1, 0)));
    ModuleBuilder start =
        new ModuleBuilder().function(VOID, code -> code.op(Opcode.UNREACHABLE)).start(0);
    TrapException trap = assertTraps(TrapReason.UNREACHABLE, () -> engine.instantiate(start));
    assertThat(trap.wasmStack()).hasSize(1);
  }

  @Test
  void wasmStack_ofDeepTrap_hasTheInnermostFrames() {
    FuncType depth = new FuncType(List.of(I32), List.of());
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    depth,
                    code ->
                        code.localGet(0)
                            .op(Opcode.I32_EQZ)
                            .ifThen()
                            .op(Opcode.UNREACHABLE)
                            .end()
                            .localGet(0)
                            .i32Const(-1)
                            .i32Add()
                            .call(0)));

    TrapException trap = assertTraps(TrapReason.UNREACHABLE, () -> call(instance, "f", 500));

    assertThat(trap.wasmStack()).hasSize(64);
    assertThat(trap.wasmStack()).extracting(WasmFrame::functionIndex).containsOnly(0);
    assertThat(trap.wasmStack().getFirst().offset()).isLessThan(trap.wasmStack().get(1).offset());
  }
}
