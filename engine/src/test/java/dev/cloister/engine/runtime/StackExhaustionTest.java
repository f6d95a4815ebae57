package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.CountingLimiter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Guests that exhaust the call stack.
///
/// Strategy: a guest recurses to a depth and does one thing there. The depth hovers about the one
/// at which the stack ends, so that the overflow strikes at many points of that thing, on threads
/// with small stacks. Invariants: the call ends in the result or in the trap; the thing was done or
/// was not, never in part; the ledger says what is held; the next call works.
final class StackExhaustionTest {
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final int ROUNDS = 250;

  private final TestEngine engine = new TestEngine();
  private final CountingLimiter limiter = new CountingLimiter();

  /// What the host function `touch` began and ended.
  private int begun;

  private int ended;

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// A module whose function `recurse` does `leaf` at the depth that it is given.
  private static ModuleBuilder recursion(Consumer<CodeBuilder> leaf) {
    return new ModuleBuilder()
        .importFunction("host", "touch", TO_INT)
        .exportFunction(
            "recurse",
            INT,
            code -> {
              code.localGet(0).ifThen(I32);
              code.localGet(0).i32Const(1).op(Opcode.I32_SUB).call(1);
              code.otherwise();
              leaf.accept(code);
              code.end();
            })
        .table(new TableType(RefType.FUNCREF, Limits.of(1)))
        .memory(1);
  }

  private Imports imports() {
    return Imports.builder()
        .define(
            "host",
            "touch",
            HostFunction.of(
                TO_INT,
                (_, _) -> {
                  begun++;
                  int sum = deep(20);
                  ended++;
                  return new Object[] {sum};
                }))
        .build();
  }

  private static int deep(int depth) {
    return depth == 0 ? 1 : deep(depth - 1);
  }

  /// Runs a task on a thread with a stack of about `stackBytes`.
  private static void onThread(long stackBytes, Runnable task) throws InterruptedException {
    Throwable[] failure = new Throwable[1];
    Thread thread = new Thread(null, task, "small-stack", stackBytes);
    thread.setUncaughtExceptionHandler((_, e) -> failure[0] = e);
    thread.start();
    thread.join();
    if (failure[0] != null) {
      throw new AssertionError("on a stack of " + stackBytes + " bytes", failure[0]);
    }
  }

  /// Returns the result at a depth, or null if the stack was exhausted.
  private static @Nullable Object attempt(Instance instance, int depth) {
    try {
      return result(instance, "recurse", depth);
    } catch (TrapException trap) {
      if (trap.reason() == TrapReason.CALL_STACK_EXHAUSTED) {
        return null;
      }
      throw trap;
    }
  }

  /// Calls `recurse` about the end of the stack many times, and `check` after each call.
  ///
  /// The end moves: compiled frames are a fraction of interpreted ones. So steps shrink where the
  /// outcome changes, and grow where it stays the same.
  private static void hover(Instance instance, Random random, Check check) {
    int depth = 100;
    while (attempt(instance, depth) != null) {
      depth *= 2;
    }
    int step = depth / 4;
    int exhausted = 0;
    boolean wasExhausted = false;
    for (int round = 0; round < ROUNDS; round++) {
      Object found = attempt(instance, depth);
      check.after(found);
      boolean isExhausted = found == null;
      if (isExhausted) {
        exhausted++;
      }
      step =
          isExhausted == wasExhausted ? Math.min(step * 3 / 2, 1_000_000) : Math.max(40, step / 2);
      wasExhausted = isExhausted;
      int move = 1 + random.nextInt(step);
      depth = Math.max(1, isExhausted ? depth - move : depth + move);
    }
    assertThat(exhausted).as("overflows").isBetween(ROUNDS / 20, ROUNDS - ROUNDS / 20);
  }

  /// What holds after each call.
  private interface Check {
    void after(@Nullable Object result);
  }

  private void hoverOnSmallStacks(ModuleBuilder module, CheckOf check) throws InterruptedException {
    Random random = Seed.random();
    for (long stackBytes : new long[] {180_000, 256_000, 400_000}) {
      onThread(
          stackBytes,
          () -> {
            try (Store store = new Store(limiter)) {
              Instance instance = engine.instantiate(module, imports(), store);
              hover(instance, random, check.of(instance));
            }
            assertThat(limiter.total()).isZero();
          });
    }
  }

  /// Makes the check for an instance.
  private interface CheckOf {
    Check of(Instance instance);
  }

