package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CountingLimiter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.TableType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What stores charge to their limiter, and what happens when it refuses.
final class HeapLimiterTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final long PAGE = 65_536;

  private final TestEngine engine = new TestEngine();
  private final CountingLimiter limiter = new CountingLimiter();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// A module with a bit of everything that is charged; it grows what can grow.
  private static ModuleBuilder greedy() {
    return new ModuleBuilder()
        .exportFunction("growMemory", INT, code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0))
        .exportFunction(
            "growTable",
            INT,
            code ->
                code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC)
                    .localGet(0)
                    .op(Opcode.TABLE_GROW, 0))
        .exportFunction(
            "memorySize",
            new FuncType(List.of(), List.of(I32)),
            code -> code.op(Opcode.MEMORY_SIZE, 0))
        .exportFunction(
            "tableSize",
            new FuncType(List.of(), List.of(I32)),
            code -> code.op(Opcode.TABLE_SIZE, 0))
        .table(new TableType(FUNCREF, Limits.of(10, 100_000)))
        .table(new TableType(EXTERNREF, Limits.of(20)))
        .memory(MemoryType.of(Limits.of(2, 500)))
        .memory(1)
        .global(new GlobalType(I32, true), code -> code.i32Const(1))
        .global(new GlobalType(I64, false), code -> code.i64Const(1));
  }

  @Test
  void instance_isChargedForAllItsParts() {
    try (Store store = new Store(limiter)) {
      engine.instantiate(greedy(), Imports.NONE, store);

      assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(3 * PAGE);
      assertThat(limiter.of(HeapKind.TABLE)).isEqualTo(30 * Table.ELEMENT_BYTES);
      assertThat(limiter.of(HeapKind.GLOBAL)).isEqualTo(2 * Global.BYTES);
      assertThat(limiter.of(HeapKind.INSTANCE)).isEqualTo(1_024 + 4 * 16);
    }
    assertThat(limiter.total()).isZero();
  }

  @Test
  void store_closed_givesEverythingBackOnce() {
    Store store = new Store(limiter);
    Instance first = engine.instantiate(greedy(), Imports.NONE, store);
    Instance second = engine.instantiate(greedy(), Imports.NONE, store);
    call(first, "growMemory", 3);
    call(second, "growTable", 1000);

    store.close();
    assertThat(limiter.total()).isZero();
    store.close();
    assertThat(limiter.total()).isZero();

    assertThatThrownBy(() -> call(first, "memorySize")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> engine.instantiate(greedy(), Imports.NONE, store))
        .isInstanceOf(IllegalStateException.class);
    assertThat(limiter.total()).isZero();
  }

  @Test
  void store_closedByItsOwnGuest_isRefused() {
    Store store = new Store(limiter);
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("host", "f", VOID)
            .exportFunction("f", VOID, code -> code.call(0))
            .memory(1);
    HostFunction close =
        HostFunction.of(
            VOID,
            (caller, _) -> {
              caller.store().close();
              return new Object[0];
            });
    Instance instance =
        engine.instantiate(module, Imports.builder().define("host", "f", close).build(), store);

    assertThatThrownBy(() -> call(instance, "f")).isInstanceOf(IllegalStateException.class);

    assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(PAGE);
    store.close();
    assertThat(limiter.total()).isZero();
  }

  @Test
  void memoryGrow_chargesSpareCapacityAsWell() {
    try (Store store = new Store(limiter)) {
      Instance instance = engine.instantiate(greedy(), Imports.NONE, store);
      Memory memory = instance.memories[0];
      long others = PAGE;

      for (int pages = 2; pages < 500; pages++) {
        assertThat(result(instance, "growMemory", 1)).isEqualTo(pages);
        assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(memory.capacityBytes() + others);
        assertThat(memory.capacityBytes()).isBetween((pages + 1) * PAGE, 500 * PAGE);
      }
      assertThat(memory.capacityBytes()).isEqualTo(500 * PAGE);
      // Growing by half each time takes few steps.
      assertThat(limiter.reservations()).isLessThan(30);
      assertThat(result(instance, "growMemory", 1)).isEqualTo(-1);
      assertThat(result(instance, "growMemory", 0)).isEqualTo(500);
      assertThat(result(instance, "growMemory", -1)).isEqualTo(-1);
    }
    assertThat(limiter.total()).isZero();
  }

  @Test
  void memoryGrow_thatIsRefused_answersMinusOneAndChangesNothing() {
    try (Store store = new Store(limiter)) {
      Instance instance = engine.instantiate(greedy(), Imports.NONE, store);
      limiter.limit(limiter.total() + PAGE - 1);
      long before = limiter.total();

      assertThat(result(instance, "growMemory", 1)).isEqualTo(-1);
      assertThat(result(instance, "memorySize")).isEqualTo(2);
      assertThat(limiter.total()).isEqualTo(before);
      assertThat(instance.memories[0].capacityBytes()).isEqualTo(2 * PAGE);

      // There is room for a page, but not for half of the memory more.
      limiter.limit(before + PAGE);
      assertThat(result(instance, "growMemory", 1)).isEqualTo(2);
      assertThat(limiter.total()).isEqualTo(before + PAGE);
      limiter.limit(before + 3 * PAGE - 1);
      assertThat(result(instance, "growMemory", 1)).isEqualTo(3);
      assertThat(result(instance, "growMemory", 1)).isEqualTo(-1);
      assertThat(result(instance, "growTable", 100)).isEqualTo(10);
    }
    assertThat(limiter.total()).isZero();
  }

  @Test
  void tableGrow_thatIsRefused_answersMinusOneAndChangesNothing() {
    try (Store store = new Store(limiter)) {
      Instance instance = engine.instantiate(greedy(), Imports.NONE, store);
      limiter.limit(limiter.total() + 10 * Table.ELEMENT_BYTES);
      long before = limiter.total();

      assertThat(result(instance, "growTable", 11)).isEqualTo(-1);
      assertThat(result(instance, "tableSize")).isEqualTo(10);
      assertThat(limiter.total()).isEqualTo(before);
      assertThat(result(instance, "growTable", 10)).isEqualTo(10);
      assertThat(result(instance, "growTable", 1)).isEqualTo(-1);
      assertThat(result(instance, "growTable", 0)).isEqualTo(20);
      assertThat(result(instance, "growTable", -1)).isEqualTo(-1);

      limiter.limit(Long.MAX_VALUE);
      assertThat(result(instance, "growTable", 99_981)).isEqualTo(-1);
      assertThat(result(instance, "growTable", 99_980)).isEqualTo(20);
      assertThat(limiter.of(HeapKind.TABLE)).isEqualTo(100_020 * Table.ELEMENT_BYTES);
    }
    assertThat(limiter.total()).isZero();
  }

  @Test
  void tableGrow_chargesSpareCapacityAsWell() {
    try (Store store = new Store(limiter)) {
      Instance instance = engine.instantiate(greedy(), Imports.NONE, store);
      Table table = instance.tables[0];

      for (int size = 10; size < 1000; size++) {
        assertThat(result(instance, "growTable", 1)).isEqualTo(size);
        assertThat(limiter.of(HeapKind.TABLE))
            .isEqualTo((table.elements.length + 20) * Table.ELEMENT_BYTES);
      }
      assertThat(limiter.reservations()).isLessThan(30);
    }
    assertThat(limiter.total()).isZero();
  }

  /// The limiter allows more than the machine has.
  @Test
  void memoryGrow_beyondTheHeap_answersMinusOneAndKeepsTheLedger() {
    ModuleBuilder module =
        new ModuleBuilder()
            .exportFunction("grow", INT, code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0));
    memoriesBeyondTheHeap(module, 0);
    try (Store store = new Store(limiter)) {
      Instance instance = engine.instantiate(module, Imports.NONE, store);
      int refused = 0;
      for (Memory memory : instance.memories) {
        if (memory.grow(Memory.MAX_ARRAY_PAGES) < 0) {
          refused++;
          assertThat(memory.sizeBytes()).isZero();
        }
        assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(capacity(instance));
      }
      assertThat(refused).isPositive();
    }
    assertThat(limiter.total()).isZero();
  }

  @Test
  void initialMemories_beyondTheHeap_areALimitAndKeepTheLedger() {
    ModuleBuilder module = new ModuleBuilder();
    memoriesBeyondTheHeap(module, Memory.MAX_ARRAY_PAGES);
    try (Store store = new Store(limiter)) {
      assertThatThrownBy(() -> engine.instantiate(module, Imports.NONE, store))
          .isInstanceOf(LimitExceededException.class);
    }
    assertThat(limiter.total()).isZero();
  }

  /// Adds so many memories that not all of them can be as large as an array can be.
  private static void memoriesBeyondTheHeap(ModuleBuilder module, int pages) {
    long heap = Runtime.getRuntime().maxMemory();
    for (long size = 0; size <= heap; size += Memory.MAX_ARRAY_PAGES * PAGE) {
      module.memory(pages);
    }
  }

  private static long capacity(Instance instance) {
    long sum = 0;
    for (Memory memory : instance.memories) {
      sum += memory.capacityBytes();
    }
    return sum;
  }

  @Test
  void instantiation_refusedAtAnyPoint_leaksNothing() {
    long needed;
    ModuleHandle module = engine.compile(greedy());
    try (Store store = new Store(limiter)) {
      module.instantiate(store, Imports.NONE);
      needed = limiter.total();
    }
    // Each sum that is charged on the way, less one byte, and some in between.
    for (long allowed = needed - 1; allowed > 0; allowed -= Math.max(1, allowed / 20)) {
      limiter.limit(allowed);
      try (Store store = new Store(limiter)) {
        Throwable refusal = catchThrowable(() -> module.instantiate(store, Imports.NONE));
        assertThat(refusal)
            .as("with %s of %s bytes", allowed, needed)
            .isInstanceOf(LimitExceededException.class);
        assertThat(((LimitExceededException) refusal).limit()).isNotEmpty();
      }
      assertThat(limiter.total()).as("after a refusal at %s bytes", allowed).isZero();
    }
    limiter.limit(needed);
    try (Store store = new Store(limiter)) {
      assertThat(module.instantiate(store, Imports.NONE)).isNotNull();
    }
    assertThat(limiter.total()).isZero();
  }

  @Test
  void instantiation_thatFails_leaksNothing() {
    ModuleBuilder unlinked = new ModuleBuilder().importFunction("no", "such", VOID).memory(4);
    ModuleBuilder trapsInData = new ModuleBuilder().memory(3).data(0x30_000, new byte[1]);
    ModuleBuilder trapsInElements =
        new ModuleBuilder()
            .function(VOID, code -> {})
            .table(new TableType(FUNCREF, Limits.of(5)))
            .memory(1)
            .elements(0, 5, 0);
    ModuleBuilder trapsInStart =
        new ModuleBuilder()
            .function(
                VOID,
                code -> code.i32Const(5).op(Opcode.MEMORY_GROW, 0).drop().op(Opcode.UNREACHABLE))
            .memory(1)
            .start(0);
    Store store = new Store(limiter);

    assertThat(catchThrowable(() -> engine.instantiate(unlinked, Imports.NONE, store)))
        .isInstanceOf(LinkException.class);
    for (ModuleBuilder traps : List.of(trapsInData, trapsInElements, trapsInStart)) {
      assertThat(catchThrowable(() -> engine.instantiate(traps, Imports.NONE, store)))
          .isInstanceOf(TrapException.class);
    }
    // The store works on.
    assertThat(engine.instantiate(greedy(), Imports.NONE, store)).isNotNull();
    store.close();

    assertThat(limiter.total()).isZero();
  }

  @Test
  void instantiation_inStoppedStore_chargesNothing() {
    try (Store store = new Store(limiter)) {
      store.requestStop(StopReason.DISPOSED);
      assertThatThrownBy(() -> engine.instantiate(greedy(), Imports.NONE, store))
          .isInstanceOf(StoppedException.class);
      assertThat(limiter.total()).isZero();
    }
  }

  @Test
  void importedParts_areChargedToTheirOwner() {
    Memory memory = Memory.create(MemoryType.of(Limits.of(1, 9)), limiter);
    CountingLimiter importers = new CountingLimiter();
    ModuleBuilder module =
        new ModuleBuilder()
            .importItem("m", "memory", MemoryType.of(Limits.of(1)))
            .exportFunction("grow", INT, code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0))
            .export("memory", ExternKind.MEMORY, 0);
    try (Store store = new Store(importers)) {
      Imports imports = Imports.builder().define("m", "memory", memory).build();
      Instance instance = engine.instantiate(module, imports, store);
      assertThat(result(instance, "grow", 2)).isEqualTo(1);
      assertThat(importers.of(HeapKind.LINEAR_MEMORY)).isZero();
      assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(3 * PAGE);
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.getByte(3 * PAGE));
    }
    assertThat(importers.total()).isZero();
    assertThat(memory.sizeBytes()).isEqualTo(3 * PAGE);
    memory.release();
    assertThat(limiter.total()).isZero();
  }
}
