package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.CountingLimiter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Memories that several threads use at once, each with a store of its own.
///
/// Strategy: guests on real threads do what goes wrong if an update is lost, an order is broken, a
/// wake-up is missed or a growth stays unseen; the numbers of rounds are seeded. A failure is a
/// wrong result, or a test that does not end.
@Timeout(120)
final class SharedMemoryTest {
  private static final long PAGE = 1 << 16;
  private static final MemoryType SHARED =
      new MemoryType(Limits.of(1, 100), /* shared= */ true, MemoryType.DEFAULT_PAGE_SIZE_LOG2);
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType WAIT32 = new FuncType(List.of(I32, I32, I64), List.of(I32));
  private static final FuncType WAIT64 = new FuncType(List.of(I32, I64, I64), List.of(I32));
  private static final FuncType NOTIFY = new FuncType(List.of(I32, I32), List.of(I32));

  // What wait answers.
  private static final int WOKEN = 0;
  private static final int NOT_EQUAL = 1;
  private static final int TIMED_OUT = 2;

  private final TestEngine engine = new TestEngine();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountingLimiter limiter = new CountingLimiter();

  @AfterEach
  void closeEngine() {
    threads.shutdownNow();
    engine.close();
  }

  private static ModuleBuilder importer() {
    return withAccesses(new ModuleBuilder().importItem("host", "memory", SHARED));
  }