  @Test
  void recursion_withoutEnd_trapsAndPoisonsTheInstance() {
    Instance instance = engine.instantiate(recursion(code -> code.i32Const(5)), imports());

    TrapException trap =
        assertTraps(TrapReason.CALL_STACK_EXHAUSTED, () -> call(instance, "recurse", -1));

    assertThat(trap.wasmStack()).hasSize(64);
    assertThat(instance.isPoisoned()).isTrue();
    assertThat(result(instance, "recurse", 10)).isEqualTo(5);
    assertThat(engine.instantiate(recursion(code -> code.i32Const(5)), imports()).isPoisoned())
        .isFalse();
  }

  @Test
  void hostCall_atTheEndOfTheStack_isDoneWhollyOrNotAtAll() throws InterruptedException {
    hoverOnSmallStacks(
        recursion(code -> code.call(0)),
        _ ->
            found -> {
              assertThat(ended).isEqualTo(begun);
              assertThat(found).isIn(null, 1);
            });
  }

  @Test
  void memoryGrow_atTheEndOfTheStack_keepsTheLedger() throws InterruptedException {
    hoverOnSmallStacks(
        recursion(code -> code.i32Const(1).op(Opcode.MEMORY_GROW, 0)),
        instance -> {
          Memory memory = instance.memories[0];
          return _ -> {
            assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(memory.capacityBytes());
            assertThat(memory.sizeBytes()).isLessThanOrEqualTo(memory.capacityBytes());
          };
        });
  }

  /// Shared memories are memory 1; a lock that stayed taken would end this by a timeout.
  @Test
  @Timeout(120)
  void sharedMemory_atTheEndOfTheStack_staysWhole() throws InterruptedException {
    MemoryType shared =
        new MemoryType(Limits.of(1, 65_536), /* shared= */ true, MemoryType.DEFAULT_PAGE_SIZE_LOG2);
    hoverOnSmallStacks(
        recursion(code ->
                code.i32Const(1)
                    .op(Opcode.MEMORY_GROW, 1)
                    .drop()
                    .i32Const(0)
                    .i32Const(0)
                    .i64Const(0)
                    .op(Opcode.MEMORY_ATOMIC_WAIT32, 2, 0, 1)
                    .i32Const(0)
                    .i32Const(-1)
                    .op(Opcode.MEMORY_ATOMIC_NOTIFY, 2, 0, 1)
                    .i32Add())
            .memory(shared),
        instance -> {
          SegmentMemory memory = (SegmentMemory) instance.memories[1];
          long unshared = instance.memories[0].capacityBytes();
          return found -> {
            assertThat(found).as("nobody waits any more").isIn(null, 2);
            assertThat(limiter.of(HeapKind.LINEAR_MEMORY) - unshared)
                .isEqualTo(memory.capacityBytes());
            assertThat(memory.sizeBytes()).isEqualTo(memory.capacityBytes());
            assertThat(memory.wake(0, -1)).isZero();
          };
        });
  }

