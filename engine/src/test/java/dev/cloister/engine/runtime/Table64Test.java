package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.TableType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tables with 64-bit indices: all bits of an index count.
final class Table64Test {
  private static final FuncType CONSTANT = new FuncType(List.of(), List.of(I32));

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static Limits wide(long min, long max) {
    return new Limits(/* is64= */ true, min, /* hasMax= */ true, max);
  }

  /// Table 0 is wide with externals, table 1 wide with functions, table 2 narrow with functions.
  private static ModuleBuilder module() {
    return new ModuleBuilder()
        .table(new TableType(EXTERNREF, wide(4, 6)))
        .table(new TableType(FUNCREF, wide(4, Long.MIN_VALUE)))
        .table(new TableType(FUNCREF, Limits.of(4)))
        .function(CONSTANT, code -> code.i32Const(42))
        .elements(Mode.PASSIVE, 0)
        .exportFunction(
            "get",
            new FuncType(List.of(I64), List.of(EXTERNREF)),
            code -> code.localGet(0).op(Opcode.TABLE_GET, 0))
        .exportFunction(
            "set",
            new FuncType(List.of(I64, EXTERNREF), List.of()),
            code -> code.localGet(0).localGet(1).op(Opcode.TABLE_SET, 0))
        .exportFunction(
            "size", new FuncType(List.of(), List.of(I64)), code -> code.op(Opcode.TABLE_SIZE, 0))
        .exportFunction(
            "grow",
            new FuncType(List.of(EXTERNREF, I64), List.of(I64)),
            code -> code.localGet(0).localGet(1).op(Opcode.TABLE_GROW, 0))
        .exportFunction(
            "fill",
            new FuncType(List.of(I64, EXTERNREF, I64), List.of()),
            code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.TABLE_FILL, 0))
        .exportFunction(
            "copy",
            new FuncType(List.of(I64, I64, I64), List.of()),
            code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.TABLE_COPY, 0, 0))
        .exportFunction(
            "copyToWide",
            new FuncType(List.of(I64, I32, I32), List.of()),
            code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.TABLE_COPY, 1, 2))
        .exportFunction(
            "copyToNarrow",
            new FuncType(List.of(I32, I64, I32), List.of()),
            code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.TABLE_COPY, 2, 1))
        .exportFunction(
            "init",
            new FuncType(List.of(I64, I32, I32), List.of()),
            code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.TABLE_INIT, 0, 1))
        .exportFunction(
            "call",
            new FuncType(List.of(I64), List.of(I32)),
            code -> code.localGet(0).callIndirect(CONSTANT, 1));
  }

  @Test
  void elements_areReadWrittenAndMoved() {
    Instance instance = engine.instantiate(module());

    call(instance, "set", 3L, "x");
    assertThat(result(instance, "get", 3L)).isEqualTo("x");
    assertThat(result(instance, "size")).isEqualTo(4L);
    assertThat(result(instance, "grow", "y", 2L)).isEqualTo(4L);
    assertThat(result(instance, "grow", "y", 1L)).isEqualTo(-1L);
    assertThat(result(instance, "grow", "y", 1L << 32)).isEqualTo(-1L);
    assertThat(result(instance, "grow", "y", -1L)).isEqualTo(-1L);
    call(instance, "copy", 0L, 3L, 2L);
    assertThat(result(instance, "get", 0L)).isEqualTo("x");
    assertThat(result(instance, "get", 1L)).isEqualTo("y");
    call(instance, "fill", 5L, "z", 1L);
    assertThat(result(instance, "get", 5L)).isEqualTo("z");
    assertThat(result(instance, "size")).isEqualTo(6L);
  }

  @Test
  void functions_areCalledByWideIndices() {
    Instance instance = engine.instantiate(module());

    assertTraps(TrapReason.UNINITIALIZED_ELEMENT, () -> call(instance, "call", 3L));
    call(instance, "init", 3L, 0, 1);
    assertThat(result(instance, "call", 3L)).isEqualTo(42);
    call(instance, "copyToNarrow", 0, 3L, 1);
    call(instance, "copyToWide", 1L, 0, 1);
    assertThat(result(instance, "call", 1L)).isEqualTo(42);
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 1L << 31, (1L << 32) + 1, 1L << 32, Long.MIN_VALUE, -1})
  void indicesOutOfBounds_trap(long index) {
    Instance instance = engine.instantiate(module());
    TrapReason bounds = TrapReason.TABLE_OUT_OF_BOUNDS;

    assertTraps(TrapReason.UNDEFINED_ELEMENT, () -> call(instance, "call", index));
    assertTraps(bounds, () -> call(instance, "get", index));
    assertTraps(bounds, () -> call(instance, "set", index, "x"));
    assertTraps(bounds, () -> call(instance, "fill", index, "x", 1L));
    assertTraps(bounds, () -> call(instance, "fill", 1L, "x", index));
    assertTraps(bounds, () -> call(instance, "copy", index, 0L, 1L));
    assertTraps(bounds, () -> call(instance, "copy", 0L, index, 1L));
    assertTraps(bounds, () -> call(instance, "copy", 0L, 1L, index));
    assertTraps(bounds, () -> call(instance, "copyToWide", index, 0, 1));
    assertTraps(bounds, () -> call(instance, "copyToNarrow", 0, index, 1));
    assertTraps(bounds, () -> call(instance, "init", index, 0, 1));
    assertThat(result(instance, "get", 0L)).isNull();
  }
}
