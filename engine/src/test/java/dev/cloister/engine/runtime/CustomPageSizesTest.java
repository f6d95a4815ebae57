package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Memories with pages of one byte: sizes count bytes, and the last byte is the last.
final class CustomPageSizesTest {
  private static final FuncType UNARY = new FuncType(List.of(I32), List.of(I32));

  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = new TestEngine();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static MemoryType bytes(Limits limits) {
    return new MemoryType(limits, /* shared= */ false, 0);
  }

  @Test
  void size_ofBytePages_isInBytes_andTheNextByteTraps() {
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .memory(bytes(Limits.of(7)))
                .exportFunction(
                    "size", UNARY, code -> code.localGet(0).drop().op(Opcode.MEMORY_SIZE, 0))
                .exportFunction("load", UNARY, code -> code.localGet(0).access(Opcode.I32_LOAD, 0))
                .exportFunction(
                    "load8", UNARY, code -> code.localGet(0).access(Opcode.I32_LOAD8_U, 1)));

    assertThat(intResult(instance, "size", 0)).isEqualTo(7);
    assertThat(intResult(instance, "load", 3)).isZero();
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> TestEngine.call(instance, "load", 4));
    assertThat(intResult(instance, "load8", 5)).isZero();
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> TestEngine.call(instance, "load8", 6));
  }

  @Test
  void grow_ofBytePages_addsBytes_andStopsAtTheMaximum() {
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .memory(bytes(Limits.of(1, 100)))
                .exportFunction("grow", UNARY, code -> code.localGet(0).op(Opcode.MEMORY_GROW, 0))
                .exportFunction(
                    "load", UNARY, code -> code.localGet(0).access(Opcode.I32_LOAD8_U, 0)));

    assertThat(intResult(instance, "grow", 2)).isEqualTo(1);
    assertThat(intResult(instance, "load", 2)).isZero();
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> TestEngine.call(instance, "load", 3));
    assertThat(intResult(instance, "grow", 98)).isEqualTo(-1);
    assertThat(intResult(instance, "grow", 97)).isEqualTo(3);
    assertThat(TestEngine.memory(instance).sizeBytes()).isEqualTo(100);
  }

  @Test
  void memoryWithOtherPages_cannotBeImported() {
    Memory usual = Memory.create(MemoryType.of(Limits.of(1)), HeapLimiter.UNLIMITED);
    ModuleBuilder importer = new ModuleBuilder().importItem("host", "memory", bytes(Limits.of(0)));

    assertThatThrownBy(() -> engine.instantiate(importer, (_, _, _) -> usual))
        .isInstanceOf(LinkException.class)
        .hasMessageStartingWith("incompatible import type");
  }
}
