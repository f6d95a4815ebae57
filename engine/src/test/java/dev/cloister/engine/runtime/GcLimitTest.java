package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.ANYREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.fixture.CountingLimiter;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.StructType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What guests may allocate: what lives is limited, garbage is not, and other stores do not notice.
final class GcLimitTest {
  private static final long KIB = 1024;
  private static final long MIB = 1024 * KIB;
  private static final FuncType COUNT = new FuncType(List.of(I32), List.of());

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// A module that makes lists: `keep` hangs them into a global, `waste` drops them.
  private static ModuleBuilder lists() {
    ModuleBuilder module = new ModuleBuilder();
    DefinedType node =
        module.type(
            new StructType(List.of(new FieldType(I64, true), new FieldType(ANYREF, false))));
    DefinedType bytes = module.type(new ArrayType(new FieldType(PackedType.I8, true)));
    return module
        .global(
            new GlobalType(ANYREF, true),
            code -> code.heapType(Opcode.REF_NULL, AbstractHeapType.NONE))
        .exportFunction(
            "keep",
            COUNT,
            code ->
                code.loop()
                    .i64Const(7)
                    .globalGet(0)
                    .op(Opcode.STRUCT_NEW, node)
                    .globalSet(0)
                    .localGet(0)
                    .i32Const(-1)
                    .i32Add()
                    .localTee(0)
                    .brIf(0)
                    .end())
        .exportFunction(
            "waste",
            COUNT,
            code ->
                code.loop()
                    .i64Const(7)
                    .heapType(Opcode.REF_NULL, AbstractHeapType.NONE)
                    .op(Opcode.STRUCT_NEW, node)
                    .drop()
                    .localGet(0)
                    .i32Const(-1)
                    .i32Add()
                    .localTee(0)
                    .brIf(0)
                    .end())
        .exportFunction(
            "clear",
            FuncType.EMPTY,
            code -> code.heapType(Opcode.REF_NULL, AbstractHeapType.NONE).globalSet(0))
        .exportFunction(
            "array",
            new FuncType(List.of(I32), List.of(I32)),
            code -> code.localGet(0).op(Opcode.ARRAY_NEW_DEFAULT, bytes).op(Opcode.ARRAY_LEN));
  }

  @Test
  void storm_endsAtTheLimit_andTheStoreWorksOn() {
    CountingLimiter limiter = new CountingLimiter(4 * MIB);
    try (Store store = new Store(limiter)) {
      Instance instance = engine.instantiate(lists(), Imports.NONE, store);
      for (int round = 0; round < 3; round++) {
        assertThatThrownBy(() -> call(instance, "keep", 1_000_000))
            .isInstanceOf(LimitExceededException.class)
            .hasMessageStartingWith("limit exceeded: GC heap in bytes ")
            .hasMessageEndingWith(" was refused");
        assertThat(instance.isPoisoned()).isFalse();
        assertThat(limiter.of(HeapKind.GC_OBJECT)).isGreaterThan(3 * MIB);
        call(instance, "clear");
        // What was kept is garbage now; the next round is paid for with it.
      }
      call(instance, "keep", 1_000);
      assertThat(intResult(instance, "array", 100)).isEqualTo(100);
    }
    assertThat(limiter.total()).isZero();
  }

  @Test
  void garbage_ofHundredTimesTheBudget_isNoMatter() {
    CountingLimiter limiter = new CountingLimiter(8 * MIB);
    try (Store store = new Store(limiter)) {
      Instance instance = engine.instantiate(lists(), Imports.NONE, store);
      call(instance, "keep", 1_000);
      call(instance, "waste", (int) (100 * 8 * MIB / 32));
      assertThat(limiter.of(HeapKind.GC_OBJECT)).isLessThanOrEqualTo(8 * MIB);
      call(instance, "keep", 1_000);
    }
  }

  @Test
  void array_beyondTheBudget_isRefusedBeforeItIsMade() {
    CountingLimiter limiter = new CountingLimiter(4 * MIB);
    try (Store store = new Store(limiter)) {
      Instance instance = engine.instantiate(lists(), Imports.NONE, store);
      int reservations = limiter.reservations();
      assertThatThrownBy(() -> call(instance, "array", Integer.MAX_VALUE - 8))
          .isInstanceOf(LimitExceededException.class);
      assertThatThrownBy(() -> call(instance, "array", (int) (4 * MIB)))
          .isInstanceOf(LimitExceededException.class);
      assertThat(limiter.reservations()).isEqualTo(reservations);
      assertThat(intResult(instance, "array", (int) (3 * MIB))).isEqualTo((int) (3 * MIB));
    }
  }

  /// One tenant at its limit is no matter for another one that shares its module.
  @Test
  void stores_doNotPayForEachOther() {
    CountingLimiter full = new CountingLimiter(MIB);
    CountingLimiter roomy = new CountingLimiter(64 * MIB);
    try (Store second = new Store(roomy)) {
      Instance modest = engine.instantiate(lists(), Imports.NONE, second);
      try (Store first = new Store(full)) {
        Instance greedy = engine.instantiate(lists(), Imports.NONE, first);
        assertThatThrownBy(() -> call(greedy, "keep", 1_000_000))
            .isInstanceOf(LimitExceededException.class);
        call(modest, "keep", 10_000);
        assertThat(roomy.of(HeapKind.GC_OBJECT)).isBetween(10_000 * 24L, 2 * MIB);
      }
      assertThat(full.total()).isZero();
      call(modest, "keep", 10_000);
    }
  }

  /// The operations on arrays look at the stop flag between slices; short ones do not.
  @Test
  void operations_onLargeArrays_canBeStopped() {
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      Instance instance = engine.instantiate(lists(), Imports.NONE, store);
      DefinedType type = instance.module().type(1);
      int length = WasmArray.SLICE + 2;
      WasmArray array = WasmArray.create(type, length, instance);
      store.requestStop(StopReason.DEADLINE);
      Int8Array.fill(array, 0, 1, WasmArray.SLICE, instance);
      assertThatThrownBy(() -> Int8Array.fill(array, 0, 2, length, instance))
          .isInstanceOf(StoppedException.class);
      assertThat(array.get(0)).isEqualTo(2);
      assertThat(array.get(length - 1)).isEqualTo(0);
      ArrayOps.copy(array, 0, array, 1, 10, instance);
      assertThatThrownBy(() -> ArrayOps.copy(array, 0, array, 1, length - 1, instance))
          .isInstanceOf(StoppedException.class);
    }
  }
}
