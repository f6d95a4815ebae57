package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.Marks.mark;
import static dev.cloister.engine.fixture.Marks.offsetBehind;
import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.EXNREF;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.ErrorCode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.error.UncaughtWasmException;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.CodeBuilder.Catch;
import dev.cloister.engine.fixture.CountingLimiter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.TagType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Exceptions of guests: what handlers catch and what they see, in both encodings, and the way
/// through the host and out.
@Timeout(60)
final class ExceptionTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType TAKES_INT = new FuncType(List.of(I32), List.of());

  // Codes of catch clauses.
  private static final int CATCH = 0;
  private static final int CATCH_REF = 1;
  private static final int CATCH_ALL = 2;
  private static final int CATCH_ALL_REF = 3;

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static Tag tag(ValueType... values) {
    return new Tag(new TagType(DefinedType.of(new FuncType(List.of(values), List.of()))));
  }

  private static UncaughtWasmException uncaught(Instance instance, String name, Object... args) {
    UncaughtWasmException end =
        catchThrowableOfType(UncaughtWasmException.class, () -> call(instance, name, args));
    assertThat(end).isNotNull();
    return end;
  }

  /// `f` is what `body` leaves, or `otherwise` if it throws anything.
  private static void orElse(CodeBuilder code, int otherwise, Consumer<CodeBuilder> body) {
    code.block().tryTable(VOID, new Catch(CATCH_ALL, 0, 0));
    body.accept(code);
    code.end().i32Const(1).ret().end().i32Const(otherwise);
  }

  // Values and clauses.

  /// Twelve values of all kinds, through a call.
  @Test
  void values_ofAllKinds_arriveAtTheHandler() {
    List<ValueType> types = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      types.addAll(List.of(I32, I64, F32, VecType.V128, F64, EXTERNREF));
    }
    FuncType takes = new FuncType(types, List.of());
    ModuleBuilder module = new ModuleBuilder().tag(takes);
    module.function(
        takes,
        code -> {
          for (int i = 0; i < types.size(); i++) {
            code.localGet(i);
          }
          code.op(Opcode.THROW, 0);
        });
    FuncType type = new FuncType(types, types);
    module.exportFunction(
        "f",
        type,
        code -> {
          code.tryTable(VOID, new Catch(CATCH, 0, 0));
          for (int i = 0; i < types.size(); i++) {
            code.localGet(i);
          }
          code.call(0).end().op(Opcode.UNREACHABLE);
        });
    Instance instance = engine.instantiate(module);
    Object[] args = {
      1, 2L, 3f, new V128(4, -4), 5d, "six", 7, 8L, 9f, new V128(10, -10), 11d, "twelve"
    };

    assertThat(call(instance, "f", args)).containsExactly(args);
    // No reference stays behind.
    assertThat(ResultSlots.reference(instance.results, 7)).isNull();
  }

  /// The first clause that matches is taken; the tag decides, not its type.
  @Test
  void clauses_areTriedInOrder() {
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT).tag(TAKES_INT).tag(VOID).tag(VOID);
    module.exportFunction(
        "f",
        INT,
        code -> {
          code.block().block().block(I32).block(I32);
          code.tryTable(
              VOID,
              new Catch(CATCH, 1, 0),
              new Catch(CATCH, 0, 1),
              new Catch(CATCH, 0, 0),
              new Catch(CATCH_ALL, 0, 2),
              new Catch(CATCH, 2, 3));
          code.localGet(0).op(Opcode.I32_EQZ).ifThen().i32Const(5).op(Opcode.THROW, 0).end();
          code.localGet(0).i32Const(1).op(Opcode.I32_EQ).ifThen();
          code.i32Const(6).op(Opcode.THROW, 1).end();
          code.localGet(0).i32Const(2).op(Opcode.I32_EQ).ifThen().op(Opcode.THROW, 2).end();
          code.end().i32Const(-1).ret();
          code.end().i32Const(100).i32Add().ret();
          code.end().i32Const(200).i32Add().ret();
          code.end().i32Const(300).ret();
          code.end().i32Const(400);
        });
    Instance instance = engine.instantiate(module);

    assertThat(result(instance, "f", 0)).isEqualTo(205);
    assertThat(result(instance, "f", 1)).isEqualTo(106);
    assertThat(result(instance, "f", 2)).isEqualTo(300);
    assertThat(result(instance, "f", 3)).isEqualTo(-1);
  }

  @Test
  void exception_thatNoClauseCatches_goesOnToTheNextBlock() {
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT).tag(VOID);
    module.exportFunction(
        "f",
        INT,
        code -> {
          code.block(I32).tryTable(VOID, new Catch(CATCH, 0, 0));
          code.block().tryTable(VOID, new Catch(CATCH, 1, 0));
          code.localGet(0).op(Opcode.THROW, 0).end().end().end();
          code.op(Opcode.UNREACHABLE).end();
          code.i32Const(1).i32Add();
        });

    assertThat(result(engine.instantiate(module), "f", 41)).isEqualTo(42);
  }

  /// What waits on the stack, what locals hold, and what memory has grown to.
  @Test
  void handler_seesTheStateOfTheThrow() {
    ModuleBuilder module = new ModuleBuilder().tag(VOID).memory(1);
    module.exportFunction(
        "f",
        INT,
        code -> {
          int local = code.local(I32);
          code.localGet(0); // waits
          code.i32Const(1).localSet(local);
          code.block().tryTable(VOID, new Catch(CATCH_ALL, 0, 0));
          code.i32Const(20).localSet(local);
          code.i32Const(3).op(Opcode.MEMORY_GROW, 0).drop();
          code.i32Const(0x3_0000).i32Const(300).access(Opcode.I32_STORE, 0);
          code.i32Const(77).i32Const(78);
          code.op(Opcode.THROW, 0);
          code.end().op(Opcode.UNREACHABLE).end();
          code.localGet(local).i32Add();
          code.i32Const(0x3_0000).access(Opcode.I32_LOAD, 0).i32Add();
        });

    assertThat(result(engine.instantiate(module), "f", 4000)).isEqualTo(4320);
  }

  /// A clause may name a loop: its values are what the next turn begins with.
  @Test
  void handler_canBeALoop() {
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT);
    module.exportFunction(
        "f",
        INT,
        code -> {
          int left = code.local(I32);
          code.localGet(0).start(Opcode.LOOP, INT).localSet(left);
          code.tryTable(VOID, new Catch(CATCH, 0, 0));
          code.localGet(left).ifThen();
          code.localGet(left).i32Const(1).op(Opcode.I32_SUB).op(Opcode.THROW, 0).end();
          code.end().i32Const(7).end();
        });

    assertThat(result(engine.instantiate(module), "f", 100_000)).isEqualTo(7);
  }

  @Test
  void block_whoseBodyIsEmpty_isLeftAtItsEnd() {
    ModuleBuilder module = new ModuleBuilder().tag(VOID);
    module
        .exportFunction("f", INT, code -> orElse(code, 2, body -> body.op(Opcode.NOP)))
        .exportFunction(
            "g", INT, code -> code.start(Opcode.TRY).op(Opcode.CATCH_ALL).end().i32Const(3))
        .exportFunction(
            "h", INT, code -> code.start(Opcode.TRY).op(Opcode.DELEGATE, 0).i32Const(4));
    Instance instance = engine.instantiate(module);

    assertThat(result(instance, "f", 0)).isEqualTo(1);
    assertThat(result(instance, "g", 0)).isEqualTo(3);
    assertThat(result(instance, "h", 0)).isEqualTo(4);
  }

  /// A tail call leaves the block before it is made.
  @Test
  void exception_ofTailCalledFunction_isNotForTheCaller() {
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT);
    module
        .function(INT, code -> code.localGet(0).op(Opcode.THROW, 0))
        .exportFunction(
            "f", INT, code -> orElse(code, 2, body -> body.localGet(0).op(Opcode.RETURN_CALL, 0)));

    assertThat(uncaught(engine.instantiate(module), "f", 5).values()).containsExactly(5);
  }

  // References.

  /// The exception itself travels, not a copy.
  @Test
  void throwRef_throwsTheSameException() {
    FuncType toExn = new FuncType(List.of(), List.of(EXNREF));
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT);
    module.global(
        new GlobalType(EXNREF, true), code -> code.heapType(Opcode.REF_NULL, AbstractHeapType.EXN));
    module
        .exportFunction(
            "caught",
            toExn,
            code -> {
              code.block(EXNREF).tryTable(VOID, new Catch(CATCH_ALL_REF, 0, 0));
              code.i32Const(9).op(Opcode.THROW, 0).end().op(Opcode.UNREACHABLE).end();
              code.globalSet(0).globalGet(0);
            })
        .exportFunction("again", VOID, code -> code.globalGet(0).op(Opcode.THROW_REF))
        .exportFunction(
            "with",
            new FuncType(List.of(), List.of(I32, EXNREF)),
            code ->
                code.tryTable(VOID, new Catch(CATCH_REF, 0, 0))
                    .globalGet(0)
                    .op(Opcode.THROW_REF)
                    .end()
                    .op(Opcode.UNREACHABLE))
        .exportFunction(
            "is",
            new FuncType(List.of(EXNREF), List.of(I32)),
            code -> code.localGet(0).op(Opcode.REF_IS_NULL));
    Instance instance = engine.instantiate(module);
    Object exception = result(instance, "caught");

    assertThat(exception).isInstanceOf(ThrownException.class);
    ThrownException thrown = (ThrownException) Objects.requireNonNull(exception);
    assertThat(thrown.values()).containsExactly(9);
    assertThat(thrown.getStackTrace()).isEmpty();
    assertThat(uncaught(instance, "again").getCause()).isSameAs(exception);
    assertThat(call(instance, "with")).containsExactly(9, exception);
    assertThat(result(instance, "is", exception)).isEqualTo(0);
    assertThatThrownBy(() -> call(instance, "is", "no exception"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void throwRef_ofNull_traps() {
    ModuleBuilder module =
        new ModuleBuilder()
            .exportFunction(
                "f",
                INT,
                code ->
                    orElse(
                        code,
                        2,
                        body ->
                            mark(body.heapType(Opcode.REF_NULL, AbstractHeapType.EXN), 0)
                                .op(Opcode.THROW_REF)));
    TrapException trap =
        assertTraps(
            TrapReason.NULL_EXCEPTION_REFERENCE, () -> call(engine.instantiate(module), "f", 0));

    assertThat(trap.wasmStack())
        .containsExactly(new WasmFrame(0, null, offsetBehind(module.build(), 0)));
  }

  // What is not an exception.

  @Test
  void traps_areNotCaught() {
    ModuleBuilder module = new ModuleBuilder().memory(1);
    module
        .exportFunction("unreachable", INT, code -> orElse(code, 2, b -> b.op(Opcode.UNREACHABLE)))
        .exportFunction(
            "division",
            INT,
            code -> orElse(code, 2, b -> b.i32Const(1).i32Const(0).op(Opcode.I32_DIV_S).drop()))
        .exportFunction(
            "memory",
            INT,
            code -> orElse(code, 2, b -> b.i32Const(-1).access(Opcode.I32_LOAD, 0).drop()))
        .exportFunction("stack", INT, code -> orElse(code, 2, b -> b.i32Const(0).call(3).drop()))
        .exportFunction(
            "legacy",
            INT,
            code ->
                code.start(Opcode.TRY)
                    .op(Opcode.UNREACHABLE)
                    .op(Opcode.CATCH_ALL)
                    .end()
                    .i32Const(2));
    Instance instance = engine.instantiate(module);

    assertTraps(TrapReason.UNREACHABLE, () -> call(instance, "unreachable", 0));
    assertTraps(TrapReason.INTEGER_DIVIDE_BY_ZERO, () -> call(instance, "division", 0));
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "memory", 0));
    assertTraps(TrapReason.CALL_STACK_EXHAUSTED, () -> call(instance, "stack", 0));
    assertTraps(TrapReason.UNREACHABLE, () -> call(instance, "legacy", 0));
  }

  @Test
  void faultsOfTheHost_areNotCaught() {
    RuntimeException fault = new NoSuchElementException("the host's");
    Instance instance =
        engine.instantiate(
            caller(code -> orElse(code, 2, body -> body.call(0))),
            host((_, _) -> {
              throw fault;
            }));

    assertThat(catchThrowable(() -> call(instance, "f", 0))).isSameAs(fault);
  }

  @Test
  void stop_isNotCaught() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance instance =
        engine.instantiate(
            caller(code -> orElse(code, 2, body -> body.call(0).loop().br(0).end())),
            host((_, _) -> {
              begun.countDown();
              return new Object[0];
            }),
            store);
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> end.complete(catchThrowable(() -> call(instance, "f", 0))));
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();

    store.requestStop(StopReason.DEADLINE);

    assertThat(end.orTimeout(30, TimeUnit.SECONDS).join()).isInstanceOf(StoppedException.class);
    store.close();
  }

  // Tags and instances.

  @Test
  void tag_isSharedByExportAndImport() {
    Store store = new Store(HeapLimiter.UNLIMITED);
    ModuleBuilder thrower =
        new ModuleBuilder()
            .tag(TAKES_INT)
            .tag(TAKES_INT)
            .export("tag", ExternKind.TAG, 0)
            .exportFunction("shared", TAKES_INT, code -> code.localGet(0).op(Opcode.THROW, 0))
            .exportFunction("own", TAKES_INT, code -> code.localGet(0).op(Opcode.THROW, 1));
    Instance first = engine.instantiate(thrower, Imports.NONE, store);
    Instance second = engine.instantiate(thrower, Imports.NONE, store);
    ModuleBuilder catcher = new ModuleBuilder();
    catcher
        .importFunction("first", "shared", TAKES_INT)
        .importFunction("first", "own", TAKES_INT)
        .importFunction("second", "shared", TAKES_INT)
        .importItem("first", "tag", new TagType(catcher.type(TAKES_INT)))
        .tag(TAKES_INT);
    for (int i = 0; i < 3; i++) {
      int callee = i;
      catcher.exportFunction(
          "f" + i,
          INT,
          code ->
              code.tryTable(VOID, new Catch(CATCH, 0, 0), new Catch(CATCH, 1, 0))
                  .localGet(0)
                  .call(callee)
                  .end()
                  .op(Opcode.UNREACHABLE));
    }
    Imports imports = (module, name, _) -> (module.equals("first") ? first : second).export(name);
    Instance instance = engine.instantiate(catcher, imports, store);

    assertThat(result(instance, "f0", 5)).isEqualTo(5);
    uncaught(instance, "f1", 5);
    // The same module, but another instance's tag.
    uncaught(instance, "f2", 5);
    store.close();
  }

  // The host.

  /// A module that imports `host.f` without parameters, the tag `host.tag`, and exports `f`.
  private static ModuleBuilder caller(Consumer<CodeBuilder> body) {
    ModuleBuilder module = new ModuleBuilder();
    return module
        .importFunction("host", "f", VOID)
        .importItem("host", "tag", new TagType(module.type(TAKES_INT)))
        .exportFunction("f", INT, body);
  }

  private static Imports host(HostFunction.Body body) {
    return host(body, tag(I32));
  }

  private static Imports host(HostFunction.Body body, Tag tag) {
    return Imports.builder()
        .define("host", "f", HostFunction.of(VOID, body))
        .define("host", "tag", tag)
        .build();
  }

  @Test
  void exception_thatNothingCatches_endsTheCallOfTheHost() {
    ModuleBuilder module = new ModuleBuilder();
    module.tag(new FuncType(List.of(I32, F64, EXTERNREF), List.of()));
    module.exportFunction(
        "f",
        new FuncType(List.of(EXTERNREF), List.of()),
        code -> code.i32Const(7).f64Const(1.5).localGet(0).op(Opcode.THROW, 0));
    Instance instance = engine.instantiate(module);
    UncaughtWasmException end = uncaught(instance, "f", "something");

    assertThat(end.code()).isEqualTo(ErrorCode.UNCAUGHT_EXCEPTION);
    assertThat(end.values()).containsExactly(7, 1.5, "something");
    assertThat(end)
        .hasMessage("uncaught exception: tag [i32 f64 externref] -> [] with [7, 1.5, a value]");
    assertThat(end).hasCauseInstanceOf(ThrownException.class);
    assertThat(instance.isPoisoned()).isFalse();
  }

  @Test
  void exception_thatTheHostThrows_isCaught() {
    Tag tag = tag(I32);
    Consumer<CodeBuilder> body =
        code -> code.tryTable(VOID, new Catch(CATCH, 0, 0)).call(0).end().op(Opcode.UNREACHABLE);
    Instance instance =
        engine.instantiate(
            caller(body),
            host(
                (caller, _) -> {
                  throw ThrownException.create(caller.store(), tag, 31);
                },
                tag));

    assertThat(result(instance, "f", 0)).isEqualTo(31);
    Store store = instance.store();
    assertThatThrownBy(() -> ThrownException.create(store, tag))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ThrownException.create(store, tag, 1L))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /// The host function does not catch it, so the guest around it gets the very same exception.
  @Test
  void exception_ofNestedCall_passesThroughTheHost() {
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("host", "f", VOID)
            .tag(TAKES_INT)
            .exportFunction("inner", VOID, code -> code.i32Const(8).op(Opcode.THROW, 0))
            .exportFunction(
                "outer",
                new FuncType(List.of(), List.of(I32, EXNREF)),
                code ->
                    code.tryTable(VOID, new Catch(CATCH_REF, 0, 0))
                        .call(0)
                        .end()
                        .op(Opcode.UNREACHABLE));
    List<@Nullable Throwable> seen = new ArrayList<>();
    HostFunction nested =
        HostFunction.of(
            VOID,
            (caller, _) -> {
              try {
                return call(caller, "inner");
              } catch (UncaughtWasmException e) {
                seen.add(e.getCause());
                throw e;
              }
            });
    Instance instance =
        engine.instantiate(module, Imports.builder().define("host", "f", nested).build());

    assertThat(call(instance, "outer")).containsExactly(8, seen.getFirst());
  }

  /// Neither directly nor out of a nested call may exceptions cross stores: they hold references.
  @Test
  void exception_ofAnotherStore_isNotCaught() {
    Store others = new Store(HeapLimiter.UNLIMITED);
    Tag tag = tag(I32);
    Instance other =
        engine.instantiate(
            new ModuleBuilder()
                .tag(TAKES_INT)
                .exportFunction("throw", VOID, code -> code.i32Const(8).op(Opcode.THROW, 0)),
            Imports.NONE,
            others);
    Instance instance =
        engine.instantiate(
            caller(code -> orElse(code, 2, body -> body.call(0))),
            host((_, _) -> call(other, "throw"), tag));
    assertThat(uncaught(instance, "f", 0).values()).containsExactly(8);

    Instance second =
        engine.instantiate(
            caller(code -> orElse(code, 2, body -> body.call(0))),
            host(
                (_, _) -> {
                  throw ThrownException.create(others, tag, 1);
                },
                tag));
    assertThatThrownBy(() -> call(second, "f", 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("another store");
    others.close();
  }

  // Memory.

  /// Exceptions that a guest keeps are charged, and given back when they are gone.
  @Test
  void exceptions_arePaidFor() {
    CountingLimiter limiter = new CountingLimiter(8 << 20);
    Store store = new Store(limiter);
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT);
    module
        .exportFunction(
            "drop",
            INT,
            code -> {
              code.loop();
              code.block().tryTable(VOID, new Catch(CATCH_ALL, 0, 0));
              code.localGet(0).op(Opcode.THROW, 0).end().end();
              code.localGet(0).i32Const(1).op(Opcode.I32_SUB).localTee(0).brIf(0).end();
              code.i32Const(1);
            })
        .table(new TableType(EXNREF, Limits.of(200_000)))
        .exportFunction(
            "keep",
            INT,
            code -> {
              int reference = code.local(EXNREF);
              code.loop();
              code.block(EXNREF).tryTable(VOID, new Catch(CATCH_ALL_REF, 0, 0));
              code.localGet(0).op(Opcode.THROW, 0).end().op(Opcode.UNREACHABLE).end();
              code.localSet(reference).localGet(0).localGet(reference).op(Opcode.TABLE_SET, 0);
              code.localGet(0).i32Const(1).op(Opcode.I32_SUB).localTee(0).brIf(0).end();
              code.i32Const(1);
            });
    Instance instance = engine.instantiate(module, Imports.NONE, store);

    assertThat(intResult(instance, "drop", 300_000)).isEqualTo(1);
    assertThatThrownBy(() -> call(instance, "keep", 199_999))
        .isInstanceOf(LimitExceededException.class);
    store.close();
    assertThat(limiter.total()).isZero();
  }

  // Large functions.

  /// A handler sees what parts of its block, methods of their own, wrote to locals before a throw.
  @Test
  void function_ofManyMethods_handlesExceptionsOfItsParts() {
    int parts = 3_000;
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT);
    module.exportFunction(
        "f",
        INT,
        code -> {
          int count = code.local(I32);
          int sum = code.local(I64);
          code.block(I32).tryTable(VOID, new Catch(CATCH, 0, 0));
          for (int i = 0; i < parts; i++) {
            code.localGet(count).i32Const(1).i32Add().localSet(count);
            code.localGet(sum).i64Const(i).op(Opcode.I64_ADD).localSet(sum);
            code.localGet(0).i32Const(i).op(Opcode.I32_EQ).ifThen();
            code.localGet(count).op(Opcode.THROW, 0).end();
          }
          code.end().i32Const(0).end();
          code.localGet(count).op(Opcode.I32_SUB);
          code.localGet(sum).op(Opcode.I32_WRAP_I64).i32Add();
        });
    Instance instance = engine.instantiate(module);

    for (int at : new int[] {0, 1, 2, 100, 1_499, 1_500, 2_998, 2_999}) {
      assertThat(intResult(instance, "f", at)).as("%s", at).isEqualTo(at * (at + 1) / 2);
    }
    assertThat(intResult(instance, "f", -1)).isEqualTo(parts * (parts - 1) / 2 - parts);
  }

  /// The same with `rethrow` and `delegate` in the parts.
  @Test
  void function_ofManyMethods_rethrowsAndDelegatesInItsParts() {
    int parts = 1_500;
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT).tag(VOID);
    module.exportFunction(
        "f",
        INT,
        code -> {
          int count = code.local(I32);
          code.start(Opcode.TRY, I32); // a
          code.start(Opcode.TRY); // b, which delegates pass by
          for (int i = 0; i < parts; i++) {
            code.localGet(count).i32Const(1).i32Add().localSet(count);
            code.start(Opcode.TRY);
            code.localGet(0).i32Const(i).op(Opcode.I32_EQ).ifThen();
            code.localGet(count).op(Opcode.THROW, 0).end();
            code.op(Opcode.DELEGATE, 1);
          }
          code.op(Opcode.CATCH_ALL).i32Const(-1).ret().end();
          code.op(Opcode.THROW, 1);
          code.op(Opcode.CATCH, 0);
          code.localGet(count).op(Opcode.I32_EQ).op(Opcode.I32_EQZ).ifThen();
          code.i32Const(-2).ret().end();
          for (int i = 0; i < parts; i++) {
            code.localGet(count).i32Const(2).i32Add().localSet(count);
            code.localGet(0).i32Const(i).op(Opcode.I32_EQ).ifThen();
            code.op(Opcode.RETHROW, 1).end();
          }
          code.i32Const(-3);
          code.op(Opcode.CATCH_ALL).localGet(count).end();
        });
    Instance instance = engine.instantiate(module);

    assertThat(intResult(instance, "f", -1)).isEqualTo(parts);
    for (int at : new int[] {0, 1, 700, parts - 1}) {
      assertThat(uncaught(instance, "f", at).values()).as("%s", at).containsExactly(at + 1);
    }
  }

  /// What a part throws again is caught by a block within that part.
  @Test
  void rethrow_inPartOfFunction_isCaughtThere() {
    int parts = 200;
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT);
    module.exportFunction(
        "f",
        INT,
        code -> {
          int sum = code.local(I32);
          code.start(Opcode.TRY).localGet(0).op(Opcode.THROW, 0);
          code.op(Opcode.CATCH, 0).drop();
          for (int i = 0; i < parts; i++) {
            code.start(Opcode.TRY).op(Opcode.RETHROW, 1);
            code.op(Opcode.CATCH, 0).localGet(sum).i32Add().localSet(sum).end();
          }
          code.end().localGet(sum);
        });

    try (TestEngine dividing = new TestEngine(EngineConfig.defaults().withMethodBytes(800))) {
      assertThat(result(dividing.instantiate(module), "f", 3)).isEqualTo(3 * parts);
    }
  }

  // The older encoding.

  @Test
  void legacyClauses_areTriedInOrder() {
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT).tag(TAKES_INT).tag(VOID);
    module.exportFunction(
        "f",
        INT,
        code -> {
          code.start(Opcode.TRY, I32);
          code.localGet(0).op(Opcode.I32_EQZ).ifThen().i32Const(5).op(Opcode.THROW, 0).end();
          code.localGet(0).i32Const(1).op(Opcode.I32_EQ).ifThen();
          code.i32Const(6).op(Opcode.THROW, 1).end();
          code.localGet(0).i32Const(2).op(Opcode.I32_EQ).ifThen().op(Opcode.THROW, 2).end();
          code.i32Const(-1);
          code.op(Opcode.CATCH, 1).i32Const(100).i32Add();
          code.op(Opcode.CATCH, 0).i32Const(200).i32Add();
          code.op(Opcode.CATCH_ALL).i32Const(300);
          code.end();
        });
    Instance instance = engine.instantiate(module);

    assertThat(result(instance, "f", 0)).isEqualTo(205);
    assertThat(result(instance, "f", 1)).isEqualTo(106);
    assertThat(result(instance, "f", 2)).isEqualTo(300);
    assertThat(result(instance, "f", 3)).isEqualTo(-1);
  }

  /// The exception of an outer block, from within the clause of an inner one.
  @Test
  void rethrow_namesTheClauseWhoseExceptionItThrows() {
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT);
    module.exportFunction(
        "f",
        INT,
        code -> {
          code.start(Opcode.TRY).i32Const(1).op(Opcode.THROW, 0);
          code.op(Opcode.CATCH_ALL);
          code.start(Opcode.TRY).i32Const(2).op(Opcode.THROW, 0);
          code.op(Opcode.CATCH, 0).drop();
          code.localGet(0).ifThen().op(Opcode.RETHROW, 1).end();
          code.op(Opcode.RETHROW, 1).end().end();
          code.i32Const(0);
        });
    Instance instance = engine.instantiate(module);

    assertThat(uncaught(instance, "f", 1).values()).containsExactly(2);
    assertThat(uncaught(instance, "f", 0).values()).containsExactly(1);
  }

  /// A branch out of the block puts its value where an operand waits that the handler wants.
  @Test
  void handler_findsWhatWaitsWhereABranchPutsItsValue() {
    ModuleBuilder module = new ModuleBuilder().tag(VOID);
    module.exportFunction(
        "f",
        new FuncType(List.of(I32), List.of(F32)),
        code -> {
          code.block(F32);
          code.localGet(0).i32Const(1).i32Add();
          code.block().tryTable(VOID, new Catch(CATCH_ALL, 0, 0));
          code.f32Const(2.5f).localGet(0).brIf(2).drop().op(Opcode.THROW, 0);
          code.end().end();
          code.op(Opcode.F32_CONVERT_I32_S).end();
        });
    Instance instance = engine.instantiate(module);

    assertThat(result(instance, "f", 0)).isEqualTo(1f);
    assertThat(result(instance, "f", 7)).isEqualTo(2.5f);
  }

  /// The blocks between a `try` and the one that it delegates to have no say.
  @Test
  void delegate_passesTheBlocksInBetween() {
    ModuleBuilder module = new ModuleBuilder().tag(TAKES_INT);
    module.exportFunction(
        "f",
        INT,
        code -> {
          code.start(Opcode.TRY, I32); // 2
          code.start(Opcode.TRY, I32); // 1
          code.start(Opcode.TRY, I32); // 0
          code.start(Opcode.TRY, I32).localGet(0).op(Opcode.THROW, 0).op(Opcode.DELEGATE, 2);
          code.op(Opcode.CATCH_ALL).i32Const(-1).end();
          code.op(Opcode.CATCH_ALL).i32Const(-2).end();
          code.op(Opcode.CATCH, 0).end();
        });
    module.exportFunction(
        "out",
        INT,
        code -> {
          code.start(Opcode.TRY, I32);
          code.start(Opcode.TRY, I32).localGet(0).op(Opcode.THROW, 0).op(Opcode.DELEGATE, 1);
          code.op(Opcode.CATCH_ALL).i32Const(-1).end();
        });
    // What follows the delegating block is protected again.
    module.exportFunction(
        "behind",
        INT,
        code -> {
          code.start(Opcode.TRY, I32);
          code.start(Opcode.TRY).localGet(0).ifThen().localGet(0).op(Opcode.THROW, 0).end();
          code.op(Opcode.DELEGATE, 1);
          code.i32Const(9).op(Opcode.THROW, 0);
          code.op(Opcode.CATCH, 0).end();
        });
    Instance instance = engine.instantiate(module);

    assertThat(result(instance, "f", 6)).isEqualTo(6);
    assertThat(uncaught(instance, "out", 6).values()).containsExactly(6);
    assertThat(uncaught(instance, "behind", 6).values()).containsExactly(6);
    assertThat(result(instance, "behind", 0)).isEqualTo(9);
  }
}