  @Test
  void tableGrow_atTheEndOfTheStack_keepsTheLedger() throws InterruptedException {
    hoverOnSmallStacks(
        recursion(code ->
            code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC)
                .i32Const(1)
                .op(Opcode.TABLE_GROW, 0)),
        instance -> {
          Table table = instance.tables[0];
          return _ -> {
            assertThat(limiter.of(HeapKind.TABLE))
                .isEqualTo(table.elements.length * Table.ELEMENT_BYTES);
            assertThat(table.functions).isSameAs(table.elements);
          };
        });
  }

  /// References are made on demand, at the end of the stack as well.
  @Test
  void reference_madeAtTheEndOfTheStack_isTheOnlyOne() throws InterruptedException {
    hoverOnSmallStacks(
        recursion(code ->
                code.i32Const(0)
                    .op(Opcode.REF_FUNC, 2)
                    .op(Opcode.TABLE_SET, 0)
                    .i32Const(3)
                    .i32Const(0)
                    .callIndirect(INT, 0))
            .exportFunction("identity", INT, code -> code.localGet(0)),
        instance ->
            found -> {
              assertThat(found).isIn(null, 3);
              Object element = instance.tables[0].get(0);
              assertThat(element).isIn(null, instance.exportedFunction("identity"));
            });
  }

  /// The first call of a function may have to generate and define its chunk.
  @Test
  void firstCallOfChunk_atTheEndOfTheStack_canBeRepeated() throws InterruptedException {
    Random random = Seed.random();
    onThread(
        256_000,
        () -> {
          int depth = 1_000;
          int step = 800;
          int exhausted = 0;
          for (int round = 0; round < 60; round++) {
            try (Store store = new Store(limiter)) {
              Instance instance = engine.instantiate(manyChunks(round), imports(), store);
              Object found = attempt(instance, depth);
              if (found == null) {
                exhausted++;
              } else {
                assertThat(found).isEqualTo(70);
              }
              int move = 1 + random.nextInt(step);
              depth = Math.max(1, found == null ? depth - move : depth + move);
              step = Math.max(40, step * 7 / 8);
              // Whatever was half done is done now.
              assertThat(result(instance, "recurse", 1)).as("round %s", round).isEqualTo(70);
              assertThat(result(instance, "last", 1)).isEqualTo(70);
            }
            assertThat(limiter.total()).isZero();
          }
          assertThat(exhausted).as("overflows").isBetween(3, 57);
        });
  }

  /// A module whose function `recurse` calls a function of the last chunk at its end.
  private static ModuleBuilder manyChunks(int round) {
    ModuleBuilder module = recursion(code -> code.i32Const(2).call(250));
    while (module.functionCount() < 250) {
      module.function(INT, code -> code.localGet(0));
    }
    return module
        .exportFunction("last", INT, code -> code.i32Const(70))
        .custom("round", new byte[] {(byte) round});
  }

  /// Nothing that runs on guest stacks may be initialised there: see [ColdOverflow].
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void firstUseOfClasses_atTheEndOfTheStack_leavesThemUsable(boolean isLeaf) throws Exception {
    for (int stackBytes : new int[] {200_000, 230_000}) {
      Process program =
          new ProcessBuilder(ColdOverflow.command(stackBytes, isLeaf))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.PIPE)
              .start();
      String output = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(program.waitFor()).as(output).isZero();
      assertThat(output).contains("overflows");
    }
  }

  /// The host has used up its stack itself when it calls: the store is left as it was entered.
  @Test
  void callFromTheEndOfTheHostsStack_leavesTheStoreUsable() throws InterruptedException {
    Random random = Seed.random();
    for (long stackBytes : new long[] {180_000, 256_000, 400_000}) {
      onThread(
          stackBytes,
          () -> {
            try (Store store = new Store(limiter)) {
              Instance instance =
                  engine.instantiate(recursion(code -> code.call(0)), imports(), store);
              HostRecursion host = new HostRecursion();
              for (int round = 0; round < ROUNDS / 10; round++) {
                host.descend(instance, random.nextInt(64));
                assertThat(ended).isEqualTo(begun);
                assertThat(store.entanglementOf(instance)).isNull();
              }
              assertThat(host.refused).isPositive();
              assertThat(result(instance, "recurse", 1)).isEqualTo(1);
            }
            assertThat(limiter.total()).isZero();
          });
    }
  }

  /// A host that calls the guest from each of the last frames that its stack has room for.
  private static final class HostRecursion {
    private static final int CALLS = 50;

    /// Calls that found no room to enter the guest.
    int refused;

    private int calls;

    void descend(Instance instance, int guestDepth) {
      calls = 0;
      step(instance, guestDepth);
    }

    @SuppressWarnings("InfiniteRecursion") // The end of the stack ends it.
    private void step(Instance instance, int guestDepth) {
      try {
        step(instance, guestDepth);
      } catch (StackOverflowError _) {
        calls = 0;
      }
      if (calls < CALLS) {
        calls++;
        try {
          attempt(instance, guestDepth);
        } catch (StackOverflowError _) {
          refused++;
        }
      }
    }
  }

  /// Guest, host, guest and so on: each guest has a border of its own.
  @Test
  void overflow_inNestedGuest_leavesAllInstancesUsable() {
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("host", "again", INT)
            .exportFunction("f", INT, code -> code.localGet(0).call(0).i32Const(1).i32Add());
    Store store = new Store(limiter);
    HostFunction again =
        HostFunction.of(
            INT,
            (caller, args) -> {
              int rest = (Integer) args[0];
              return rest == 0 ? new Object[] {0} : call(caller, "f", rest - 1);
            });
    Imports imports = Imports.builder().define("host", "again", again).build();
    Instance instance = engine.instantiate(module, imports, store);

    assertTraps(TrapReason.CALL_STACK_EXHAUSTED, () -> call(instance, "f", 10_000_000));
    assertThat(instance.isPoisoned()).isTrue();

    assertThat(result(instance, "f", 5)).isEqualTo(6);
    store.close();
    assertThat(limiter.total()).isZero();
  }
}
