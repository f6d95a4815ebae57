package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CountingLimiter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.TableType;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Arrays of memories that serve one instance after the other: nobody sees what another one left,
/// and what may still be reached is not used again.
@SuppressWarnings("ReferenceEquality") // Which array it is, not what is in it.
final class MemoryReuseTest {
  private static final int PAGE = 1 << 16;
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType FILL = new FuncType(List.of(I32, I32), List.of());

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// Fills, grows, reads and exports its memory.
  private static ModuleBuilder module(Limits limits) {
    return new ModuleBuilder()
        .exportFunction(
            "fill",
            FILL,
            code -> code.localGet(0).i32Const(0x5a).localGet(1).op(Opcode.MEMORY_FILL, 0))
        .exportFunction("load", INT, code -> code.localGet(0).access(Opcode.I32_LOAD, 0))
        .exportFunction("size", TO_INT, code -> code.op(Opcode.MEMORY_SIZE, 0))
        .memory(MemoryType.of(limits))
        .export("memory", ExternKind.MEMORY, 0);
  }

  private static ModuleBuilder growing(Limits limits) {
    return module(limits)
        .exportFunction("grow", INT, code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0));
  }

  private static byte[] array(Instance instance) {
    return ((HeapMemory) memory(instance)).bytes;
  }

  private static void fill(Instance instance) {
    call(instance, "fill", 0, (int) memory(instance).sizeBytes());
  }

  private static void assertZero(byte[] bytes) {
    assertThat(Arrays.mismatch(bytes, new byte[bytes.length])).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 17, 40})
  void nextInstance_hasTheArray_andSeesZeros(int pages) {
    byte[] used;
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = engine.instantiate(module(Limits.of(pages)), Imports.NONE, store);
      fill(instance);
      used = array(instance);
    }
    // A large one may be away while it is being cleared.
    while (true) {
      try (Store store = new Store(HeapLimiter.UNLIMITED)) {
        Instance next = engine.instantiate(module(Limits.of(pages)), Imports.NONE, store);
        assertZero(memory(next).copy(0, pages * PAGE));
        assertZero(array(next));
        assertThat(intResult(next, "load", pages * PAGE - 4)).isZero();
        boolean isSame = array(next) == used;
        fill(next);
        if (isSame) {
          return;
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void nextInstance_ofAnyKindOfCode_seesOnlyItsData(CodeKind kind) {
    EngineConfig config = EngineConfig.defaults().withCodeKind(kind);
    try (TestEngine ofKind = new TestEngine(config)) {
      ModuleBuilder module =
          module(Limits.of(2)).data(100, new byte[] {1, 2, 3}).data(PAGE, new byte[] {4});
      byte[] expected = new byte[2 * PAGE];
      expected[100] = 1;
      expected[101] = 2;
      expected[102] = 3;
      expected[PAGE] = 4;
      for (int i = 0; i < 5; i++) {
        try (Store store = new Store(HeapLimiter.UNLIMITED)) {
          Instance instance = ofKind.instantiate(module, Imports.NONE, store);
          assertThat(memory(instance).copy(0, 2 * PAGE)).isEqualTo(expected);
          fill(instance);
        }
      }
    }
  }

  @Test
  void memoryThatGrew_leavesNothing() {
    for (int i = 0; i < 5; i++) {
      try (Store store = new Store(HeapLimiter.UNLIMITED)) {
        Instance instance = engine.instantiate(growing(Limits.of(2, 40)), Imports.NONE, store);
        assertZero(array(instance));
        fill(instance);
        int from = 2;
        for (int pages = 1; pages < 9; pages++) {
          assertThat(intResult(instance, "grow", pages)).isEqualTo(from);
          byte[] grown = array(instance);
          assertZero(Arrays.copyOfRange(grown, from * PAGE, grown.length));
          from += pages;
          fill(instance);
        }
        assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "load", from(instance)));
      }
    }
  }

  @Test
  void arraysThatWereOutgrown_areUsedAgain_butNotBeforeTheEnd() {
    byte[] first;
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance instance = engine.instantiate(growing(Limits.of(2, 40)), Imports.NONE, store);
    first = array(instance);
    fill(instance);
    assertThat(intResult(instance, "grow", 10)).isEqualTo(2);
    assertThat(array(instance)).isNotSameAs(first);
    try (Store other = new Store(HeapLimiter.UNLIMITED)) {
      Instance meanwhile = engine.instantiate(module(Limits.of(2)), Imports.NONE, other);
      assertThat(array(meanwhile)).isNotSameAs(first);
      assertZero(array(meanwhile));
      store.close();
    }
    try (Store other = new Store(HeapLimiter.UNLIMITED);
        Store another = new Store(HeapLimiter.UNLIMITED)) {
      byte[] next = array(engine.instantiate(module(Limits.of(2)), Imports.NONE, other));
      byte[] afterNext = array(engine.instantiate(module(Limits.of(2)), Imports.NONE, another));
      assertThat(List.of(next, afterNext)).anyMatch(bytes -> bytes == first);
      assertZero(next);
      assertZero(afterNext);
    }
  }

  @Test
  void memoryThatGrewIntoAUsedArray_seesZeros() {
    for (int i = 0; i < 4; i++) {
      try (Store store = new Store(HeapLimiter.UNLIMITED)) {
        Instance instance = engine.instantiate(growing(Limits.of(2, 60)), Imports.NONE, store);
        call(instance, "fill", 0, PAGE);
        assertThat(intResult(instance, "grow", 42)).isEqualTo(2);
        byte[] expected = new byte[44 * PAGE];
        Arrays.fill(expected, 0, PAGE, (byte) 0x5a);
        assertThat(Arrays.mismatch(memory(instance).copy(0, 44 * PAGE), expected)).isEqualTo(-1);
        fill(instance);
      }
    }
  }

  private static int from(Instance instance) {
    return (int) memory(instance).sizeBytes();
  }

  @Test
  void closedMemory_isEmpty() {
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance instance = engine.instantiate(growing(Limits.of(1, 9)), Imports.NONE, store);
    FuncRef load = instance.exportedFunction("load");
    Memory memory = memory(instance);
    fill(instance);
    byte[] used = array(instance);
    store.close();

    try (Store other = new Store(HeapLimiter.UNLIMITED)) {
      Instance next = engine.instantiate(growing(Limits.of(1, 9)), Imports.NONE, other);
      assertThat(array(next)).isSameAs(used);
      fill(next);
      assertThat(memory.sizeBytes()).isZero();
      assertThat(array(instance)).isEmpty();
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.getByte(0));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.getInt(0));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.getLong(0));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.setByte(0, (byte) 1));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.copy(0, 1));
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.write(0, new byte[1], 0, 1));
      assertThatThrownBy(() -> load.call(0)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> call(instance, "grow", 1)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void instanceThatTrapped_leavesNothing() {
    ModuleBuilder trapping =
        module(Limits.of(1)).data(0, new byte[] {7, 7, 7}).data(PAGE, new byte[] {7});
    for (int i = 0; i < 3; i++) {
      try (Store store = new Store(HeapLimiter.UNLIMITED)) {
        assertTraps(
            TrapReason.MEMORY_OUT_OF_BOUNDS,
            () -> engine.instantiate(trapping, Imports.NONE, store));
      }
      assertThat(engine.engine().memoryPool().idleBytes()).isEqualTo(PAGE);
      try (Store store = new Store(HeapLimiter.UNLIMITED)) {
        Instance instance = engine.instantiate(module(Limits.of(1)), Imports.NONE, store);
        assertZero(array(instance));
        fill(instance);
      }
    }
  }

  @Test
  void memoryThatAnotherStoreImported_isNotUsedAgain() {
    ModuleBuilder importing =
        new ModuleBuilder()
            .importItem("m", "memory", MemoryType.of(Limits.of(1)))
            .exportFunction("load", INT, code -> code.localGet(0).access(Opcode.I32_LOAD, 0));
    Store owner = new Store(HeapLimiter.UNLIMITED);
    Instance instance = engine.instantiate(module(Limits.of(1)), Imports.NONE, owner);
    Imports imports = Imports.builder().define("m", "memory", memory(instance)).build();
    try (Store other = new Store(HeapLimiter.UNLIMITED)) {
      Instance importer = engine.instantiate(importing, imports, other);
      owner.close();
      assertThat(engine.engine().memoryPool().idleBytes()).isZero();
      assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(importer, "load", 0));
    }
    assertThat(engine.engine().memoryPool().idleBytes()).isZero();
  }

  @Test
  void memoryThatTheSameStoreImported_isUsedAgain() {
    ModuleBuilder importing =
        new ModuleBuilder()
            .importItem("m", "memory", MemoryType.of(Limits.of(1)))
            .exportFunction("load", INT, code -> code.localGet(0).access(Opcode.I32_LOAD, 0));
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = engine.instantiate(module(Limits.of(1)), Imports.NONE, store);
      Imports imports = Imports.builder().define("m", "memory", memory(instance)).build();
      engine.instantiate(importing, imports, store);
    }
    assertThat(engine.engine().memoryPool().idleBytes()).isEqualTo(PAGE);
  }

  @Test
  void memoryOfFunctionsThatAnotherStoreImported_isNotUsedAgain() {
    ModuleBuilder importing =
        new ModuleBuilder()
            .importFunction("m", "size", TO_INT)
            .exportFunction("size", TO_INT, code -> code.call(0));
    Store owner = new Store(HeapLimiter.UNLIMITED);
    Instance instance = engine.instantiate(module(Limits.of(1)), Imports.NONE, owner);
    Imports imports =
        Imports.builder().define("m", "size", instance.exportedFunction("size")).build();
    try (Store other = new Store(HeapLimiter.UNLIMITED)) {
      Instance importer = engine.instantiate(importing, imports, other);
      assertThat(intResult(importer, "size")).isEqualTo(1);
    }
    owner.close();
    assertThat(engine.engine().memoryPool().idleBytes()).isZero();
  }

  @Test
  void memoriesOfStoresWithACommonTable_areNotUsedAgain() {
    TableType type = new TableType(FUNCREF, Limits.of(2));
    ModuleBuilder importing = module(Limits.of(1)).importItem("m", "table", type);
    Store owner = new Store(HeapLimiter.UNLIMITED);
    Instance instance =
        engine.instantiate(
            module(Limits.of(1)).table(type).export("table", ExternKind.TABLE, 0),
            Imports.NONE,
            owner);
    Imports imports =
        Imports.builder()
            .define("m", "table", Objects.requireNonNull(instance.export("table")))
            .build();
    try (Store other = new Store(HeapLimiter.UNLIMITED)) {
      engine.instantiate(importing, imports, other);
    }
    owner.close();
    assertThat(engine.engine().memoryPool().idleBytes()).isZero();
  }

  @Test
  void memoryOfTheHost_isNotUsedAgain() {
    try (Memory memory = Memory.create(MemoryType.of(Limits.of(1)), HeapLimiter.UNLIMITED)) {
      ModuleBuilder importing =
          new ModuleBuilder().importItem("m", "memory", MemoryType.of(Limits.of(1)));
      try (Store store = new Store(HeapLimiter.UNLIMITED)) {
        engine.instantiate(
            importing, Imports.builder().define("m", "memory", memory).build(), store);
      }
      assertThat(memory.sizeBytes()).isEqualTo(PAGE);
    }
    assertThat(engine.engine().memoryPool().idleBytes()).isZero();
  }

  private Memory memoryOfTheHost() {
    return Memory.create(
        MemoryType.of(Limits.of(1)), HeapLimiter.UNLIMITED, engine.engine().memoryPool());
  }

  private Instance importing(Memory memory, Store store) {
    ModuleBuilder module =
        new ModuleBuilder()
            .importItem("m", "memory", MemoryType.of(Limits.of(1)))
            .exportFunction("size", TO_INT, code -> code.op(Opcode.MEMORY_SIZE, 0));
    return engine.instantiate(
        module, Imports.builder().define("m", "memory", memory).build(), store);
  }

  @Test
  void memoryOfTheHost_fromThePool_isUsedAgainAfterItsStore() {
    for (int i = 0; i < 3; i++) {
      assertThat(engine.engine().memoryPool().idleBytes()).isEqualTo(i == 0 ? 0 : PAGE);
      try (Memory memory = memoryOfTheHost();
          Store store = new Store(HeapLimiter.UNLIMITED)) {
        importing(memory, store);
        importing(memory, store);
        assertZero(memory.copy(0, PAGE));
        memory.setLong(8, -1);
      }
    }
    assertThat(engine.engine().memoryPool().idleBytes()).isEqualTo(PAGE);
  }

  @Test
  void memoryOfTheHost_closedBeforeItsStore_isNotUsedAgain() {
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Memory memory = memoryOfTheHost();
      importing(memory, store);
      memory.close();
    }
    assertThat(engine.engine().memoryPool().idleBytes()).isZero();
  }

  @Test
  void memoryOfTheHost_thatTwoStoresImported_isNotUsedAgain() {
    try (Memory memory = memoryOfTheHost();
        Store store = new Store(HeapLimiter.UNLIMITED);
        Store other = new Store(HeapLimiter.UNLIMITED)) {
      importing(memory, store);
      importing(memory, other);
    }
    assertThat(engine.engine().memoryPool().idleBytes()).isZero();
  }

  @Test
  void memoryOfTheHost_ofAStoreWhoseFunctionsAnotherHas_isNotUsedAgain() {
    ModuleBuilder calling = new ModuleBuilder().importFunction("m", "size", TO_INT);
    try (Memory memory = memoryOfTheHost()) {
      try (Store store = new Store(HeapLimiter.UNLIMITED);
          Store other = new Store(HeapLimiter.UNLIMITED)) {
        FuncRef size = importing(memory, store).exportedFunction("size");
        engine.instantiate(calling, Imports.builder().define("m", "size", size).build(), other);
      }
    }
    assertThat(engine.engine().memoryPool().idleBytes()).isZero();
  }

  @Test
  void charges_areThoseOfLiveMemories() {
    for (int i = 0; i < 3; i++) {
      CountingLimiter limiter = new CountingLimiter();
      try (Store store = new Store(limiter)) {
        engine.instantiate(module(Limits.of(3)), Imports.NONE, store);
        assertThat(limiter.of(HeapKind.LINEAR_MEMORY)).isEqualTo(3 * PAGE);
      }
      assertThat(limiter.total()).isZero();
    }
  }

  @Test
  void noIdleMemory_ifTheEngineMayNotHaveAny() {
    try (TestEngine without = new TestEngine(EngineConfig.defaults().withIdleMemoryBytes(0))) {
      try (Store store = new Store(HeapLimiter.UNLIMITED)) {
        without.instantiate(module(Limits.of(1)), Imports.NONE, store);
      }
      assertThat(without.engine().memoryPool().idleBytes()).isZero();
    }
    assertThatThrownBy(() -> EngineConfig.defaults().withIdleMemoryBytes(-1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
