package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.ErrorCode;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Stops from outside: guests that would run for ever end, and nobody else notices.
///
/// Each guest tells the host when it has begun, and is left alone until the JIT has compiled it:
/// the loops run long enough for that before they tell.
@Timeout(60)
final class StopTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final int WARM_UP = 300_000;

  /// Of the clauses of `try_table` that with a tag and without a reference.
  private static final int CATCH = 0;

  private final TestEngine engine = new TestEngine();

  /// A loop that turns this often is what the JIT compiles; debuggable code takes too long for it.
  private static int warmUp(CodeKind kind) {
    return kind == CodeKind.DEBUG ? 1_000 : WARM_UP;
  }

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// A way to run for ever; function 0 is imported and tells that it has begun.
  record Shape(String name, Consumer<ModuleBuilder> functions) {
    @Override
    public String toString() {
      return name;
    }
  }

  /// Writes a loop around `body` that tells after many turns and never ends.
  private static void forever(CodeBuilder code, int warmUp, Consumer<CodeBuilder> body) {
    int turns = code.local(I64);
    code.loop();
    code.localGet(turns).i64Const(1).op(Opcode.I64_ADD).localTee(turns);
    code.i64Const(warmUp).op(Opcode.I64_EQ).ifThen().call(0).end();
    body.accept(code);
    code.br(0).end();
  }

  private static Shape loop(String name, int warmUp, Consumer<CodeBuilder> body) {
    return new Shape(
        name, module -> module.exportFunction("run", VOID, code -> forever(code, warmUp, body)));
  }

  static Stream<Arguments> shapesInAllKinds() {
    return Arrays.stream(CodeKind.values())
        .flatMap(kind -> shapes(warmUp(kind)).map(shape -> Arguments.of(kind, shape)));
  }

  private static Stream<Shape> shapes(int warmUp) {
    return Stream.of(
        new Shape(
            "an empty loop",
            module -> module.exportFunction("run", VOID, code -> code.call(0).loop().br(0).end())),
        loop("a loop that counts", warmUp, code -> {}),
        loop(
            "a loop that stores",
            warmUp,
            code -> {
              int at = code.local(I32);
              code.localGet(at).localGet(at).access(Opcode.I32_STORE, 4);
              code.localGet(at).i32Const(4).i32Add().i32Const(0xfff0).op(Opcode.I32_AND);
              code.localSet(at);
            }),
        loop(
            "a loop that is left by br_if at a condition that never holds",
            warmUp,
            code -> code.block().i32Const(0).access(Opcode.I32_LOAD, 0).brIf(2).end()),
        loop(
            "a loop around a counted loop",
            warmUp,
            code -> {
              int i = code.local(I32);
              code.i32Const(1000).localSet(i);
              code.loop().localGet(i).i32Const(1).op(Opcode.I32_SUB).localTee(i).brIf(0).end();
            }),
        loop(
            "a switch in a loop",
            warmUp,
            code -> {
              int state = code.local(I32);
              code.block().block().block();
              code.localGet(state).brTable(0, 1, 2).end();
              code.i32Const(1).localSet(state).br(2).end();
              code.i32Const(2).localSet(state).br(1).end();
              code.i32Const(0).localSet(state);
            }),
        loop("a loop that calls", warmUp, code -> code.i32Const(5).call(2).drop()),
        loop(
            "a loop that calls indirectly",
            warmUp,
            code -> code.i32Const(5).i32Const(0).callIndirect(INT, 0).drop()),
        loop(
            "a loop of bulk operations",
            warmUp,
            code -> code.i32Const(0).i32Const(1).i32Const(0x8000).op(Opcode.MEMORY_FILL, 0)),
        loop(
            "a loop that grows memory in vain",
            warmUp,
            code -> code.i32Const(-1).op(Opcode.MEMORY_GROW, 0).drop()),
        new Shape("a counted loop that never meets its end", StopTest::countedLoop),
        new Shape("a counted loop that is begun anew from its middle", StopTest::restartedLoop),
        new Shape(
            "a function that tail-calls itself",
            module ->
                module
                    .exportFunction("run", VOID, code -> code.call(0).call(2))
                    .function(VOID, code -> code.op(Opcode.RETURN_CALL, 2))),
        new Shape(
            "functions that tail-call each other",
            module ->
                module
                    .exportFunction("run", VOID, code -> code.call(0).call(2))
                    .function(VOID, code -> code.op(Opcode.RETURN_CALL, 3))
                    .function(VOID, code -> code.op(Opcode.RETURN_CALL, 2))),
        loop(
            "a loop that throws and catches",
            warmUp,
            code ->
                code.block()
                    .tryTable(VOID, new CodeBuilder.Catch(CATCH, 0, 0))
                    .op(Opcode.THROW, 0)
                    .end()
                    .end()),
        new Shape("a loop of operations on a table", module -> tableLoop(module, warmUp)),
        new Shape("a loop of operations on an array", module -> arrayLoop(module, warmUp)),
        new Shape(
            "a recursion that does not overflow",
            module ->
                module.exportFunction(
                    "run",
                    VOID,
                    code -> {
                      // 40 levels of two calls each take longer than anyone waits.
                      code.call(0).i32Const(40).call(3).drop();
                    })));
  }

  private static void countedLoop(ModuleBuilder module) {
    module.exportFunction(
        "run",
        VOID,
        code -> {
          int i = code.local(I32);
          code.call(0).loop();
          code.localGet(i).i32Const(0xfffc).op(Opcode.I32_AND).localGet(i);
          code.access(Opcode.I32_STORE, 0);
          code.localGet(i).i32Const(4).i32Add().localTee(i);
          code.i32Const(1).op(Opcode.I32_NE).brIf(0).end();
        });
  }

  /// The condition of the branch is one that the JIT does not know.
  private static void restartedLoop(ModuleBuilder module) {
    module.exportFunction(
        "run",
        VOID,
        code -> {
          int i = code.local(I32);
          code.call(0).loop();
          code.i32Const(0).access(Opcode.I32_LOAD, 0).op(Opcode.I32_EQZ).brIf(0);
          code.localGet(i).i32Const(4).i32Add().localTee(i);
          code.i32Const(400).op(Opcode.I32_NE).brIf(0).end();
        });
  }

  /// Table 1 has no use but this.
  private static void tableLoop(ModuleBuilder module, int warmUp) {
    module.exportFunction(
        "run",
        VOID,
        code ->
            forever(
                code,
                warmUp / 100,
                loop -> {
                  loop.i32Const(0).i32Const(1).i32Const(40_000).op(Opcode.TABLE_COPY, 1, 1);
                  loop.i32Const(0).heapType(Opcode.REF_NULL, AbstractHeapType.FUNC);
                  loop.i32Const(40_000).op(Opcode.TABLE_FILL, 1);
                }));
  }

  private static void arrayLoop(ModuleBuilder module, int warmUp) {
    DefinedType type = module.type(new ArrayType(new FieldType(I64, true)));
    module.exportFunction(
        "run",
        VOID,
        code -> {
          int array = code.local(RefType.of(true, type));
          code.i32Const(40_000).op(Opcode.ARRAY_NEW_DEFAULT, type).localSet(array);
          forever(
              code,
              warmUp / 100,
              loop -> {
                loop.localGet(array).i32Const(0).i64Const(7).i32Const(40_000);
                loop.op(Opcode.ARRAY_FILL, type);
                loop.localGet(array).i32Const(1).localGet(array).i32Const(0).i32Const(39_000);
                loop.op(Opcode.ARRAY_COPY, module.typeIndex(type), module.typeIndex(type));
              });
        });
  }

  /// Shapes that add no functions but `run` can call `identity`, 2, and a function that calls
  /// itself twice, 3.
  private static ModuleBuilder module(Shape shape) {
    ModuleBuilder module = new ModuleBuilder().importFunction("host", "begun", VOID);
    shape.functions().accept(module);
    return module
        .exportFunction("identity", INT, code -> code.localGet(0))
        .function(
            INT,
            code -> {
              code.localGet(0).op(Opcode.I32_EQZ).ifThen(I32).i32Const(1).otherwise();
              code.localGet(0).i32Const(1).op(Opcode.I32_SUB).call(3);
              code.localGet(0).i32Const(1).op(Opcode.I32_SUB).call(3);
              code.i32Add().end();
            })
        .table(new TableType(FUNCREF, Limits.of(1)))
        .table(new TableType(FUNCREF, Limits.of(50_000)))
        .tag(VOID)
        .elements(0, 0, 2)
        .memory(1);
  }

  /// Imports for one guest: a latch that its `begun` opens.
  private static Imports begun(CountDownLatch latch) {
    HostFunction begun =
        HostFunction.of(
            VOID,
            (_, _) -> {
              tellBegun(latch);
              return new Object[0];
            });
    return Imports.builder().define("host", "begun", begun).build();
  }

  private static void tellBegun(CountDownLatch latch) {
    latch.countDown();
  }

  /// Waits until the guest has begun and has left the host function by which it told: there it
  /// would be stopped as well.
  private static void awaitGuest(CountDownLatch latch, Thread guest) throws InterruptedException {
    await(latch);
    while (Arrays.stream(guest.getStackTrace())
        .anyMatch(frame -> frame.getMethodName().equals("tellBegun"))) {
      Thread.onSpinWait();
    }
  }

  private static CompletableFuture<Throwable> start(Runnable guest) {
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    start(guest, ended);
    return ended;
  }

  private static Thread start(Runnable guest, CompletableFuture<Throwable> ended) {
    return Thread.ofPlatform().daemon().start(() -> ended.complete(catchThrowable(guest::run)));
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
  }

  private static void assertStopped(CompletableFuture<Throwable> guest, StopReason reason) {
    Throwable end = guest.orTimeout(30, TimeUnit.SECONDS).join();
    assertThat(end).isInstanceOf(StoppedException.class);
    assertThat(((StoppedException) end).reason()).isEqualTo(reason);
    assertThat(((StoppedException) end).code()).isEqualTo(ErrorCode.STOPPED);
  }

  /// The guest is stopped; another one of the same module computes on, and a new store works.
  @ParameterizedTest
  @MethodSource("shapesInAllKinds")
  void guest_thatRunsForEver_isStopped(CodeKind kind, Shape shape) throws InterruptedException {
    try (TestEngine ofKind = new TestEngine(EngineConfig.defaults().withCodeKind(kind))) {
      isStopped(ofKind.compile(module(shape)));
      assertThat(ofKind.engine().statistics().stops().armings())
          .isLessThanOrEqualTo(kind.polls() ? 0 : 1);
    }
  }

  private static void isStopped(ModuleHandle module) throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    try (Store store = new Store(HeapLimiter.UNLIMITED);
        Store others = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = module.instantiate(store, begun(begun));
      Instance other = module.instantiate(others, begun(new CountDownLatch(1)));
      CompletableFuture<Throwable> guest = new CompletableFuture<>();
      awaitGuest(begun, start(() -> call(instance, "run"), guest));

      store.requestStop(StopReason.DEADLINE);
      do {
        for (int i = 0; i < 100; i++) {
          assertThat(result(other, "identity", i)).isEqualTo(i);
        }
      } while (!guest.isDone());

      assertStopped(guest, StopReason.DEADLINE);
      assertThat(store.isStopRequested()).isTrue();
      assertThat(others.isStopRequested()).isFalse();
      assertThat(instance.isPoisoned()).isFalse();
      assertThatThrownBy(() -> call(instance, "identity", 1)).isInstanceOf(StoppedException.class);
    }
    try (Store next = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = module.instantiate(next, begun(new CountDownLatch(1)));
      assertThat(result(instance, "identity", 7)).isEqualTo(7);
    }
  }

  @Test
  void startFunction_thatRunsForEver_isStopped() throws InterruptedException {
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("host", "begun", VOID)
            .function(VOID, code -> code.call(0).loop().br(0).end())
            .start(1);
    CountDownLatch begun = new CountDownLatch(1);
    Store store = new Store(HeapLimiter.UNLIMITED);
    CompletableFuture<Throwable> guest =
        start(() -> engine.instantiate(module, begun(begun), store));
    await(begun);

    store.requestStop(StopReason.CANCELLED);

    assertStopped(guest, StopReason.CANCELLED);
    store.close();
  }

  @Test
  void store_stoppedBeforeTheCall_refusesIt() {
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance instance =
        engine.instantiate(
            new ModuleBuilder().exportFunction("f", VOID, code -> {}), Imports.NONE, store);
    call(instance, "f");

    store.requestStop(StopReason.DISPOSED);
    store.requestStop(StopReason.DEADLINE);

    // The first reason stays.
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> call(instance, "f"))
          .isInstanceOfSatisfying(
              StoppedException.class, e -> assertThat(e.reason()).isEqualTo(StopReason.DISPOSED));
    }
    store.close();
  }

  /// A host function that blocks is not interrupted, but the guest does not go on behind it.
  @Test
  void stop_whileHostFunctionBlocks_endsTheCallWhenItReturns() throws InterruptedException {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    AtomicBoolean wentOn = new AtomicBoolean();
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("host", "block", VOID)
            .importFunction("host", "wentOn", VOID)
            .exportFunction("f", VOID, code -> code.call(0).call(1));
    Imports imports =
        Imports.builder()
            .define(
                "host",
                "block",
                HostFunction.of(
                    VOID,
                    (_, _) -> {
                      entered.countDown();
                      try {
                        await(released);
                      } catch (InterruptedException e) {
                        throw new AssertionError(e);
                      }
                      return new Object[0];
                    }))
            .define(
                "host",
                "wentOn",
                HostFunction.of(
                    VOID,
                    (_, _) -> {
                      wentOn.set(true);
                      return new Object[0];
                    }))
            .build();
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance instance = engine.instantiate(module, imports, store);
    CompletableFuture<Throwable> guest = start(() -> call(instance, "f"));
    await(entered);

    store.requestStop(StopReason.DEADLINE);
    assertThat(guest).isNotDone();
    released.countDown();

    assertStopped(guest, StopReason.DEADLINE);
    assertThat(wentOn).isFalse();
    store.close();
  }

  /// The stop goes through the host function in between to the outermost call.
  @Test
  void guest_nestedInHostFunction_isStoppedAsAWhole() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("host", "again", VOID)
            .exportFunction("outer", VOID, code -> code.call(0))
            .exportFunction("inner", VOID, code -> code.loop().br(0).end());
    HostFunction again =
        HostFunction.of(
            VOID,
            (caller, _) -> {
              begun.countDown();
              return call(caller, "inner");
            });
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance instance =
        engine.instantiate(module, Imports.builder().define("host", "again", again).build(), store);
    CompletableFuture<Throwable> guest = start(() -> call(instance, "outer"));
    await(begun);

    store.requestStop(StopReason.DEADLINE);

    assertStopped(guest, StopReason.DEADLINE);
    store.close();
  }

  /// Many stops, one after the other and of several stores at once, on one module.
  @Test
  void stops_manyInTurn_allTakeEffectAndNobodyElseIsStopped() throws InterruptedException {
    ModuleHandle module = engine.compile(module(shapes(WARM_UP).toList().get(1)));
    AtomicBoolean done = new AtomicBoolean();
    Store calm = new Store(HeapLimiter.UNLIMITED);
    Instance bystander = module.instantiate(calm, begun(new CountDownLatch(1)));
    CompletableFuture<Throwable> watcher =
        start(() -> {
          while (!done.get()) {
            assertThat(result(bystander, "identity", 5)).isEqualTo(5);
          }
        });
    for (int round = 0; round < 15; round++) {
      int guests = 1 + round % 3;
      CountDownLatch begun = new CountDownLatch(guests);
      List<Store> stores =
          Stream.generate(() -> new Store(HeapLimiter.UNLIMITED)).limit(guests).toList();
      List<CompletableFuture<Throwable>> ends =
          stores.stream()
              .map(store -> module.instantiate(store, begun(begun)))
              .map(instance -> start(() -> call(instance, "run")))
              .toList();
      await(begun);
      stores.forEach(store -> store.requestStop(StopReason.DEADLINE));
      ends.forEach(end -> assertStopped(end, StopReason.DEADLINE));
      stores.forEach(Store::close);
    }
    done.set(true);
    assertThat(watcher.join()).isNull();
    calm.close();
  }

  /// A stop that comes at the very moment at which a call begins is not lost.
  @Test
  void stop_thatRacesWithTheCall_isNeverLost() {
    ModuleBuilder looping =
        new ModuleBuilder().exportFunction("run", VOID, code -> code.loop().br(0).end());
    ModuleHandle module = engine.compile(looping);
    for (int i = 0; i < 60; i++) {
      Store store = new Store(HeapLimiter.UNLIMITED);
      Instance instance = module.instantiate(store, Imports.NONE);
      CompletableFuture<Throwable> guest = start(() -> call(instance, "run"));
      for (int spin = 0; spin < i * 50; spin++) {
        Thread.onSpinWait();
      }
      store.requestStop(StopReason.DEADLINE);
      try {
        assertStopped(guest, StopReason.DEADLINE);
      } catch (CompletionException e) {
        throw new AssertionError("round " + i, e);
      }
      store.close();
    }
  }
}
