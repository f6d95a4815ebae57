package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.intResult;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.Seed;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.TableType;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Functions of active segments, whose references are made when someone looks at them: it never
/// shows.
final class TableElementsTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType INTS = new FuncType(List.of(I32), List.of());
  private static final int SIZE = 12;
  private static final int FROM = 2;
  private static final int COUNT = 6;

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// Functions 0 to 5 return their index and are elements 2 to 7 of a table of 12; function 6 is of
  /// another type.
  private static ModuleBuilder module() {
    ModuleBuilder module = new ModuleBuilder();
    int[] functions = new int[COUNT];
    for (int i = 0; i < COUNT; i++) {
      int answer = i;
      module.exportFunction("f" + i, TO_INT, code -> code.i32Const(answer));
      functions[i] = i;
    }
    return module
        .exportFunction("other", VOID, _ -> {})
        .exportFunction("call", INT, code -> code.localGet(0).callIndirect(TO_INT, 0))
        .exportFunction("tailCall", INT, code -> code.localGet(0).returnCallIndirect(TO_INT, 0))
        .exportFunction(
            "isNull", INT, code -> code.localGet(0).op(Opcode.TABLE_GET, 0).op(Opcode.REF_IS_NULL))
        .exportFunction(
            "clear",
            INTS,
            code ->
                code.localGet(0)
                    .heapType(Opcode.REF_NULL, AbstractHeapType.FUNC)
                    .op(Opcode.TABLE_SET, 0))
        .exportFunction(
            "setOther",
            INTS,
            code -> code.localGet(0).op(Opcode.REF_FUNC, COUNT).op(Opcode.TABLE_SET, 0))
        .exportFunction(
            "copyToFirst",
            INTS,
            code -> code.i32Const(0).localGet(0).i32Const(2).op(Opcode.TABLE_COPY, 0, 0))
        .exportFunction(
            "fillTwo",
            INTS,
            code ->
                code.localGet(0)
                    .heapType(Opcode.REF_NULL, AbstractHeapType.FUNC)
                    .i32Const(2)
                    .op(Opcode.TABLE_FILL, 0))
        .exportFunction(
            "growByOne",
            TO_INT,
            code ->
                code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC)
                    .i32Const(1)
                    .op(Opcode.TABLE_GROW, 0))
        .table(new TableType(FUNCREF, Limits.of(SIZE)))
        .elements(0, FROM, functions)
        .export("table", ExternKind.TABLE, 0);
  }

  private static Table table(Instance instance) {
    return (Table) Objects.requireNonNull(instance.export("table"));
  }

  /// What calls find from `from` on: an index of a function, or null.
  private static void assertElements(Instance instance, @Nullable Integer... expected) {
    for (int i = 0; i < expected.length; i++) {
      int index = i;
      assertThat(intResult(instance, "isNull", i)).isEqualTo(expected[i] == null ? 1 : 0);
      if (expected[i] == null) {
        assertTraps(TrapReason.UNINITIALIZED_ELEMENT, () -> call(instance, "call", index));
        assertTraps(TrapReason.UNINITIALIZED_ELEMENT, () -> call(instance, "tailCall", index));
        assertThat(table(instance).get(i)).isNull();
      } else {
        assertThat(result(instance, "call", i)).isEqualTo(expected[i]);
        assertThat(result(instance, "tailCall", i)).isEqualTo(expected[i]);
        assertThat(table(instance).get(i)).isSameAs(instance.exportedFunction("f" + expected[i]));
      }
    }
  }

  @Test
  void instance_makesNoReferences_untilTheyAreLookedAt() {
    Instance instance = engine.instantiate(module());
    assertThat(table(instance).functions).containsOnlyNulls();

    assertThat(result(instance, "call", FROM + 3)).isEqualTo(3);
    assertThat(table(instance).functions[FROM + 3]).isNotNull();
    assertThat(table(instance).functions[FROM + 2]).isNull();
    assertElements(instance, null, null, 0, 1, 2, 3, 4, 5, null, null, null, null);
    assertTraps(TrapReason.UNDEFINED_ELEMENT, () -> call(instance, "call", SIZE));
    assertTraps(TrapReason.UNDEFINED_ELEMENT, () -> call(instance, "tailCall", -1));
    assertTraps(TrapReason.TABLE_OUT_OF_BOUNDS, () -> call(instance, "isNull", SIZE));
  }

  @Test
  void functionOfAnotherType_isFoundOutAtTheFirstCall() {
    Instance instance = engine.instantiate(module().elements(0, 0, COUNT));
    assertTraps(TrapReason.INDIRECT_CALL_TYPE_MISMATCH, () -> call(instance, "call", 0));
    assertTraps(TrapReason.INDIRECT_CALL_TYPE_MISMATCH, () -> call(instance, "tailCall", 0));
  }

  @Test
  void elementSetToNull_staysNull() {
    Instance instance = engine.instantiate(module());
    call(instance, "clear", FROM + 1);
    assertElements(instance, null, null, 0, null, 2, 3, 4, 5, null, null, null, null);
  }

  @Test
  void elementSetToAnotherAndToNull_staysNull() {
    Instance instance = engine.instantiate(module());
    call(instance, "setOther", FROM + 1);
    assertTraps(TrapReason.INDIRECT_CALL_TYPE_MISMATCH, () -> call(instance, "call", FROM + 1));
    call(instance, "clear", FROM + 1);
    assertElements(instance, null, null, 0, null, 2, 3, 4, 5, null, null, null, null);
  }

  @Test
  void elementsCopied_areThoseThatNobodyLookedAt() {
    Instance instance = engine.instantiate(module());
    call(instance, "copyToFirst", FROM + 4);
    assertElements(instance, 4, 5, 0, 1, 2, 3, 4, 5, null, null, null, null);
  }

  @Test
  void elementsCopiedOver_areGone() {
    Instance instance = engine.instantiate(module());
    Instance other = engine.instantiate(module());
    Table.copy(table(instance), FROM, table(other), FROM + COUNT, 2, instance);
    assertElements(instance, null, null, null, null, 2, 3, 4, 5, null, null, null, null);
    Table.copy(table(instance), FROM, table(other), FROM, 1, instance);
    assertThat(table(instance).get(FROM)).isSameAs(other.exportedFunction("f0"));
    assertElements(other, null, null, 0, 1, 2, 3, 4, 5, null, null, null, null);
  }

  @Test
  void elementsFilled_areGone() {
    Instance instance = engine.instantiate(module());
    call(instance, "fillTwo", FROM + 4);
    assertElements(instance, null, null, 0, 1, 2, 3, null, null, null, null, null, null);
  }

  @Test
  void tableThatGrew_keepsThem() {
    Instance instance = engine.instantiate(module());
    assertThat(intResult(instance, "growByOne")).isEqualTo(SIZE);
    assertElements(instance, null, null, 0, 1, 2, 3, 4, 5, null, null, null, null, null);
  }

  @Test
  void laterSegments_winWhereTheyOverlap() {
    Instance instance =
        engine.instantiate(
            module().elements(0, 0, 5, 5).elements(0, FROM + 1, 0, 0).elements(0, 9, 1, 2));
    assertElements(instance, 5, 5, 0, 0, 0, 3, 4, 5, null, 1, 2, null);
  }

  @Test
  void manySegments_areAllThere() {
    @Nullable Integer[] expected = new Integer[100];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = i % 3 == 0 ? null : i % COUNT;
    }
    ModuleBuilder many = new ModuleBuilder();
    for (int i = 0; i < COUNT; i++) {
      int answer = i;
      many.exportFunction("f" + i, TO_INT, code -> code.i32Const(answer));
    }
    many.importItem("m", "table", new TableType(FUNCREF, Limits.of(100)));
    for (int i = 0; i < expected.length; i++) {
      if (expected[i] != null) {
        many.elements(0, i, expected[i]);
      }
    }
    Table table = Table.create(new TableType(FUNCREF, Limits.of(100)), null, HeapLimiter.UNLIMITED);
    Instance instance =
        engine.instantiate(many, Imports.builder().define("m", "table", table).build());
    for (int i = 0; i < expected.length; i++) {
      if (expected[i] == null) {
        assertThat(table.get(i)).isNull();
      } else {
        assertThat(table.get(i)).isSameAs(instance.exportedFunction("f" + expected[i]));
      }
    }
  }

  @Test
  void twoInstances_inOneTable_keepTheirOwn() {
    ModuleBuilder importing =
        new ModuleBuilder()
            .importItem("m", "table", new TableType(FUNCREF, Limits.of(SIZE)))
            .exportFunction("g", TO_INT, code -> code.i32Const(77))
            .elements(0, FROM, 0)
            .elements(0, SIZE - 1, 0);
    Store store = new Store(HeapLimiter.UNLIMITED);
    Instance first = engine.instantiate(module(), Imports.NONE, store);
    Imports imports = Imports.builder().define("m", "table", table(first)).build();
    Instance second = engine.instantiate(importing, imports, store);

    assertThat(table(first).get(FROM)).isSameAs(second.exportedFunction("g"));
    assertThat(table(first).get(SIZE - 1)).isSameAs(second.exportedFunction("g"));
    assertThat(result(first, "call", FROM)).isEqualTo(77);
    assertThat(result(first, "call", FROM + 1)).isEqualTo(1);
  }

  @Test
  void segmentThatDoesNotFit_traps() {
    assertTraps(
        TrapReason.TABLE_OUT_OF_BOUNDS,
        () -> engine.instantiate(module().elements(0, SIZE - 1, 0, 0)));
  }

  /// What indirect calls switch over must be that of the function beside it, whatever put it there.
  private static void assertOrdinals(Table table) {
    assertThat(table.ordinals).hasSameSizeAs(table.functions);
    for (int i = 0; i < table.functions.length; i++) {
      FuncRef function = table.functions[i];
      if (function != null) {
        assertThat(table.ordinals[i]).as("element %s", i).isEqualTo(function.ordinal);
      }
    }
  }

  @Test
  void ordinals_areThoseOfTheFunctions_afterEveryChange() {
    long seed = Seed.value();
    Random random = new Random(seed);
    Instance instance = engine.instantiate(module());
    TableType type = new TableType(FUNCREF, Limits.of(SIZE));
    Table other = Table.create(type, instance.exportedFunction("f3"), HeapLimiter.UNLIMITED);
    assertOrdinals(other);
    List<Table> tables = List.of(table(instance), other);
    for (int step = 0; step < 2_000; step++) {
      Table target = tables.get(random.nextInt(2));
      Table source = tables.get(random.nextInt(2));
      int at = random.nextInt(SIZE - 4);
      FuncRef function =
          random.nextInt(4) == 0 ? null : instance.exportedFunction("f" + random.nextInt(COUNT));
      switch (random.nextInt(6)) {
        case 0 -> target.set(at, function);
        case 1 -> target.fill(at, function, random.nextInt(5), instance);
        case 2 ->
            Table.copy(target, at, source, random.nextInt(SIZE - 4), random.nextInt(5), instance);
        case 3 -> target.init(at, new @Nullable Object[] {function, null}, 0, 2, instance);
        case 4 -> target.init(at, instance, new int[] {random.nextInt(COUNT), 0});
        default -> {
          if (target.size() < 3 * SIZE) {
            assertThat(target.grow(function, 1)).isNotNegative();
          }
        }
      }
      Object found = target.get(at);
      for (Table table : tables) {
        assertOrdinals(table);
      }
      if (target.equals(table(instance)) && found instanceof FuncRef called) {
        assertThat(result(instance, "call", at)).as("seed %s", seed).isEqualTo(called.call()[0]);
      }
    }
  }

  @Test
  void importedFunctions_areElements() {
    HostFunction host = HostFunction.of(TO_INT, (_, _) -> new Object[] {99});
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("m", "host", TO_INT)
            .exportFunction("call", INT, code -> code.localGet(0).callIndirect(TO_INT, 0))
            .table(new TableType(FUNCREF, Limits.of(1)))
            .elements(0, 0, 0);
    Instance instance =
        engine.instantiate(module, Imports.builder().define("m", "host", host).build());
    assertThat(result(instance, "call", 0)).isEqualTo(99);
  }
}