  private static ModuleBuilder withAccesses(ModuleBuilder module) {
    return module
        .exportFunction(
            "wait32",
            WAIT32,
            code -> code.localGet(0).localGet(1).localGet(2).access(Opcode.MEMORY_ATOMIC_WAIT32, 0))
        .exportFunction(
            "wait64",
            WAIT64,
            code -> code.localGet(0).localGet(1).localGet(2).access(Opcode.MEMORY_ATOMIC_WAIT64, 0))
        .exportFunction(
            "notify",
            NOTIFY,
            code -> code.localGet(0).localGet(1).access(Opcode.MEMORY_ATOMIC_NOTIFY, 0))
        .exportFunction("grow", INT, code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0))
        .exportFunction("load", INT, code -> code.localGet(0).access(Opcode.I32_ATOMIC_LOAD, 0));
  }

  private Instance importing(ModuleBuilder module, Memory memory, Store store) {
    return engine.instantiate(module, (_, _, _) -> memory, store);
  }

  /// Runs a task with an instance on a thread and store of its own.
  private <T> Future<T> start(ModuleBuilder module, Memory memory, GuestTask<T> task) {
    return threads.submit(
        (Callable<T>)
            () -> {
              try (Store store = new Store(HeapLimiter.UNLIMITED)) {
                return task.run(importing(module, memory, store));
              }
            });
  }

  @FunctionalInterface
  private interface GuestTask<T> {
    T run(Instance instance);
  }

  private static void loopUntil(CodeBuilder code, int counter, int bound) {
    code.localGet(counter).i32Const(1).i32Add().localTee(counter);
    code.localGet(bound).op(Opcode.I32_LT_U).brIf(0);
  }

  @Test
  void counters_raisedByFourThreads_loseNothing() throws Exception {
    // Three counters next to each other: 32, 16 and 8 bits; the last two share a word.
    ModuleBuilder module =
        importer()
            .exportFunction(
                "raise",
                INT,
                code -> {
                  int round = code.local(I32);
                  code.loop();
                  code.i32Const(0).i32Const(1).access(Opcode.I32_ATOMIC_RMW_ADD, 0).drop();
                  code.i32Const(4).i32Const(1).access(Opcode.I32_ATOMIC_RMW16_ADD_U, 0).drop();
                  code.i32Const(6).i64Const(3).access(Opcode.I64_ATOMIC_RMW8_SUB_U, 0).drop();
                  code.i32Const(8).i64Const(1).access(Opcode.I64_ATOMIC_RMW_ADD, 0).drop();
                  loopUntil(code, round, 0);
                  code.end().localGet(round);
                });
    int rounds = 20_000 + Seed.random().nextInt(20_000);
    try (Memory memory = Memory.create(SHARED, limiter)) {
      List<Future<Integer>> running = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        running.add(start(module, memory, guest -> intResult(guest, "raise", rounds)));
      }
      for (Future<Integer> thread : running) {
        assertThat(thread.get()).isEqualTo(rounds);
      }
      assertThat(memory.getInt(0)).isEqualTo(4 * rounds);
      assertThat(memory.getInt(4) & 0xffff).isEqualTo(4 * rounds & 0xffff);
      assertThat(memory.getByte(6)).isEqualTo((byte) (-12 * rounds));
      assertThat(memory.getByte(7)).isZero();
      assertThat(memory.getLong(8)).isEqualTo(4L * rounds);
    }
  }

  @Test
  void counter_raisedByCompareAndExchange_losesNothing() throws Exception {
    // A lock of one byte by cmpxchg around a plain counter.
    ModuleBuilder module =
        importer()
            .exportFunction(
                "raise",
                INT,
                code -> {
                  int round = code.local(I32);
                  code.loop();
                  code.loop();
                  code.i32Const(3).i32Const(0).i32Const(1);
                  code.access(Opcode.I32_ATOMIC_RMW8_CMPXCHG_U, 0).brIf(0);
                  code.end();
                  code.i32Const(64).i32Const(64).access(Opcode.I32_LOAD, 0).i32Const(1).i32Add();
                  code.access(Opcode.I32_STORE, 0);
                  code.i32Const(3).i32Const(0).access(Opcode.I32_ATOMIC_STORE8, 0);
                  loopUntil(code, round, 0);
                  code.end().localGet(round);
                });
    int rounds = 5_000 + Seed.random().nextInt(5_000);
    try (Memory memory = Memory.create(SHARED, limiter)) {
      List<Future<Integer>> running = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        running.add(start(module, memory, guest -> intResult(guest, "raise", rounds)));
      }
      for (Future<Integer> thread : running) {
        thread.get();
      }
      assertThat(memory.getInt(64)).isEqualTo(3 * rounds);
    }
  }

  /// The writer stores plain data and then an atomic flag; who sees the flag sees the data.
  @Test
  void messages_arriveWhole() throws Exception {
    ModuleBuilder writer =
        importer()
            .exportFunction(
                "run",
                INT,
                code -> {
                  int round = code.local(I32);
                  code.loop();
                  code.localGet(round).i32Const(1).i32Add().localSet(round);
                  code.i32Const(128).localGet(round).access(Opcode.I32_STORE, 0);
                  code.i32Const(512).localGet(round).access(Opcode.I32_STORE, 0);
                  code.i32Const(0).localGet(round).access(Opcode.I32_ATOMIC_STORE, 0);
                  // The next message may be written when this one was read.
                  code.loop();
                  code.i32Const(256).access(Opcode.I32_ATOMIC_LOAD, 0).localGet(round);
                  code.op(Opcode.I32_NE).brIf(0).end();
                  code.localGet(round).localGet(0).op(Opcode.I32_LT_U).brIf(0);
                  code.end().i32Const(0);
                });
    ModuleBuilder reader =
        importer()
            .exportFunction(
                "run",
                INT,
                code -> {
                  int round = code.local(I32);
                  int wrong = code.local(I32);
                  code.loop();
                  code.localGet(round).i32Const(1).i32Add().localSet(round);
                  code.loop();
                  code.i32Const(0).access(Opcode.I32_ATOMIC_LOAD, 0).localGet(round);
                  code.op(Opcode.I32_NE).brIf(0).end();
                  for (int address : new int[] {128, 512}) {
                    code.localGet(wrong).i32Const(address).access(Opcode.I32_LOAD, 0);
                    code.localGet(round).op(Opcode.I32_NE).i32Add().localSet(wrong);
                  }
                  code.i32Const(256).localGet(round).access(Opcode.I32_ATOMIC_STORE, 0);
                  code.localGet(round).localGet(0).op(Opcode.I32_LT_U).brIf(0);
                  code.end().localGet(wrong);
                });
    int rounds = 5_000 + Seed.random().nextInt(5_000);
    try (Memory memory = Memory.create(SHARED, limiter)) {
      Future<Integer> writing = start(writer, memory, guest -> intResult(guest, "run", rounds));
      Future<Integer> reading = start(reader, memory, guest -> intResult(guest, "run", rounds));
      assertThat(reading.get()).isZero();
      assertThat(writing.get()).isZero();
    }
  }

  /// Dekker: both store to their own flag and then read the other's; not both may read 0.
  @Test
  void storesAndLoads_haveOneOrder() throws Exception {
    ModuleBuilder module =
        importer()
            .exportFunction(
                "meet",
                new FuncType(List.of(I32, I32), List.of(I32)),
                code -> {
                  code.localGet(0).i32Const(1).access(Opcode.I32_ATOMIC_STORE, 0);
                  code.localGet(1).access(Opcode.I32_ATOMIC_LOAD, 0);
                });
    int rounds = 4_000;
    int distance = 32_768;
    try (Memory memory = Memory.create(SHARED, limiter);
        Store firstStore = new Store(HeapLimiter.UNLIMITED);
        Store secondStore = new Store(HeapLimiter.UNLIMITED)) {
      Instance first = importing(module, memory, firstStore);
      Instance second = importing(module, memory, secondStore);
      CyclicBarrier barrier = new CyclicBarrier(2);
      int[] seen = new int[rounds];
      Future<int[]> other =
          threads.submit(() -> {
            int[] found = new int[rounds];
            barrier.await();
            for (int i = 0; i < rounds; i++) {
              found[i] = intResult(second, "meet", 8 * i, 8 * i + distance);
            }
            return found;
          });
      barrier.await();
      for (int i = 0; i < rounds; i++) {
        seen[i] = intResult(first, "meet", 8 * i + distance, 8 * i);
      }
      for (int i = 0; i < rounds; i++) {
        assertThat(seen[i] + other.get()[i]).as("round %s", i).isPositive();
      }
    }
  }

  @Test
  void waitAndNotify_playPingPong() throws Exception {
    // Each waits until the word has its own parity, changes it and wakes the other.
    ModuleBuilder module =
        importer()
            .exportFunction(
                "play",
                new FuncType(List.of(I32, I32), List.of(I32)),
                code -> {
                  int round = code.local(I32);
                  int seen = code.local(I32);
                  code.loop();
                  code.block().loop();
                  code.i32Const(8).access(Opcode.I32_ATOMIC_LOAD, 0).localTee(seen);
                  code.i32Const(1).op(Opcode.I32_AND).localGet(0).op(Opcode.I32_EQ).brIf(1);
                  code.i32Const(8).localGet(seen).i64Const(-1);
                  code.access(Opcode.MEMORY_ATOMIC_WAIT32, 0).drop().br(0);
                  code.end().end();
                  code.i32Const(8).i32Const(1).access(Opcode.I32_ATOMIC_RMW_ADD, 0).drop();
                  code.i32Const(8).i32Const(1).access(Opcode.MEMORY_ATOMIC_NOTIFY, 0).drop();
                  loopUntil(code, round, 1);
                  code.end().localGet(round);
                });
    int rounds = 2_000 + Seed.random().nextInt(2_000);
    try (Memory memory = Memory.create(SHARED, limiter)) {
      Future<Integer> even = start(module, memory, guest -> intResult(guest, "play", 0, rounds));
      Future<Integer> odd = start(module, memory, guest -> intResult(guest, "play", 1, rounds));
      assertThat(even.get()).isEqualTo(rounds);
      assertThat(odd.get()).isEqualTo(rounds);
      assertThat(memory.getInt(8)).isEqualTo(2 * rounds);
    }
  }

  @Test
  void wait_comparesAndTimesOut() {
    try (Memory memory = Memory.create(SHARED, limiter);
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance guest = importing(importer(), memory, store);
      memory.setLong(16, 0x1_0000_0007L);

      assertThat(result(guest, "wait32", 16, 8, -1L)).isEqualTo(NOT_EQUAL);
      assertThat(result(guest, "wait64", 16, 7L, -1L)).isEqualTo(NOT_EQUAL);
      assertThat(result(guest, "wait32", 16, 7, 0L)).isEqualTo(TIMED_OUT);
      assertThat(result(guest, "wait64", 16, 0x1_0000_0007L, 1_000L)).isEqualTo(TIMED_OUT);
      assertThat(result(guest, "notify", 16, -1)).isEqualTo(0);
    }
  }

  @Test
  void wait_tellsTheRegion_onlyIfItDoesWait() {
    List<String> told = new ArrayList<>();
    try (Memory memory = Memory.create(SHARED, limiter);
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance guest = importing(importer(), memory, store);
      store.waitIn(
          new WaitRegion() {
            @Override
            public void enter() {
              told.add("enter");
            }

            @Override
            public void exit() {
              told.add("exit");
            }
          });
      call(guest, "wait32", 0, 1, -1L);
      call(guest, "wait32", 0, 0, 0L);
      assertThat(told).isEmpty();
      assertThat(result(guest, "wait32", 0, 0, 1L)).isEqualTo(TIMED_OUT);
      assertThat(told).containsExactly("enter", "exit");
    }
  }

  @Test
  void notify_wakesThoseAtItsAddress_asManyAsAskedFor() throws Exception {
    try (Memory memory = Memory.create(SHARED, limiter);
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance guest = importing(importer(), memory, store);
      List<Future<Integer>> waiting = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        waiting.add(start(importer(), memory, other -> intResult(other, "wait32", 24, 0, -1L)));
      }
      assertThat(intResult(guest, "notify", 28, -1)).isZero();
      int woken = 0;
      while (woken == 0) {
        woken = intResult(guest, "notify", 24, 1);
      }
      assertThat(woken).isEqualTo(1);
      while (woken < 3) {
        woken += intResult(guest, "notify", 24, -1);
      }
      for (Future<Integer> thread : waiting) {
        assertThat(thread.get()).isEqualTo(WOKEN);
      }
      assertThat(intResult(guest, "notify", 24, -1)).isZero();
    }
  }

  @RepeatedTest(10)
  void wait_endsWhenItsStoreIsStopped_andOnlyThere() throws Exception {
    try (Memory memory = Memory.create(SHARED, limiter);
        Store stopped = new Store(HeapLimiter.UNLIMITED);
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance guest = importing(importer(), memory, store);
      Instance victim = importing(importer(), memory, stopped);
      Future<Integer> ends = threads.submit(() -> intResult(victim, "wait32", 0, 0, -1L));
      Future<Integer> stays =
          start(importer(), memory, other -> intResult(other, "wait32", 0, 0, -1L));
      stopped.requestStop(StopReason.DEADLINE);
      assertThatThrownBy(ends::get)
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(StoppedException.class);
      int woken = 0;
      while (woken == 0) {
        woken = intResult(guest, "notify", 0, -1);
      }
      assertThat(woken).isEqualTo(1);
      assertThat(stays.get()).isEqualTo(WOKEN);
    }
  }

  @Test
  void wait_interrupted_goesOn_andKeepsTheInterrupt() throws Exception {
    try (Memory memory = Memory.create(SHARED, limiter);
        Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance guest = importing(importer(), memory, store);
      CountDownLatch started = new CountDownLatch(1);
      List<Object> results = new ArrayList<>();
      Thread waiter =
          new Thread(() -> {
            try (Store own = new Store(HeapLimiter.UNLIMITED)) {
              Instance other = importing(importer(), memory, own);
              started.countDown();
              results.add(intResult(other, "wait32", 0, 0, -1L));
              results.add(Thread.currentThread().isInterrupted());
            }
          });
      waiter.start();
      started.await();
      waiter.interrupt();
      while (intResult(guest, "notify", 0, 1) == 0) {
        Thread.onSpinWait();
      }
      waiter.join();
      assertThat(results).containsExactly(WOKEN, true);
    }
  }

  @Test
  void wait_atAMemoryThatIsNotShared_traps() {
    Instance guest =
        engine.instantiate(withAccesses(new ModuleBuilder().memory(MemoryType.of(Limits.of(1)))));

    assertTraps(TrapReason.EXPECTED_SHARED_MEMORY, () -> call(guest, "wait32", 0, 0, 0L));
    assertTraps(TrapReason.EXPECTED_SHARED_MEMORY, () -> call(guest, "wait64", 0, 1L, 0L));
    assertTraps(TrapReason.UNALIGNED_ATOMIC, () -> call(guest, "wait64", 4, 0L, 0L));
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(guest, "wait32", (int) PAGE, 0, 0L));
    assertTraps(TrapReason.UNALIGNED_ATOMIC, () -> call(guest, "notify", 2, 0));
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(guest, "notify", -4, 0));
    assertThat(intResult(guest, "notify", 0, -1)).isZero();
  }

  @Test
  void growth_isSeenByOtherThreads_andByManyAtOnceNothingIsLost() throws Exception {
    ModuleBuilder module =
        importer()
            .exportFunction(
                "growAlone",
                INT,
                code -> {
                  int round = code.local(I32);
                  int former = code.local(I32);
                  code.loop();
                  code.i32Const(1).op(Opcode.MEMORY_GROW, 0).localTee(former);
                  code.i32Const(16).op(Opcode.I32_SHL);
                  // The first byte of the new page belongs to this thread alone.
                  code.i32Const(1).access(Opcode.I32_ATOMIC_RMW_ADD, 0).drop();
                  loopUntil(code, round, 0);
                  code.end().localGet(former);
                });
    try (Memory memory = Memory.create(SHARED, limiter)) {
      List<Future<Integer>> running = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        running.add(start(module, memory, guest -> intResult(guest, "growAlone", 10)));
      }
      for (Future<Integer> thread : running) {
        assertThat(thread.get()).isBetween(10, 30);
      }
      assertThat(memory.sizeBytes()).isEqualTo(31 * PAGE);
      for (int page = 1; page < 31; page++) {
        assertThat(memory.getInt(page * PAGE)).isEqualTo(1);
      }
      assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(31 * PAGE);
    }
    assertThat(limiter.total()).isZero();
  }

  @Test
  void sharedMemory_livesUntilTheLastStoreIsClosed() {
    ModuleBuilder exporter =
        new ModuleBuilder().memory(SHARED).export("memory", ExternKind.MEMORY, 0);
    Store first = new Store(limiter);
    Memory memory = memory(engine.instantiate(exporter, Imports.NONE, first));
    Store second = new Store(HeapLimiter.UNLIMITED);
    Instance user = importing(importer(), memory, second);
    Instance sameStore = importing(importer(), memory, second);

    first.close();
    assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(PAGE);
    memory.setInt(4, 77);
    assertThat(intResult(user, "load", 4)).isEqualTo(77);
    assertThat(intResult(sameStore, "grow", 1)).isEqualTo(1);
    assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(2 * PAGE);

    second.close();
    assertThat(limiter.total()).isZero();
    assertThat(memory.sizeBytes()).isZero();
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.getInt(4));
    MemoryType anySize =
        new MemoryType(Limits.of(0, 100), /* shared= */ true, MemoryType.DEFAULT_PAGE_SIZE_LOG2);
    ModuleBuilder late = new ModuleBuilder().importItem("host", "memory", anySize);
    try (Store third = new Store(HeapLimiter.UNLIMITED)) {
      assertThatThrownBy(() -> importing(late, memory, third))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void hostMemory_closedTwice_isReleasedOnce_andAStoresMemoryCannotBeClosed() {
    Memory ofHost = Memory.create(SHARED, limiter);
    ofHost.close();
    ofHost.close();
    assertThat(limiter.total()).isZero();
    try (Store store = new Store(limiter)) {
      Instance owner = engine.instantiate(new ModuleBuilder().memory(SHARED), Imports.NONE, store);
      assertThatThrownBy(() -> memory(owner).close()).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void maximum_isReservedButNotCharged() {
    MemoryType large =
        new MemoryType(Limits.of(1, 65_536), /* shared= */ true, MemoryType.DEFAULT_PAGE_SIZE_LOG2);
    Random random = Seed.random();
    try (Memory memory = Memory.create(large, limiter)) {
      assertThat(memory.capacityBytes()).isEqualTo(PAGE);
      assertThat(memory.grow(65_535L)).isEqualTo(1);
      assertThat(memory.grow(1L)).isEqualTo(-1);
      long address = (65_535L << 16) + random.nextInt((int) PAGE - 8);
      memory.setLong(address, address);
      assertThat(memory.getLong(address)).isEqualTo(address);
    }
  }
}
