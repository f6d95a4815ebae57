package dev.cloister.engine.debug;

import static dev.cloister.engine.debug.DebugFixture.get;
import static dev.cloister.engine.debug.DebugFixture.start;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.fixture.Marks;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.runtime.WasmArray;
import dev.cloister.engine.runtime.WasmStruct;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.VecType;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a debugger sees of a paused guest and changes in it.
@Timeout(60)
final class PausedFrameTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private CompletableFuture<@Nullable Object> run(
      ModuleBuilder module, DebugFixture fixture, String function, @Nullable Object... args) {
    Instance instance = engine.instantiate(module);
    int size = instance.module().wireBytes().size();
    int offset = Marks.offsetBehind(instance.module().wireBytes().copy(0, size), 1);
    fixture.debugger.modules().getFirst().setBreakpoint(offset, BreakCondition.NONE);
    return start(instance, function, args);
  }

  @Test
  void locals_areReadAndWritten_byTheirTypes() throws Exception {
    FuncType type = new FuncType(List.of(I32, I64, F32, F64, EXTERNREF), List.of(I32));
    DebugFixture fixture = DebugFixture.enter(engine.isolate());
    CompletableFuture<@Nullable Object> call =
        run(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    type,
                    code -> {
                      code.local(VecType.V128);
                      Marks.mark(code, 1)
                          .localGet(0)
                          .localGet(1)
                          .op(Opcode.I32_WRAP_I64)
                          .i32Add()
                          .localGet(2)
                          .op(Opcode.I32_TRUNC_F32_S)
                          .i32Add()
                          .localGet(3)
                          .op(Opcode.I32_TRUNC_F64_S)
                          .i32Add()
                          .localGet(4)
                          .op(Opcode.REF_IS_NULL)
                          .i32Add()
                          .localGet(5)
                          .op(Opcode.I32X4_EXTRACT_LANE, 3)
                          .i32Add();
                    }),
            fixture,
            "f",
            1,
            2L,
            3f,
            4.5,
            "object");
    PausedFrame frame = fixture.await().frame(0);

    assertThat(frame.localCount()).isEqualTo(6);
    assertThat(frame.local(0)).isEqualTo(1);
    assertThat(frame.local(1)).isEqualTo(2L);
    assertThat(frame.local(2)).isEqualTo(3f);
    assertThat(frame.local(3)).isEqualTo(4.5);
    assertThat(frame.local(4)).isEqualTo("object");
    assertThat(frame.local(5)).isEqualTo(V128.of(0, 0));
    assertThat(frame.localType(3)).isEqualTo(F64);
    assertThat(frame.localType(5)).isEqualTo(VecType.V128);
    frame.setLocal(0, 100_000);
    frame.setLocal(1, 20_000L);
    frame.setLocal(2, 3_000f);
    frame.setLocal(3, 400.0);
    frame.setLocal(4, null);
    frame.setLocal(5, V128.of(0, 50L << 32));

    assertThatThrownBy(() -> frame.setLocal(0, 1L)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> frame.setLocal(5, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> frame.setLocal(6, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> frame.local(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    frame.guest().resume();
    assertThat(get(call)).isEqualTo(123_451);
  }

  /// Globals in fields, in cells and in arrays.
  @Test
  void globals_areReadAndWritten_whereverTheyAreKept() throws Exception {
    ModuleBuilder module = new ModuleBuilder();
    int count = 1_004;
    for (int i = 0; i < count; i++) {
      int value = i;
      module.global(new GlobalType(I32, true), code -> code.i32Const(value));
    }
    module.global(new GlobalType(I64, false), code -> code.i64Const(7));
    module.export("cell", ExternKind.GLOBAL, 1);
    module.exportFunction(
        "f",
        TO_INT,
        code ->
            Marks.mark(code, 1).globalGet(0).globalGet(1).i32Add().globalGet(count - 1).i32Add());
    DebugFixture fixture = DebugFixture.enter(engine.isolate());
    CompletableFuture<@Nullable Object> call = run(module, fixture, "f");
    PausedFrame frame = fixture.await().frame(0);

    assertThat(frame.globalCount()).isEqualTo(count + 1);
    assertThat(frame.global(0)).isEqualTo(0);
    assertThat(frame.global(1)).isEqualTo(1);
    assertThat(frame.global(count - 1)).isEqualTo(count - 1);
    assertThat(frame.global(count)).isEqualTo(7L);
    frame.setGlobal(0, 100);
    frame.setGlobal(1, 20);
    frame.setGlobal(count - 1, 3);
    assertThat(frame.global(0)).isEqualTo(100);

    assertThatThrownBy(() -> frame.setGlobal(count, 8L)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> frame.setGlobal(0, "x")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> frame.global(count + 1)).isInstanceOf(IndexOutOfBoundsException.class);
    frame.guest().resume();
    assertThat(get(call)).isEqualTo(123);
  }

  /// Vectors and floats in fields, references in cells.
  @Test
  void globals_ofOtherTypes_areReadAndWritten() throws Exception {
    ModuleBuilder module =
        new ModuleBuilder()
            .global(new GlobalType(VecType.V128, true), code -> code.op(Opcode.V128_CONST, 1, 2))
            .global(new GlobalType(F64, true), code -> code.f64Const(1.5))
            .global(
                new GlobalType(EXTERNREF, true),
                code -> code.heapType(Opcode.REF_NULL, EXTERNREF.heapType()))
            .exportFunction("f", TO_INT, code -> Marks.mark(code, 1).i32Const(0));
    DebugFixture fixture = DebugFixture.enter(engine.isolate());
    CompletableFuture<@Nullable Object> call = run(module, fixture, "f");
    PausedFrame frame = fixture.await().frame(0);

    frame.setGlobal(0, V128.of(3, 4));
    frame.setGlobal(1, 2.5);
    frame.setGlobal(2, "object");
    assertThat(frame.global(0)).isEqualTo(V128.of(3, 4));
    assertThat(frame.global(1)).isEqualTo(2.5);
    assertThat(frame.global(2)).isEqualTo("object");
    frame.guest().resume();
    get(call);
  }

  @Test
  void memory_isReadAndWritten_withinItsBounds() throws Exception {
    ModuleBuilder module =
        new ModuleBuilder()
            .memory(1)
            .data(10, new byte[] {1, 2, 3})
            .exportFunction(
                "f",
                TO_INT,
                code -> Marks.mark(code, 1).i32Const(12).access(Opcode.I32_LOAD8_U, 0));
    DebugFixture fixture = DebugFixture.enter(engine.isolate());
    CompletableFuture<@Nullable Object> call = run(module, fixture, "f");
    PausedFrame frame = fixture.await().frame(0);

    assertThat(frame.memoryCount()).isEqualTo(1);
    assertThat(frame.memorySizeBytes(0)).isEqualTo(65_536);
    assertThat(frame.readMemory(0, 9, 5)).containsExactly(0, 1, 2, 3, 0);
    frame.writeMemory(0, 12, new byte[] {42});
    assertThat(frame.readMemory(0, 65_536, 0)).isEmpty();
    assertThatThrownBy(() -> frame.readMemory(0, 65_535, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> frame.readMemory(0, -1, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> frame.writeMemory(0, 65_536, new byte[1]))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> frame.readMemory(1, 0, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> frame.readMemory(0, 0, PausedFrame.MAX_BYTES + 1))
        .isInstanceOf(LimitExceededException.class);
    frame.guest().resume();
    assertThat(get(call)).isEqualTo(42);
  }

  @Test
  void table_isReadAndWritten() throws Exception {
    ModuleBuilder module =
        new ModuleBuilder()
            .table(new TableType(FUNCREF, Limits.of(3, 3)))
            .exportFunction(
                "f", TO_INT, code -> Marks.mark(code, 1).i32Const(2).callIndirect(TO_INT, 0))
            .exportFunction("seven", TO_INT, code -> code.i32Const(7))
            .elements(0, 1, 1);
    DebugFixture fixture = DebugFixture.enter(engine.isolate());
    CompletableFuture<@Nullable Object> call = run(module, fixture, "f");
    PausedFrame frame = fixture.await().frame(0);

    assertThat(frame.tableSize(0)).isEqualTo(3);
    assertThat(frame.tableElement(0, 0)).isNull();
    frame.setTableElement(0, 2, frame.tableElement(0, 1));
    assertThatThrownBy(() -> frame.setTableElement(0, 2, "x"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> frame.tableElement(0, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
    frame.guest().resume();
    assertThat(get(call)).isEqualTo(7);
  }

  @Test
  void objects_areReadAndWritten_whereTheyMayBe() throws Exception {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType struct =
        module.type(
            new StructType(
                List.of(
                    new FieldType(I32, true),
                    new FieldType(PackedType.I8, true),
                    new FieldType(I64, false))));
    DefinedType array = module.type(new ArrayType(new FieldType(NumType.I32, true)));
    RefType structRef = new RefType(true, struct);
    RefType arrayRef = new RefType(true, array);
    module.exportFunction(
        "f",
        TO_INT,
        code -> {
          int object = code.local(structRef);
          int numbers = code.local(arrayRef);
          code.i32Const(1)
              .i32Const(2)
              .i64Const(3)
              .op(Opcode.STRUCT_NEW, struct)
              .localSet(object)
              .i32Const(5)
              .i32Const(3)
              .op(Opcode.ARRAY_NEW, array)
              .localSet(numbers);
          Marks.mark(code, 1)
              .localGet(object)
              .op(Opcode.STRUCT_GET, struct, 0)
              .localGet(object)
              .op(Opcode.STRUCT_GET_S, struct, 1)
              .i32Add()
              .localGet(numbers)
              .i32Const(1)
              .op(Opcode.ARRAY_GET, array)
              .i32Add();
        });
    DebugFixture fixture = DebugFixture.enter(engine.isolate());
    CompletableFuture<@Nullable Object> call = run(module, fixture, "f");
    PausedFrame frame = fixture.await().frame(0);
    WasmStruct object = (WasmStruct) Objects.requireNonNull(frame.local(0));
    WasmArray numbers = (WasmArray) Objects.requireNonNull(frame.local(1));

    assertThat(frame.fields(object)).containsExactly(1, 2, 3L);
    assertThat(frame.elements(numbers, 0, 3)).containsExactly(5, 5, 5);
    frame.setField(object, 0, 1_000);
    frame.setField(object, 1, -1);
    frame.setElement(numbers, 1, 100);
    assertThat(frame.fields(object)).containsExactly(1_000, -1, 3L);
    assertThatThrownBy(() -> frame.setField(object, 2, 4L))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> frame.setField(object, 0, 4L))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> frame.setElement(numbers, 3, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    frame.guest().resume();
    assertThat(get(call)).isEqualTo(1_099);
  }

  /// Operands of all kinds are replaced where the guest is; those of callers are only shown.
  @Test
  void operands_areReadAndWritten() throws Exception {
    DebugFixture fixture = DebugFixture.enter(engine.isolate());
    ModuleBuilder module =
        new ModuleBuilder()
            .exportFunction(
                "f",
                TO_INT,
                code -> {
                  code.i32Const(1)
                      .i64Const(2)
                      .f32Const(3)
                      .f64Const(4)
                      .op(Opcode.V128_CONST, 5, 6)
                      .heapType(Opcode.REF_NULL, EXTERNREF.heapType());
                  Marks.mark(code, 1)
                      .drop()
                      .op(Opcode.I32X4_EXTRACT_LANE, 0)
                      .op(Opcode.F64_CONVERT_I32_S)
                      .op(Opcode.F64_ADD)
                      .op(Opcode.F32_DEMOTE_F64)
                      .op(Opcode.F32_ADD)
                      .op(Opcode.I64_TRUNC_F32_S)
                      .op(Opcode.I64_ADD)
                      .op(Opcode.I32_WRAP_I64)
                      .i32Add();
                })
            .exportFunction("g", TO_INT, code -> code.i32Const(7).call(0).i32Add());
    CompletableFuture<@Nullable Object> call = run(module, fixture, "g");
    PausedFrame frame = fixture.await().frame(0);

    assertThat(frame.operandCount()).isEqualTo(6);
    assertThat(frame.operand(0)).isEqualTo(1);
    assertThat(frame.operand(4)).isEqualTo(V128.of(5, 6));
    frame.setOperand(0, 100_000);
    frame.setOperand(1, 20_000L);
    frame.setOperand(2, 3_000f);
    frame.setOperand(3, 400.0);
    frame.setOperand(4, V128.of(50, 0));
    assertThatThrownBy(() -> frame.setOperand(0, 1L)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> frame.setOperand(5, null)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> frame.setOperand(6, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    PausedFrame caller = frame.guest().frame(1);
    assertThat(caller.operand(0)).isEqualTo(7);
    assertThatThrownBy(() -> caller.setOperand(0, 8)).isInstanceOf(IllegalStateException.class);
    frame.guest().resume();
    assertThat(get(call)).isEqualTo(123_457);
  }

  /// Many operands: only the topmost can be replaced, all are shown.
  @Test
  void operands_farDown_areShown() throws Exception {
    DebugFixture fixture = DebugFixture.enter(engine.isolate());
    ModuleBuilder module =
        new ModuleBuilder()
            .exportFunction(
                "f",
                TO_INT,
                code -> {
                  for (int i = 0; i < 100; i++) {
                    code.i32Const(i);
                  }
                  Marks.mark(code, 1);
                  for (int i = 1; i < 100; i++) {
                    code.i32Add();
                  }
                });
    CompletableFuture<@Nullable Object> call = run(module, fixture, "f");
    PausedFrame frame = fixture.await().frame(0);

    for (int i = 0; i < 100; i++) {
      assertThat(frame.operand(i)).isEqualTo(i);
    }
    frame.setOperand(99, 1_099);
    assertThatThrownBy(() -> frame.setOperand(0, 1)).isInstanceOf(IllegalStateException.class);
    frame.guest().resume();
    assertThat(get(call)).isEqualTo(4_950 + 1_000);
  }

  /// Frames of callers, of which there may be many, are read in parts.
  @Test
  void frames_ofDeepRecursion_areReadInParts() throws Exception {
    ModuleBuilder module =
        new ModuleBuilder()
            .exportFunction(
                "f",
                INT,
                code -> {
                  code.localGet(0)
                      .ifThen(I32)
                      .localGet(0)
                      .i32Const(1)
                      .op(Opcode.I32_SUB)
                      .call(0)
                      .otherwise();
                  Marks.mark(code, 1).i32Const(9).end();
                })
            .nameFunction(0, "down");
    DebugFixture fixture = DebugFixture.enter(engine.isolate());
    CompletableFuture<@Nullable Object> call = run(module, fixture, "f", 2_000);
    PausedGuest guest = fixture.await();

    assertThat(guest.frameCount()).isEqualTo(2_001);
    assertThat(guest.frames(0, Integer.MAX_VALUE)).hasSize(PausedGuest.MAX_FRAMES);
    assertThat(guest.frame(2_000).local(0)).isEqualTo(2_000);
    assertThat(guest.frame(7).functionName()).isEqualTo("down");
    assertThat(guest.frames(2_001, 1)).isEmpty();
    assertThatThrownBy(() -> guest.frame(2_001)).isInstanceOf(IndexOutOfBoundsException.class);
    guest.frame(1_000).setLocal(0, -5);
    guest.resume();
    assertThat(get(call)).isEqualTo(9);
  }
}
