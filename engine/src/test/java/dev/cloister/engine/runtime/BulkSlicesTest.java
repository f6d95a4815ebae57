package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.TableType;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Bulk operations that are done in several slices: nobody must see the slices.
final class BulkSlicesTest {
  private static final FuncType THREE = new FuncType(List.of(I32, I32, I32), List.of());
  private static final FuncType TABLE_FILL =
      new FuncType(List.of(I32, EXTERNREF, I32), List.of());
  private static final int ELEMENTS = 100_000;
  private static final int BYTES = 16 << 16;

  private final TestEngine engine = new TestEngine();
  private final byte[] data = new byte[BYTES];
  private final Store store = new Store(HeapLimiter.UNLIMITED);

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private Instance instance() {
    new Random(3).nextBytes(data);
    return engine.instantiate(
        new ModuleBuilder()
            .memory(16)
            .table(new TableType(EXTERNREF, Limits.of(ELEMENTS)))
            .passiveData(data)
            .exportFunction(
                "init",
                THREE,
                c -> c.localGet(0).localGet(1).localGet(2).op(Opcode.MEMORY_INIT, 0, 0))
            .exportFunction(
                "copy",
                THREE,
                c -> c.localGet(0).localGet(1).localGet(2).op(Opcode.MEMORY_COPY, 0, 0))
            .exportFunction(
                "fill", THREE, c -> c.localGet(0).localGet(1).localGet(2).op(Opcode.MEMORY_FILL, 0))
            .exportFunction(
                "tableCopy",
                THREE,
                c -> c.localGet(0).localGet(1).localGet(2).op(Opcode.TABLE_COPY, 0, 0))
            .exportFunction(
                "tableFill",
                TABLE_FILL,
                c -> c.localGet(0).localGet(1).localGet(2).op(Opcode.TABLE_FILL, 0)),
        Imports.NONE,
        store);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 1048575",
    "1, 0, 1048575",
    "262144, 0, 786432",
    "0, 262144, 786432",
    "7, 300000, 262144",
    "7, 6, 262145",
    "6, 7, 262143",
    "5, 5, 700000"
  })
  void memory_isCopied(int target, int source, int length) {
    Instance instance = instance();
    call(instance, "init", 0, 0, BYTES);
    assertThat(memory(instance).copy(0, BYTES)).isEqualTo(data);

    call(instance, "copy", target, source, length);

    byte[] expected = data.clone();
    System.arraycopy(data, source, expected, target, length);
    assertThat(memory(instance).copy(0, BYTES)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"0, 1048576", "1, 262144", "3, 262145", "9, 800000", "1048576, 0"})
  void memory_isFilled(int target, int length) {
    Instance instance = instance();

    call(instance, "fill", target, 0x155, length);

    byte[] expected = new byte[BYTES];
    Arrays.fill(expected, target, target + length, (byte) 0x55);
    assertThat(memory(instance).copy(0, BYTES)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 99999",
    "1, 0, 99999",
    "32768, 0, 65536",
    "0, 32768, 65536",
    "10, 50000, 32768",
    "10, 9, 32769"
  })
  void table_isCopied(int target, int source, int length) {
    Instance instance = instance();
    Object[] elements = IntStream.range(0, ELEMENTS).boxed().toArray();
    System.arraycopy(elements, 0, instance.tables[0].elements, 0, ELEMENTS);

    call(instance, "tableCopy", target, source, length);

    Object[] expected = elements.clone();
    System.arraycopy(elements, source, expected, target, length);
    assertThat(instance.tables[0].elements).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"0, 100000", "1, 32768", "2, 32769", "5, 90000", "100000, 0"})
  void table_isFilled(int target, int length) {
    Instance instance = instance();

    call(instance, "tableFill", target, "x", length);

    Object[] expected = new Object[ELEMENTS];
    Arrays.fill(expected, target, target + length, "x");
    assertThat(instance.tables[0].elements).isEqualTo(expected);
  }

  /// Ranges are checked as a whole first.
  @Test
  void rangeThatDoesNotFit_changesNothing() {
    Instance instance = instance();
    for (String operation : List.of("fill", "copy", "init")) {
      assertThatThrownBy(() -> call(instance, operation, 1, 2, BYTES))
          .isInstanceOf(TrapException.class);
    }
    assertThat(memory(instance).copy(0, BYTES)).containsOnly(0);
    assertThatThrownBy(() -> call(instance, "tableFill", 1, "x", ELEMENTS))
        .isInstanceOf(TrapException.class);
    assertThat(instance.tables[0].elements).containsOnlyNulls();
  }

  /// As if the stop came while the operation runs: none of them goes on to its end.
  @Test
  void largeOperations_inStoppedStore_endBetweenSlices() {
    Instance instance = instance();
    Table table = instance.tables[0];
    Memory memory = memory(instance);
    store.requestStop(StopReason.DEADLINE);

    List<Runnable> operations =
        List.of(
            () -> BulkOps.memoryFill(0, 1, BYTES, memory, instance),
            () -> BulkOps.memoryCopy(0, 1, BYTES - 1, memory, memory, instance),
            () -> BulkOps.memoryInit(0, 0, BYTES, memory, instance, 0),
            () -> BulkOps.tableFill(0, "x", ELEMENTS, table, instance),
            () -> BulkOps.tableCopy(0, 1, ELEMENTS - 1, table, table, instance));

    for (Runnable operation : operations) {
      assertThatThrownBy(operation::run).isInstanceOf(StoppedException.class);
    }
    assertThat(memory.getByte(BYTES - 1)).isZero();
    assertThat(table.elements[ELEMENTS - 1]).isNull();
  }
}
