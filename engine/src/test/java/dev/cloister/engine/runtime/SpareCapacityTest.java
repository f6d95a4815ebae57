package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Memories that get spare capacity, and code that was compiled for memories without.
///
/// Strategy: code runs until the JIT has compiled it under the assumption that arrays are as long
/// as their memories; then a memory grows page by page until it has spare capacity.
///
/// Invariants: whoever accesses the memory, from whatever module, with code from before or after,
/// is trapped exactly behind its end; memories without spare capacity are not affected.
final class SpareCapacityTest {
  private static final int PAGE = 1 << 16;

  /// Calls after which the JIT has compiled a function, or compiles it.
  private static final int MANY = 30_000;

  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));

  private static ModuleBuilder growing() {
    return accessing(new ModuleBuilder().memory(1)).export("memory", ExternKind.MEMORY, 0);
  }

  private static ModuleBuilder accessing(ModuleBuilder module) {
    return module
        .exportFunction("grow", INT, code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0))
        .exportFunction("load", INT, code -> code.localGet(0).access(Opcode.I32_LOAD, 4))
        .exportFunction(
            "byte",
            INT,
            code -> code.localGet(0).localGet(0).access(Opcode.I32_STORE8, 0).localGet(0))
        // Loads at the end of each page while the memory grows, the last time behind the end.
        .exportFunction(
            "growAndLoad",
            INT,
            code ->
                code.loop()
                    .op(Opcode.MEMORY_SIZE, 0)
                    .i32Const(PAGE)
                    .op(Opcode.I32_MUL)
                    .i32Const(8)
                    .op(Opcode.I32_SUB)
                    .access(Opcode.I32_LOAD, 4)
                    .drop()
                    .i32Const(1)
                    .op(Opcode.MEMORY_GROW, 0)
                    .drop()
                    .localGet(0)
                    .i32Const(1)
                    .op(Opcode.I32_SUB)
                    .localTee(0)
                    .brIf(0)
                    .end()
                    .op(Opcode.MEMORY_SIZE, 0)
                    .i32Const(PAGE)
                    .op(Opcode.I32_MUL)
                    .access(Opcode.I32_LOAD8_U, 0));
  }

  private static TestEngine engine(CodeKind kind) {
    return new TestEngine(EngineConfig.defaults().withCodeKind(kind));
  }

  private static Instance instantiate(ModuleHandle module) {
    return module.instantiate(new Store(HeapLimiter.UNLIMITED), Imports.NONE);
  }

  private static void growUntilSpare(Instance instance) {
    Memory memory = memory(instance);
    while (memory.capacityBytes() == memory.sizeBytes()) {
      assertThat(memory.pages()).as("pages without spare capacity").isLessThan(20);
      assertThat(intResult(instance, "grow", 1)).isNotNegative();
    }
  }

  private static void heat(Instance instance) {
    int end = (int) memory(instance).sizeBytes();
    for (int i = 0; i < MANY; i++) {
      assertThat(intResult(instance, "load", end - 8)).isZero();
      assertThat(intResult(instance, "byte", 0)).isZero();
    }
  }

  private static void assertEndsExactly(Instance instance) {
    int end = (int) memory(instance).sizeBytes();
    assertThat(intResult(instance, "load", end - 8)).isZero();
    assertThat(intResult(instance, "byte", end - 1)).isEqualTo(end - 1);
    memory(instance).setByte(end - 1, (byte) 0);
    for (int address : new int[] {end - 7, end - 4, end, end + 4, -1, -4, -5, -8, 1 << 31}) {
      assertOutOfBounds(instance, "load", address);
    }
    for (int address : new int[] {end, end + 1, end + PAGE, -1, 1 << 31}) {
      assertOutOfBounds(instance, "byte", address);
    }
  }

  private static void assertOutOfBounds(Instance instance, String function, int argument) {
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, function, argument));
  }

  @ParameterizedTest
  @EnumSource
  void codeFromBefore_trapsBehindTheEnd(CodeKind kind) {
    try (TestEngine engine = engine(kind)) {
      Instance instance = instantiate(engine.compile(growing()));
      heat(instance);
      growUntilSpare(instance);

      assertEndsExactly(instance);
      assertThat(memory(instance).copy(0, (int) memory(instance).sizeBytes())).containsOnly(0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void otherInstance_isNotAffected(CodeKind kind) {
    try (TestEngine engine = engine(kind)) {
      ModuleHandle module = engine.compile(growing());
      Instance other = instantiate(module);
      heat(other);
      growUntilSpare(instantiate(module));

      assertEndsExactly(other);
      assertThat(memory(other).sizeBytes()).isEqualTo(PAGE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void growingLoop_trapsBehindTheEnd(CodeKind kind) {
    try (TestEngine engine = engine(kind)) {
      ModuleHandle module = engine.compile(growing());
      Instance instance = instantiate(module);

      assertOutOfBounds(instance, "growAndLoad", 40);
      assertThat(memory(instance).pages()).isEqualTo(41);
    }
  }

  @ParameterizedTest
  @EnumSource
  void importingModule_isTold(CodeKind kind) {
    MemoryType type = MemoryType.of(Limits.of(1));
    try (TestEngine engine = engine(kind)) {
      Store store = new Store(HeapLimiter.UNLIMITED);
      Instance owner = engine.compile(growing()).instantiate(store, Imports.NONE);
      ModuleHandle importer =
          engine.compile(accessing(new ModuleBuilder().importItem("m", "memory", type)));
      Instance before = importer.instantiate(store, (_, name, _) -> owner.export(name));
      heat(before);
      growUntilSpare(owner);
      assertEndsExactly(before);

      ModuleHandle otherImporter =
          engine.compile(
              accessing(new ModuleBuilder().importItem("m", "memory", type))
                  .exportFunction("more", INT, code -> code.localGet(0)));
      Instance after = otherImporter.instantiate(store, (_, name, _) -> owner.export(name));
      assertEndsExactly(after);
    }
  }

  @Test
  void memoryThatGrowsRarely_hasNoSpareCapacity() {
    try (TestEngine engine = new TestEngine()) {
      Instance instance = instantiate(engine.compile(growing()));
      for (int size = 1; size < 1_000; size *= 2) {
        assertThat(intResult(instance, "grow", size)).isEqualTo(size);
        assertThat(memory(instance).capacityBytes()).isEqualTo(2L * size * PAGE);
      }
    }
  }

  @Test
  void memoryThatGrowsOften_copiesInProportion() {
    try (TestEngine engine = new TestEngine()) {
      Instance instance = instantiate(engine.compile(growing()));
      long copied = 0;
      for (long capacity = PAGE; memory(instance).pages() < 1_000; ) {
        intResult(instance, "grow", 1);
        if (memory(instance).capacityBytes() != capacity) {
          copied += capacity;
          capacity = memory(instance).capacityBytes();
        }
      }
      assertThat(copied).isLessThan(4 * memory(instance).sizeBytes());
    }
  }
}
