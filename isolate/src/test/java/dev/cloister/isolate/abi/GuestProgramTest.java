package dev.cloister.isolate.abi;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.isolate.fake.Guests;
import dev.cloister.isolate.wasi.ProcessExit;
import dev.cloister.isolate.wasi.WasiConfig;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class GuestProgramTest {
  private static final Guests GUESTS = new Guests();
  private static final FuncType PROC_EXIT = new FuncType(List.of(I32), List.of());
  private static final FuncType TO_I32 = new FuncType(List.of(), List.of(I32));

  @AfterAll
  static void stop() {
    GUESTS.close();
  }

  @Test
  void command_thatReturns_exitsWithZero() {
    assertThat(run(new ModuleBuilder().exportFunction("_start", FuncType.EMPTY, code -> {})))
        .isZero();
  }

  @Test
  void command_thatCallsProcExit_exitsWithItsCode() {
    assertThat(
            run(
                exiting()
                    .exportFunction(
                        "_start",
                        FuncType.EMPTY,
                        code -> code.i32Const(42).call(0).op(Opcode.UNREACHABLE))))
        .isEqualTo(42);
  }

  @Test
  void command_thatTraps_throws() {
    assertThatThrownBy(() ->
            run(
                new ModuleBuilder()
                    .exportFunction("_start", FuncType.EMPTY, code -> code.op(Opcode.UNREACHABLE))))
        .isInstanceOf(TrapException.class);
  }

  @Test
  void unknownImport_isALinkError() {
    assertThatThrownBy(() ->
            run(
                new ModuleBuilder()
                    .importFunction("wasi_snapshot_preview1", "fd_teleport", PROC_EXIT)))
        .isInstanceOf(LinkException.class);
    assertThatThrownBy(() -> run(new ModuleBuilder().importFunction("env", "proc_exit", PROC_EXIT)))
        .isInstanceOf(LinkException.class);
  }

  @Test
  void wasiImportOfAnotherType_isALinkError() {
    assertThatThrownBy(() ->
            run(new ModuleBuilder().importFunction("wasi_snapshot_preview1", "proc_exit", TO_I32)))
        .isInstanceOf(LinkException.class);
  }

  @Test
  void startFunctionThatExits_endsTheInstantiation() {
    assertThatThrownBy(() ->
            run(exiting().function(FuncType.EMPTY, code -> code.i32Const(3).call(0)).start(1)))
        .isInstanceOfSatisfying(ProcessExit.class, exit -> assertThat(exit.code()).isEqualTo(3));
  }

  @Test
  void reactor_isInitializedOnceBeforeTheFirstCall() {
    assertThat(callTwice(counting("_initialize"))).containsExactly(101, 102);
  }

  @Test
  void constructors_areCalledOnceBeforeTheFirstCall() {
    assertThat(callTwice(counting("__wasm_call_ctors"))).containsExactly(101, 102);
  }

  @Test
  void otherExports_areNotCalled() {
    assertThat(callTwice(counting("something"))).containsExactly(1, 2);
  }

  /// A module whose export `initializer` sets a counter to 100 and whose export `next` counts.
  private static ModuleBuilder counting(String initializer) {
    return new ModuleBuilder()
        .global(new GlobalType(I32, /* mutable= */ true), code -> code.i32Const(0))
        .exportFunction(
            initializer,
            FuncType.EMPTY,
            code -> code.globalGet(0).i32Const(100).i32Add().globalSet(0))
        .exportFunction(
            "next",
            TO_I32,
            code -> code.globalGet(0).i32Const(1).i32Add().globalSet(0).globalGet(0));
  }

  private static ModuleBuilder exiting() {
    return new ModuleBuilder().importFunction("wasi_snapshot_preview1", "proc_exit", PROC_EXIT);
  }

  private static int run(ModuleBuilder builder) {
    try (ModuleHandle module = GUESTS.compile(builder.build());
        Store store = new Store(HeapLimiter.UNLIMITED);
        GuestProgram program =
            GuestProgram.instantiate(module, store, WasiConfig.builder().build())) {
      return program.runCommand();
    }
  }

  private static List<Object> callTwice(ModuleBuilder builder) {
    try (ModuleHandle module = GUESTS.compile(builder.build());
        Store store = new Store(HeapLimiter.UNLIMITED);
        GuestProgram program =
            GuestProgram.instantiate(module, store, WasiConfig.builder().build())) {
      var next = Objects.requireNonNull(program.function("next"));
      return List.of(
          Objects.requireNonNull(program.call(next)[0]),
          Objects.requireNonNull(program.call(next)[0]));
    }
  }
}
