package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.Marks.mark;
import static dev.cloister.engine.fixture.Marks.offsetBehind;
import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ElementSegment.Mode;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Tail calls: long chains in bounded stack, whatever they go through, and what becomes of values,
/// frames and stops on the way.
@Timeout(60)
final class TailCallTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType LONG = new FuncType(List.of(I64), List.of(I64));

  /// Enough to overflow any stack if each left a frame.
  private static final int TURNS = 10_000_000;

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// How one of two functions reaches the other.
  enum Way {
    DIRECT,
    TABLE,
    REFERENCE;

    void tailCall(CodeBuilder code, FuncType type, int function) {
      switch (this) {
        case DIRECT -> code.op(Opcode.RETURN_CALL, function);
        case TABLE -> code.i32Const(function).returnCallIndirect(type, 0);
        case REFERENCE -> code.op(Opcode.REF_FUNC, function).returnCallRef(type);
      }
    }
  }

  /// `f(n)` is 7 if `n` is 0, else the tail call of function `next` with `n - 1`.
  private static void countDown(CodeBuilder code, FuncType type, Way way, int next) {
    boolean isLong = type.params().getFirst() == I64;
    code.localGet(0).op(isLong ? Opcode.I64_EQZ : Opcode.I32_EQZ).ifThen();
    if (isLong) {
      code.i64Const(7).ret().end().localGet(0).i64Const(1).op(Opcode.I64_SUB);
    } else {
      code.i32Const(7).ret().end().localGet(0).i32Const(1).op(Opcode.I32_SUB);
    }
    way.tailCall(code, type, next);
  }

  private static ModuleBuilder withTable(ModuleBuilder module, int... functions) {
    return module
        .table(new TableType(FUNCREF, Limits.of(functions.length)))
        .elements(0, 0, functions);
  }

  @ParameterizedTest
  @EnumSource
  void functions_thatCallEachOther_runInBoundedStack(Way way) {
    for (FuncType type : List.of(INT, LONG)) {
      ModuleBuilder module = new ModuleBuilder();
      module.exportFunction("f", type, code -> countDown(code, type, way, 1));
      module.function(type, code -> countDown(code, type, way, 0));
      Instance instance = engine.instantiate(withTable(module, 0, 1));

      Object turns = type.equals(LONG) ? (Object) (long) TURNS : (Object) TURNS;
      assertThat(result(instance, "f", turns))
          .isEqualTo(type.equals(LONG) ? (Object) 7L : (Object) 7);
    }
  }

  @ParameterizedTest
  @EnumSource
  void function_thatCallsItself_runsInBoundedStack(Way way) {
    ModuleBuilder module = new ModuleBuilder();
    module.exportFunction("f", INT, code -> countDown(code, INT, way, 0));
    Instance instance = engine.instantiate(withTable(module, 0));

    assertThat(result(instance, "f", TURNS)).isEqualTo(7);
  }

  /// The first instance reaches the second through a table that they share, the second the first by
  /// import, through the table, or by reference.
  @ParameterizedTest
  @EnumSource
  void instances_thatCallEachOther_runInBoundedStack(Way way) {
    Store store = new Store(HeapLimiter.UNLIMITED);
    TableType two = new TableType(FUNCREF, Limits.of(2));
    ModuleBuilder firstModule = new ModuleBuilder();
    firstModule
        .exportFunction("f", INT, code -> countDown(code, INT, Way.TABLE, 1))
        .table(two)
        .elements(0, 0, 0)
        .export("table", ExternKind.TABLE, 0);
    Instance first = engine.instantiate(firstModule, Imports.NONE, store);
    ModuleBuilder secondModule = new ModuleBuilder();
    secondModule
        .importFunction("first", "f", INT)
        .importItem("first", "table", two)
        .exportFunction("g", INT, code -> countDown(code, INT, way, 0))
        .elements(Mode.DECLARATIVE, 0)
        .elements(0, 1, 1);
    Imports imports = (_, name, _) -> first.export(name);
    Instance second = engine.instantiate(secondModule, imports, store);

    assertThat(result(second, "g", TURNS)).isEqualTo(7);
    assertThat(result(first, "f", TURNS)).isEqualTo(7);
    store.close();
  }

  /// Sixteen arguments of all kinds, each of which moves to another place of its kind.
  @ParameterizedTest
  @EnumSource
  void arguments_ofAllKinds_arrive(Way way) {
    List<ValueType> params = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      params.addAll(List.of(I32, I64, F32, F64, EXTERNREF));
    }
    params.add(I32);
    FuncType type = new FuncType(params, params);
    ModuleBuilder module = new ModuleBuilder();
    // Functions 0 and 1 call each other, function 2 calls itself.
    int[] next = {1, 0, 2};
    for (int function = 0; function < next.length; function++) {
      int callee = next[function];
      module.exportFunction(
          "f" + function,
          type,
          code -> {
            code.localGet(15).op(Opcode.I32_EQZ).ifThen();
            for (int i = 0; i < 16; i++) {
              code.localGet(i);
            }
            code.ret().end();
            for (int i = 0; i < 15; i++) {
              code.localGet((i + 5) % 15);
            }
            code.localGet(15).i32Const(1).op(Opcode.I32_SUB);
            way.tailCall(code, type, callee);
          });
    }
    Instance instance = engine.instantiate(withTable(module, 0, 1, 2));
    @Nullable Object[] args = {1, 2L, 3f, 4d, "e", 6, 7L, 8f, 9d, null, 11, 12L, 13f, 14d, "o", 0};
    for (String function : List.of("f0", "f1", "f2")) {
      for (int turns = 0; turns < 8; turns++) {
        args[15] = turns;
        @Nullable Object[] expected = new Object[16];
        for (int i = 0; i < 15; i++) {
          expected[i] = args[(i + 5 * turns) % 15];
        }
        expected[15] = 0;
        assertThat(call(instance, function, args)).as(function).containsExactly(expected);
      }
    }
    // No reference stays behind.
    assertThat(ResultSlots.reference(instance.results, 5)).isNull();
    assertThat(instance.results.pending).isNull();
    assertThat(instance.results.pendingCaller).isNull();
  }

  /// A function that jumps to its start begins with fresh locals.
  @Test
  void locals_ofFunctionThatCallsItself_areZeroAgain() {
    ModuleBuilder module = new ModuleBuilder();
    module.exportFunction(
        "f",
        INT,
        code -> {
          int number = code.local(I32);
          int reference = code.local(FUNCREF);
          code.localGet(number).localGet(reference).op(Opcode.REF_IS_NULL).op(Opcode.I32_EQZ);
          code.op(Opcode.I32_OR).ifThen().i32Const(-1).ret().end();
          code.i32Const(5).localSet(number).op(Opcode.REF_FUNC, 0).localSet(reference);
          code.localGet(0).op(Opcode.I32_EQZ).ifThen().i32Const(7).ret().end();
          code.i32Const(99).localGet(0).i32Const(1).op(Opcode.I32_SUB).op(Opcode.RETURN_CALL, 0);
        });

    assertThat(result(engine.instantiate(module), "f", 100)).isEqualTo(7);
  }

  /// Memory that grew is seen behind the jump.
  @Test
  void memory_thatGrew_isSeenByTheNextTurn() {
    ModuleBuilder module = new ModuleBuilder().memory(1);
    module.exportFunction(
        "f",
        INT,
        code ->
            code.localGet(0)
                .op(Opcode.I32_EQZ)
                .ifThen()
                .i32Const(0x2_0000)
                .access(Opcode.I32_LOAD, 0)
                .ret()
                .end()
                .i32Const(2)
                .op(Opcode.MEMORY_GROW, 0)
                .drop()
                .i32Const(0x2_0000)
                .i32Const(31)
                .access(Opcode.I32_STORE, 0)
                .i32Const(0)
                .op(Opcode.RETURN_CALL, 0));

    assertThat(result(engine.instantiate(module), "f", 1)).isEqualTo(31);
  }

  /// The host sees the instance that made the tail call, not the one whose call it ends.
  @Test
  void hostFunction_inTailPosition_isCalledForTheInstanceOfTheTailCall() {
    List<Instance> callers = new ArrayList<>();
    HostFunction host =
        HostFunction.of(
            INT,
            (caller, args) -> {
              callers.add(caller);
              return new Object[] {(Integer) Objects.requireNonNull(args[0]) * 2};
            });
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance inner =
        engine.instantiate(
            new ModuleBuilder()
                .importFunction("host", "f", INT)
                .exportFunction("f", INT, code -> code.localGet(0).op(Opcode.RETURN_CALL, 0)),
            Imports.builder().define("host", "f", host).build(),
            store);
    Instance outer =
        engine.instantiate(
            new ModuleBuilder()
                .importFunction("inner", "f", INT)
                .exportFunction("f", INT, code -> code.localGet(0).op(Opcode.RETURN_CALL, 0)),
            Imports.builder().define("inner", "f", inner.exportedFunction("f")).build(),
            store);

    assertThat(result(outer, "f", 21)).isEqualTo(42);
    assertThat(callers).containsExactly(inner);
    store.close();
  }

  /// A function that does not fit into one method, with tail calls in all its parts.
  @ParameterizedTest
  @EnumSource
  void function_ofManyMethods_makesTailCalls(Way way) {
    int cases = 3_000;
    ModuleBuilder module = new ModuleBuilder();
    module.exportFunction(
        "f",
        INT,
        code -> {
          int local = code.local(I32);
          for (int i = 1; i <= cases; i++) {
            code.localGet(0).i32Const(i).op(Opcode.I32_EQ).ifThen();
            code.localGet(0).i32Const(1).op(Opcode.I32_SUB);
            way.tailCall(code, INT, i % 2);
            code.end().localGet(local).i32Const(i).op(Opcode.I32_XOR).localSet(local);
          }
          code.localGet(local);
        });
    module.function(INT, code -> code.localGet(0).op(Opcode.RETURN_CALL, 0));
    Instance instance = engine.instantiate(withTable(module, 0, 1));
    int expected = 0;
    for (int i = 1; i <= cases; i++) {
      expected ^= i;
    }

    assertThat(result(instance, "f", 0)).isEqualTo(expected);
    assertThat(result(instance, "f", cases)).isEqualTo(expected);
  }

  /// A vector is the first result, whose halves take different ways, and among the arguments.
  @ParameterizedTest
  @EnumSource
  void vectors_arrive(Way way) {
    FuncType type = new FuncType(List.of(I32, VecType.V128), List.of(VecType.V128, I32));
    ModuleBuilder module = new ModuleBuilder();
    for (int function = 0; function < 2; function++) {
      int other = 1 - function;
      module.exportFunction(
          "f" + function,
          type,
          code -> {
            code.localGet(0).op(Opcode.I32_EQZ).ifThen().localGet(1).i32Const(7).ret().end();
            code.localGet(0).i32Const(1).op(Opcode.I32_SUB);
            code.localGet(1).op(Opcode.V128_NOT);
            way.tailCall(code, type, other);
          });
    }
    Instance instance = engine.instantiate(withTable(module, 0, 1));

    assertThat(call(instance, "f0", 1_000_001, new V128(3, 4)))
        .containsExactly(new V128(~3L, ~4L), 7);
    assertThat(call(instance, "f0", 0, new V128(3, 4))).containsExactly(new V128(3, 4), 7);
  }

  // Traps.

  /// The frame of the replaced function is gone, and so is the loop that calls the next one.
  @Test
  void stack_ofTrap_hasOnlyTheFramesThatAreLeft() {
    ModuleBuilder module = new ModuleBuilder();
    module
        .function(VOID, code -> mark(code, 0).op(Opcode.UNREACHABLE))
        .function(VOID, code -> code.op(Opcode.RETURN_CALL, 0))
        .exportFunction("f", VOID, code -> mark(code, 1).call(1));
    TrapException trap =
        assertTraps(TrapReason.UNREACHABLE, () -> call(engine.instantiate(module), "f"));

    byte[] bytes = module.build();
    assertThat(trap.wasmStack())
        .containsExactly(
            new WasmFrame(0, null, offsetBehind(bytes, 0)),
            new WasmFrame(2, null, offsetBehind(bytes, 1)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void returnCallIndirect_thatIsWrong_trapsAsCallIndirect(int element) {
    ModuleBuilder module = new ModuleBuilder();
    module
        .function(INT, code -> code.localGet(0))
        .function(LONG, code -> code.localGet(0))
        .exportFunction(
            "f",
            INT,
            code -> {
              code.localGet(0);
              mark(code.localGet(0), 0).returnCallIndirect(INT, 0);
            })
        .table(new TableType(FUNCREF, Limits.of(3)))
        .elements(0, 0, 0, 1);
    Instance instance = engine.instantiate(module);
    if (element == 0) {
      assertThat(result(instance, "f", 0)).isEqualTo(0);
      return;
    }
    TrapReason reason =
        switch (element) {
          case 1 -> TrapReason.INDIRECT_CALL_TYPE_MISMATCH;
          case 2 -> TrapReason.UNINITIALIZED_ELEMENT;
          default -> TrapReason.UNDEFINED_ELEMENT;
        };
    TrapException trap = assertTraps(reason, () -> call(instance, "f", element));
    assertThat(trap.wasmStack())
        .containsExactly(new WasmFrame(2, null, offsetBehind(module.build(), 0)));
    if (element == 3) {
      assertTraps(TrapReason.UNDEFINED_ELEMENT, () -> call(instance, "f", -1));
    }
  }

  @Test
  void returnCallRef_ofNull_traps() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType type = module.type(VOID);
    module.exportFunction(
        "f",
        VOID,
        code ->
            mark(code.heapType(Opcode.REF_NULL, type), 0)
                .op(Opcode.RETURN_CALL_REF, module.typeIndex(type)));
    Instance instance = engine.instantiate(module);

    TrapException trap = assertTraps(TrapReason.NULL_FUNCTION_REFERENCE, () -> call(instance, "f"));
    assertThat(trap.wasmStack())
        .containsExactly(new WasmFrame(0, null, offsetBehind(module.build(), 0)));
  }

  /// An overflow on the way leaves no tail call behind that another call would find.
  @Test
  void stackOverflow_betweenTailCalls_leavesNothingPending() {
    ModuleBuilder module = new ModuleBuilder();
    module
        .function(INT, code -> code.localGet(0).op(Opcode.RETURN_CALL, 1))
        .exportFunction(
            "deep",
            INT,
            code ->
                code.localGet(0)
                    .i32Const(1)
                    .i32Add()
                    .call(0)
                    .i32Const(1)
                    .i32Add()
                    .op(Opcode.RETURN_CALL, 2))
        .exportFunction("id", INT, code -> code.localGet(0))
        .exportFunction("f", INT, code -> code.localGet(0).op(Opcode.RETURN_CALL, 2));
    Instance instance = engine.instantiate(module);

    for (int i = 0; i < 50; i++) {
      assertTraps(TrapReason.CALL_STACK_EXHAUSTED, () -> call(instance, "deep", 0));
      assertThat(instance.results.pending).isNull();
      assertThat(result(instance, "f", i)).isEqualTo(i);
    }
  }

  // Stops.

  /// A way to run for ever by tail calls; function 0 is the host's.
  enum Spin {
    SELF,
    MUTUAL,
    TABLE,
    REFERENCE,
    ENTERED_AGAIN_AND_AGAIN
  }

  @ParameterizedTest
  @EnumSource
  void guest_thatCallsForEver_isStopped(Spin spin) throws InterruptedException {
    int warmUp = 300_000;
    ModuleBuilder module = new ModuleBuilder().importFunction("host", "turn", LONG);
    // Function 1 counts and tells the host when it is warm; function 2 calls it.
    module.exportFunction(
        "run",
        LONG,
        code -> {
          code.localGet(0).i64Const(warmUp).op(Opcode.I64_EQ).ifThen();
          code.localGet(0).call(0).drop().end();
          code.localGet(0).i64Const(1).op(Opcode.I64_ADD);
          switch (spin) {
            case SELF -> code.op(Opcode.RETURN_CALL, 1);
            case MUTUAL -> code.op(Opcode.RETURN_CALL, 2);
            case TABLE -> Way.TABLE.tailCall(code, LONG, 2);
            case REFERENCE -> Way.REFERENCE.tailCall(code, LONG, 2);
            case ENTERED_AGAIN_AND_AGAIN ->
                code.call(2).drop().i64Const(1).op(Opcode.RETURN_CALL, 1);
          }
        });
    module.exportFunction(
        "next",
        LONG,
        code -> {
          code.localGet(0);
          if (spin == Spin.ENTERED_AGAIN_AND_AGAIN) {
            code.op(Opcode.RETURN_CALL, 0);
          } else {
            code.op(Opcode.RETURN_CALL, 1);
          }
        });
    withTable(module, 0, 1, 2);
    CountDownLatch warm = new CountDownLatch(1);
    HostFunction turn =
        HostFunction.of(
            LONG,
            (_, args) -> {
              if (spin == Spin.ENTERED_AGAIN_AND_AGAIN
                  || (args[0] instanceof Long count && count == warmUp)) {
                warm.countDown();
              }
              return new @Nullable Object[] {args[0]};
            });
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance instance =
        engine.instantiate(module, Imports.builder().define("host", "turn", turn).build(), store);
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> end.complete(catchThrowable(() -> call(instance, "run", 0L))));
    assertThat(warm.await(30, TimeUnit.SECONDS)).isTrue();

    store.requestStop(StopReason.DEADLINE);

    assertThat(end.orTimeout(30, TimeUnit.SECONDS).join())
        .isInstanceOfSatisfying(
            StoppedException.class,
            stopped -> assertThat(stopped.reason()).isEqualTo(StopReason.DEADLINE));
    assertThat(instance.results.pending).isNull();
    store.close();
  }
}
