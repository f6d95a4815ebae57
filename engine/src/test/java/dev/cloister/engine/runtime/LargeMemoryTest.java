package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CountingLimiter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.NumType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Memories with 64-bit addresses, and those that no array can hold.
///
/// Large memories reserve address space and touch a few pages of it: nothing here needs gigabytes.
final class LargeMemoryTest {
  private static final long PAGE = 1 << 16;
  private static final long FOUR_GIB = 1L << 32;

  private static final FuncType WIDE = new FuncType(List.of(I64), List.of(I64));

  private final TestEngine engine = new TestEngine();
  private final CountingLimiter limiter = new CountingLimiter();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static MemoryType wide(long min) {
    return MemoryType.of(new Limits(/* is64= */ true, min, /* hasMax= */ false, 0));
  }

  private static MemoryType wide(long min, long max) {
    return MemoryType.of(new Limits(/* is64= */ true, min, /* hasMax= */ true, max));
  }

  /// Bulk operations and growth on memory 0, with passive segment 0, by 64-bit operands.
  private static ModuleBuilder wideModule(MemoryType type) {
    return new ModuleBuilder()
        .memory(type)
        .passiveData(new byte[] {1, 2, 3, 4})
        .exportFunction(
            "size", new FuncType(List.of(), List.of(I64)), code -> code.op(Opcode.MEMORY_SIZE, 0))
        .exportFunction("grow", WIDE, code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0))
        .exportFunction(
            "fill",
            new FuncType(List.of(I64, I32, I64), List.of()),
            code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.MEMORY_FILL, 0))
        .exportFunction(
            "copy",
            new FuncType(List.of(I64, I64, I64), List.of()),
            code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.MEMORY_COPY, 0, 0))
        .exportFunction(
            "init",
            new FuncType(List.of(I64, I32, I32), List.of()),
            code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.MEMORY_INIT, 0, 0));
  }

  @Test
  void size_ofWideMemory_isALong_andGrowthStopsAtTheMaximum() {
    Instance instance = engine.instantiate(wideModule(wide(1, 3)));

    assertThat(result(instance, "size")).isEqualTo(1L);
    assertThat(result(instance, "grow", 1L)).isEqualTo(1L);
    assertThat(result(instance, "grow", 2L)).isEqualTo(-1L);
    assertThat(result(instance, "grow", FOUR_GIB)).isEqualTo(-1L);
    assertThat(result(instance, "grow", -1L)).isEqualTo(-1L);
    assertThat(result(instance, "grow", 1L)).isEqualTo(2L);
    assertThat(result(instance, "size")).isEqualTo(3L);
  }

  @Test
  void growth_ofAnArray_beyondWhatAnArrayCanHold_isRefused() {
    for (long max : new long[] {1L << 48, Memory.MAX_ARRAY_PAGES + 1L}) {
      Instance instance = engine.instantiate(wideModule(wide(1, max)));

      assertThat(result(instance, "grow", (long) Memory.MAX_ARRAY_PAGES)).isEqualTo(-1L);
      assertThat(result(instance, "grow", (1L << 48) - 1)).isEqualTo(-1L);
      assertThat(result(instance, "size")).isEqualTo(1L);
    }
  }

  @Test
  void bulkOperations_withWideOperands_checkAllOfTheirBits() {
    Instance instance = engine.instantiate(wideModule(wide(1)));
    memory(instance).setInt(0, 0x0a0b0c0d);
    for (long beyond : new long[] {FOUR_GIB, FOUR_GIB + 4, 1L << 31, Long.MIN_VALUE, -1, PAGE}) {
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "fill", beyond, 7, 1L));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "fill", 1L, 7, beyond));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "copy", beyond, 0L, 1L));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "copy", 0L, beyond, 1L));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "copy", 0L, 1L, beyond));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "init", beyond, 0, 1));
    }
    assertThat(memory(instance).getInt(0)).isEqualTo(0x0a0b0c0d);
    assertThat(memory(instance).getInt(4)).isZero();
  }

  @Test
  void bulkOperations_acrossFourGibibytes() {
    try (Store store = new Store(limiter)) {
      Instance instance =
          engine.instantiate(wideModule(wide(FOUR_GIB / PAGE + 1)), Imports.NONE, store);
      Memory memory = memory(instance);

      call(instance, "fill", FOUR_GIB - 2, 0x55, 4L);
      assertThat(memory.getLong(FOUR_GIB - 4)).isEqualTo(0x0000_5555_5555_0000L);
      call(instance, "init", FOUR_GIB - 1, 1, 3);
      assertThat(memory.getLong(FOUR_GIB - 4)).isEqualTo(0x0000_0403_0255_0000L);
      call(instance, "copy", FOUR_GIB, FOUR_GIB - 2, 4L);
      assertThat(memory.getInt(FOUR_GIB)).isEqualTo(0x0403_0255);
      call(instance, "copy", FOUR_GIB - 2, FOUR_GIB, 4L);
      assertThat(memory.getLong(FOUR_GIB - 4)).isEqualTo(0x0403_0403_0255_0000L);
      long end = FOUR_GIB + PAGE;
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "fill", end - 3, 1, 4L));
      assertThat(memory.getInt(end - 4)).isZero();
    }
  }

  @Test
  void copies_betweenFormsAndWidths() {
    NumType[][] operands = {{I32, I64, I32}, {I64, I32, I32}};
    ModuleBuilder module = new ModuleBuilder().memory(1).memory(wide(Memory.MAX_ARRAY_PAGES + 1L));
    for (int target = 0; target < 2; target++) {
      int from = 1 - target;
      int to = target;
      module.exportFunction(
          "to" + target,
          new FuncType(List.of(operands[target]), List.of()),
          code -> code.localGet(0).localGet(1).localGet(2).op(Opcode.MEMORY_COPY, to, from));
    }
    try (Store store = new Store(limiter)) {
      Instance instance = engine.instantiate(module, Imports.NONE, store);
      Memory narrow = instance.memories[0];
      Memory large = instance.memories[1];
      long top = large.sizeBytes() - 8;
      narrow.setLong(8, 0x0102_0304_0506_0708L);

      call(instance, "to1", top, 8, 8);
      assertThat(large.getLong(top)).isEqualTo(0x0102_0304_0506_0708L);
      call(instance, "to0", 1, top + 4, 4);
      assertThat(narrow.getInt(1)).isEqualTo(0x0102_0304);
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "to1", top, 8, 9));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "to0", -1, top, 2));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "to1", top, -1, 2));
    }
  }

  @Test
  void data_isInitialisedAboveFourGibibytes() {
    ModuleBuilder module =
        new ModuleBuilder()
            .memory(wide(FOUR_GIB / PAGE + 1))
            .data(0, code -> code.i64Const(FOUR_GIB + 1), new byte[] {9, 8});
    try (Store store = new Store(limiter)) {
      Memory memory = memory(engine.instantiate(module, Imports.NONE, store));

      assertThat(memory.copy(FOUR_GIB, 4)).containsExactly(0, 9, 8, 0);
    }
  }

  @Test
  void host_readsAndWritesAboveFourGibibytes() {
    try (Memory memory = Memory.create(wide(FOUR_GIB / PAGE + 1), limiter)) {
      memory.setByte(FOUR_GIB, (byte) 1);
      memory.setShort(FOUR_GIB + 1, (short) 0x0302);
      memory.setInt(FOUR_GIB + 3, 0x0706_0504);
      memory.setLong(FOUR_GIB + 7, 0x0f0e_0d0c_0b0a_0908L);
      assertThat(memory.getByte(FOUR_GIB)).isEqualTo((byte) 1);
      assertThat(memory.getInt(FOUR_GIB)).isEqualTo(0x0403_0201);
      assertThat(memory.getLong(FOUR_GIB + 7)).isEqualTo(0x0f0e_0d0c_0b0a_0908L);
      memory.write(FOUR_GIB + 1, new byte[] {0, 7, 7}, 1, 2);
      byte[] target = new byte[4];
      memory.read(FOUR_GIB, target, 1, 3);
      assertThat(target).containsExactly(0, 1, 7, 7);
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.getLong(memory.sizeBytes() - 7));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.setByte(-1, (byte) 0));
    }
    assertThat(limiter.total()).isZero();
  }

  @Test
  void largeMemory_isChargedForItsSize_notForWhatItMayBecome() {
    long pages = Memory.MAX_ARRAY_PAGES + 1L;
    try (Store store = new Store(limiter)) {
      Instance instance = engine.instantiate(wideModule(wide(pages)), Imports.NONE, store);
      assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(pages * PAGE);

      assertThat(result(instance, "grow", 2L)).isEqualTo(pages);
      assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo((pages + 2) * PAGE);
      assertThat(memory(instance).getLong((pages + 2) * PAGE - 8)).isZero();

      limiter.limit(limiter.total() + PAGE);
      assertThat(result(instance, "grow", 2L)).isEqualTo(-1L);
      assertThat(result(instance, "grow", 1L)).isEqualTo(pages + 2);
      assertThat(result(instance, "grow", Memory.MAX_BYTES / PAGE)).isEqualTo(-1L);
    }
    assertThat(limiter.total()).isZero();
  }

  @Test
  void largeMemory_ofAClosedStore_traps() {
    Memory memory;
    try (Store store = new Store(limiter)) {
      memory =
          memory(
              engine.instantiate(
                  wideModule(wide(Memory.MAX_ARRAY_PAGES + 1L)), Imports.NONE, store));
    }
    assertThat(memory.sizeBytes()).isZero();
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.getByte(0));
  }

  @ParameterizedTest
  @ValueSource(longs = {262_145, 1L << 40, (1L << 48) - 1, 1L << 48})
  void initialSize_beyondTheLimit_isRefused(long pages) {
    assertThatThrownBy(
            () -> engine.instantiate(wideModule(wide(pages)), Imports.NONE, new Store(limiter)))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("initial memory size");
    assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isZero();
  }

  @Test
  void initialSize_beyondTheAccount_isRefusedBeforeAnythingIsReserved() {
    limiter.limit(1L << 31);
    assertThatThrownBy(() ->
            engine.instantiate(
                wideModule(wide(Memory.MAX_ARRAY_PAGES + 1L)), Imports.NONE, new Store(limiter)))
        .isInstanceOf(LimitExceededException.class);
    assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isZero();
  }

  @Test
  void largeMemory_isImportedByThoseWhoDeclareIt_andRefusedByOthers() {
    long pages = Memory.MAX_ARRAY_PAGES + 1L;
    ModuleBuilder exporter =
        new ModuleBuilder().memory(wide(pages)).export("memory", ExternKind.MEMORY, 0);
    try (Store store = new Store(limiter)) {
      Instance owner = engine.instantiate(exporter, Imports.NONE, store);
      Imports imports = (_, name, _) -> owner.export(name);
      ModuleBuilder large =
          new ModuleBuilder()
              .importItem("owner", "memory", wide(pages))
              .exportFunction("load", WIDE, code -> code.localGet(0).access(Opcode.I64_LOAD, 0));
      memory(owner).setLong(pages * PAGE - 8, 5);
      Instance importer = engine.instantiate(large, imports, store);
      assertThat(result(importer, "load", pages * PAGE - 8)).isEqualTo(5L);

      ModuleBuilder small = new ModuleBuilder().importItem("owner", "memory", wide(1));
      assertThatThrownBy(() -> engine.instantiate(small, imports, store))
          .isInstanceOf(LinkException.class)
          .hasMessageStartingWith("memory is too large for what its import declares: ");
    }
    assertThat(limiter.total()).isZero();
  }
}
