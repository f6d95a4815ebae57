package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.EXTERNREF;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.ExternType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Functions of the host: values across the border, exceptions, nesting, linking.
final class HostFunctionTest {
  private static final FuncType VOID = FuncType.EMPTY;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final List<ValueType> ALL_KINDS = List.of(I32, I64, F32, F64, EXTERNREF, FUNCREF);

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static Imports host(Extern function) {
    return Imports.builder().define("host", "f", function).build();
  }

  /// A module that exports, as `f`, a function that just calls the imported one.
  private static ModuleBuilder forwarder(FuncType type) {
    return new ModuleBuilder()
        .importFunction("host", "f", type)
        .exportFunction(
            "f",
            type,
            code -> {
              for (int i = 0; i < type.params().size(); i++) {
                code.localGet(i);
              }
              code.call(0);
            });
  }

  private Instance forwardTo(FuncType type, HostFunction.Body body) {
    return engine.instantiate(forwarder(type), host(HostFunction.of(type, body)));
  }

  // Bound functions.

  /// What bound functions work on.
  private record Adder(int summand) {
    @SuppressWarnings("UnusedMethod") // by its handle
    int add(Instance caller, int value) {
      assertThat(caller.memory(0)).isNull();
      return summand + value;
    }
  }

  private static MethodHandle adder() throws ReflectiveOperationException {
    return MethodHandles.lookup()
        .findVirtual(
            Adder.class, "add", MethodType.methodType(int.class, Instance.class, int.class));
  }

  @Test
  void unbound_worksOnWhatItIsBoundTo() throws ReflectiveOperationException {
    FuncType type = new FuncType(List.of(I32), List.of(I32));
    HostFunction.Unbound add = HostFunction.unbound(type, adder());
    assertThat(add.type()).isEqualTo(type);
    Instance first = engine.instantiate(forwarder(type), host(add.bind(new Adder(10))));
    Instance second = engine.instantiate(forwarder(type), host(add.bind(new Adder(20))));

    assertThat(call(first, "f", 1)).containsExactly(11);
    assertThat(call(second, "f", 1)).containsExactly(21);
    assertThatThrownBy(() -> add.bind("text")).isInstanceOf(ClassCastException.class);
  }

  @Test
  void leaf_worksOnWhatItIsBoundTo_howeverItIsCalled() throws ReflectiveOperationException {
    HostFunction.Unbound add = HostFunction.unbound(INT, adder()).leaf();
    ModuleBuilder module =
        forwarder(INT)
            .exportFunction("tail", INT, code -> code.localGet(0).op(Opcode.RETURN_CALL, 0))
            .export("itself", ExternKind.FUNCTION, 0);
    Instance first = engine.instantiate(module, host(add.bind(new Adder(10))));
    Instance second = engine.instantiate(module, host(add.bind(new Adder(20))));

    for (String export : List.of("f", "tail", "itself")) {
      assertThat(call(first, export, 1)).containsExactly(11);
      assertThat(call(second, export, 1)).containsExactly(21);
    }
    assertThatThrownBy(() -> add.bind("text")).isInstanceOf(ClassCastException.class);
  }

  @Test
  void leaves_moreThanHaveAClassOfTheirOwn_allWork() throws ReflectiveOperationException {
    for (int i = 0; i < 100; i++) {
      HostFunction.Unbound add = HostFunction.unbound(INT, adder()).leaf();
      Instance instance = engine.instantiate(forwarder(INT), host(add.bind(new Adder(i))));
      assertThat(call(instance, "f", 1)).containsExactly(i + 1);
    }
  }

  /// Counts calls.
  private static final class Counter {
    private int calls;

    @SuppressWarnings({"UnusedMethod", "UnusedVariable"}) // by its handle
    void count(Instance caller, float a, double b, long c) {
      calls++;
    }
  }

  @Test
  void leaf_atTheEndOfTheStack_endsAsTheGuestsOwnCallsDo() throws ReflectiveOperationException {
    FuncType type = new FuncType(List.of(F32, F64, I64), List.of());
    MethodHandle target =
        MethodHandles.lookup()
            .findVirtual(
                Counter.class,
                "count",
                MethodType.methodType(
                    void.class, Instance.class, float.class, double.class, long.class));
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("host", "f", type)
            .exportFunction(
                "recurse", VOID, code -> code.f32Const(1).f64Const(2).i64Const(3).call(0).call(1));
    Counter counter = new Counter();
    Instance instance =
        engine.instantiate(module, host(HostFunction.unbound(type, target).leaf().bind(counter)));

    for (int i = 0; i < 3; i++) {
      int before = counter.calls;
      assertTraps(TrapReason.CALL_STACK_EXHAUSTED, () -> call(instance, "recurse"));
      assertThat(counter.calls).isGreaterThan(before + 100);
    }
  }

  @Test
  void preceded_runsTheNoteBeforeEachCall() throws ReflectiveOperationException {
    List<String> notes = new ArrayList<>();
    HostFunction plain =
        HostFunction.of(
            INT,
            (_, arguments) -> {
              notes.add("called");
              return arguments;
            });
    HostFunction leaf = HostFunction.unbound(INT, adder()).leaf().bind(new Adder(1));
    for (HostFunction function : List.of(plain, leaf)) {
      notes.clear();
      HostFunction preceded = function.preceded(() -> notes.add("noted"));
      Instance instance = engine.instantiate(forwarder(INT), host(preceded));
      call(instance, "f", 1);
      call(instance, "f", 1);
      assertThat(notes)
          .isEqualTo(
              function.equals(plain)
                  ? List.of("noted", "called", "noted", "called")
                  : List.of("noted", "noted"));
    }
  }

  @Test
  void unbound_ofAnotherType_isRefused() throws ReflectiveOperationException {
    MethodHandle target = adder();
    for (FuncType type :
        List.of(
            FuncType.EMPTY,
            new FuncType(List.of(I64), List.of(I32)),
            new FuncType(List.of(I32), List.of(I32, I32)))) {
      assertThatThrownBy(() -> HostFunction.unbound(type, target))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  // Values.

  @Test
  void values_ofAllKinds_passBothWays() {
    FuncType type = new FuncType(ALL_KINDS, ALL_KINDS);
    List<@Nullable Object> seen = new ArrayList<>();
    Instance instance =
        forwardTo(
            type,
            (_, args) -> {
              seen.addAll(Arrays.asList(args));
              return args;
            });
    FuncRef function = instance.exportedFunction("f");
    Object token = new Object();
    @Nullable Object[][] rows = {
      {-1, Long.MIN_VALUE, -0.0f, Double.NEGATIVE_INFINITY, token, function},
      {Integer.MIN_VALUE, -1L, Float.MIN_VALUE, Double.MIN_VALUE, null, null},
      {7, 1L << 40, 1.5f, 1e300, "text", function},
    };
    for (@Nullable Object[] row : rows) {
      seen.clear();
      assertThat(call(instance, "f", row)).containsExactly(row);
      assertThat(seen).containsExactly(row);
    }
  }

  /// A reference stays one, whatever the object is that it refers to.
  @Test
  void references_toBoxedNumbers_areReferences() {
    FuncType type = new FuncType(List.of(), List.of(I32, EXTERNREF, EXTERNREF, EXTERNREF));
    Object[] values = {1, 2L, new V128(3, 4), 5};
    assertThat(call(forwardTo(type, (_, _) -> values), "f")).containsExactly(values);
  }

  /// Results beyond the slots that have a field travel in arrays.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 7, 8, 9, 20, 1000})
  void results_ofAnyNumber_arrive(int count) {
    List<ValueType> results = new ArrayList<>();
    Object[] values = new Object[count];
    for (int i = 0; i < count; i++) {
      ValueType kind = ALL_KINDS.get(i % 5);
      results.add(kind);
      values[i] = value(kind, i);
    }
    FuncType type = new FuncType(List.of(), results);

    assertThat(call(forwardTo(type, (_, _) -> values), "f")).containsExactly(values);
  }

  private static Object value(ValueType kind, int i) {
    return kind == I32
        ? (Object) (-i)
        : kind == I64
            ? (Object) (i * 0x1_0000_0001L)
            : kind == F32 ? (Object) (i + 0.5f) : kind == F64 ? (Object) (-i - 0.25) : "ref " + i;
  }

  @Test
  void parameters_asManyAsTheJvmCanPass_arrive() {
    List<ValueType> params = new ArrayList<>();
    Object[] args = new Object[125];
    for (int i = 0; i < args.length; i++) {
      params.add(I64);
      args[i] = (long) i << 33;
    }
    FuncType type = new FuncType(params, List.of(I64));

    Instance instance = forwardTo(type, (_, found) -> new Object[] {found[124]});

    assertThat(result(instance, "f", args)).isEqualTo(124L << 33);
  }

  @Test
  void methodHandle_asTarget_isCalledWithoutBoxing() throws ReflectiveOperationException {
    FuncType type = new FuncType(List.of(I32, I64, F32, F64, EXTERNREF), List.of(F64));
    MethodHandle target =
        MethodHandles.lookup()
            .findStatic(
                HostFunctionTest.class,
                "sum",
                MethodType.methodType(
                    double.class,
                    Instance.class,
                    int.class,
                    long.class,
                    float.class,
                    double.class,
                    Object.class));

    Instance instance = engine.instantiate(forwarder(type), host(HostFunction.of(type, target)));

    assertThat(result(instance, "f", 1, 20L, 300f, 4000.0, "12345")).isEqualTo(4326.0);
  }

  @SuppressWarnings("UnusedMethod") // Called through a method handle.
  private static double sum(Instance caller, int a, long b, float c, double d, Object text) {
    assertThat(caller.export("f")).isInstanceOf(FuncRef.class);
    return a + b + c + d + ((String) text).length();
  }

  @Test
  void methodHandle_ofAnotherType_isRefused() {
    MethodHandle target = MethodHandles.empty(MethodType.methodType(int.class, int.class));

    assertThatThrownBy(() -> HostFunction.of(INT, target))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("(Instance,int)int");
  }

  @Test
  void caller_givesAccessToItsMemory() {
    ModuleBuilder module =
        forwarder(VOID)
            .memory(1)
            .data(100, new byte[] {1, 2, 3})
            .export("memory", ExternKind.MEMORY, 0);
    List<byte[]> seen = new ArrayList<>();
    Instance instance =
        engine.instantiate(
            module,
            host(
                HostFunction.of(
                    VOID,
                    (caller, _) -> {
                      Memory memory = memory(caller);
                      seen.add(memory.copy(100, 3));
                      memory.setInt(200, 0x04030201);
                      assertTraps(
                          TrapReason.MEMORY_OUT_OF_BOUNDS, () -> memory.getLong(65_536 - 7));
                      return new Object[0];
                    })));

    call(instance, "f");

    assertThat(seen).containsExactly(new byte[] {1, 2, 3});
    assertThat(memory(instance).copy(200, 4)).containsExactly(1, 2, 3, 4);
  }

  /// Compiled code reads the memory's array again after a call in which the host let it grow.
  @Test
  void memory_grownByTheHost_isSeenByTheGuest() {
    assertGrowthIsSeen(growingInTheHost().export("memory", ExternKind.MEMORY, 0));
  }

  /// The same where nobody but the host function can reach the memory.
  @Test
  void memory_notExportedAndGrownByTheHost_isSeenByTheGuest() {
    assertGrowthIsSeen(growingInTheHost());
  }

  private static ModuleBuilder growingInTheHost() {
    return new ModuleBuilder()
        .importFunction("host", "f", VOID)
        .exportFunction(
            "store",
            new FuncType(List.of(I32), List.of(I32)),
            code ->
                code.localGet(0)
                    .access(Opcode.I32_LOAD, 0)
                    .drop()
                    .call(0)
                    .i32Const(3 * 65_536)
                    .i32Const(42)
                    .access(Opcode.I32_STORE, 0)
                    .i32Const(3 * 65_536)
                    .access(Opcode.I32_LOAD, 0))
        .memory(1);
  }

  private void assertGrowthIsSeen(ModuleBuilder module) {
    Instance instance =
        engine.instantiate(
            module,
            host(
                HostFunction.of(
                    VOID,
                    (caller, _) -> {
                      assertThat(memory(caller).grow(3)).isEqualTo(1);
                      return new Object[0];
                    })));

    assertThat(result(instance, "store", 0)).isEqualTo(42);
    assertThat(memory(instance).getInt(3 * 65_536)).isEqualTo(42);
  }

  // Faults.

  @Test
  void exceptions_ofTheHost_passThroughUnchanged() {
    List<Throwable> faults =
        List.of(
            new NoSuchElementException("of the host"),
            new IllegalStateException("of the host"),
            new AssertionError("of the host"),
            new ArithmeticException("/ by zero"),
            new NullPointerException("of the host"),
            new ClassCastException("of the host"),
            new NegativeArraySizeException("of the host"),
            new TrapException(TrapReason.UNREACHABLE));
    for (Throwable fault : faults) {
      Instance instance =
          forwardTo(
              VOID,
              (_, _) -> {
                throw unchecked(fault);
              });
      assertThatThrownBy(() -> call(instance, "f")).isSameAs(fault);
    }
  }

  private static RuntimeException unchecked(Throwable fault) {
    if (fault instanceof Error error) {
      throw error;
    }
    return (RuntimeException) fault;
  }

  /// An index error is the guest's only where the guest's own code raised it.
  @Test
  void indexErrors_ofTheHost_areNotTakenForMemoryTraps() {
    List<HostFunction.Body> bodies =
        List.of(
            (_, args) -> new Object[] {args[3]},
            (_, _) -> new Object[] {List.of(1).get(2)},
            (_, _) -> new Object[] {"text".charAt(9)},
            (caller, _) -> {
              // The array is the host's: too short for what it asks for.
              memory(caller).read(0, new byte[4], 2, 4);
              return new Object[] {1};
            });
    for (HostFunction.Body body : bodies) {
      Instance instance =
          engine.instantiate(forwarder(INT).memory(1), host(HostFunction.of(INT, body)));
      assertThatThrownBy(() -> call(instance, "f", 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  /// A target of the JDK has no frame of the host between the check and the guest.
  @Test
  void indexErrors_ofMethodHandlesOfTheJdk_areNotTakenForMemoryTraps()
      throws ReflectiveOperationException {
    MethodHandle get =
        MethodHandles.lookup()
            .findVirtual(List.class, "get", MethodType.methodType(Object.class, int.class))
            .bindTo(List.of(1));
    MethodHandle target =
        MethodHandles.dropArguments(
            get.asType(MethodType.methodType(int.class, int.class)), 0, Instance.class);
    Instance instance = engine.instantiate(forwarder(INT), host(HostFunction.of(INT, target)));

    assertThat(result(instance, "f", 0)).isEqualTo(1);
    assertThatThrownBy(() -> call(instance, "f", 1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void checkedException_ofMethodHandle_passesThroughUnchanged()
      throws ReflectiveOperationException {
    MethodHandle target =
        MethodHandles.lookup()
            .findStatic(
                HostFunctionTest.class, "fail", MethodType.methodType(void.class, Instance.class));
    Instance instance = engine.instantiate(forwarder(VOID), host(HostFunction.of(VOID, target)));

    assertThatThrownBy(() -> call(instance, "f")).isInstanceOf(IOException.class);
  }

  @SuppressWarnings("UnusedMethod") // Called through a method handle.
  private static void fail(Instance caller) throws IOException {
    throw new IOException("of " + caller.module().functionCount());
  }

  /// What a host function does wrong is no fault of the guest.
  @Test
  void results_ofTheWrongNumberOrType_areAnErrorOfOurs() {
    @Nullable Object[][] wrong = {{}, {1, 2}, {1L}, {"1"}, {null}};
    for (@Nullable Object[] results : wrong) {
      Instance instance = forwardTo(INT, (_, _) -> results);
      assertThatThrownBy(() -> call(instance, "f", 1)).isInstanceOf(IllegalStateException.class);
    }
    FuncType second = new FuncType(List.of(), List.of(I32, I64));
    Instance instance = forwardTo(second, (_, _) -> new Object[] {1, 2});
    assertThatThrownBy(() -> call(instance, "f")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void arguments_ofTheWrongNumberOrType_areRefusedBeforeTheCall() {
    Instance instance =
        forwardTo(
            INT,
            (_, _) -> {
              throw new AssertionError("called");
            });
    @Nullable Object[][] wrong = {{}, {1, 2}, {1L}, {"1"}, {null}};
    for (@Nullable Object[] args : wrong) {
      assertThatThrownBy(() -> call(instance, "f", args))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> instance.exportedFunction("absent"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("absent");
  }

  // Nesting.

  /// Guest and host call each other, and each result is that of its own call.
  @Test
  void calls_nestedInHostFunctions_keepTheirResultsApart() {
    FuncType triple = new FuncType(List.of(I32), List.of(I32, I64, F64));
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("host", "f", triple)
            .exportFunction(
                "g",
                triple,
                code -> {
                  int first = code.local(I32);
                  int second = code.local(I64);
                  int third = code.local(F64);
                  code.localGet(0).call(0).localSet(third).localSet(second).localSet(first);
                  code.localGet(first).localGet(0).i32Add();
                  code.localGet(second).i64Const(1).op(Opcode.I64_ADD);
                  code.localGet(third).f64Const(0.5).op(Opcode.F64_ADD);
                });
    HostFunction again =
        HostFunction.of(
            triple,
            (caller, args) -> {
              int depth = (Integer) args[0];
              return depth == 0 ? new Object[] {0, 0L, 0.0} : call(caller, "g", depth - 1);
            });

    Instance instance = engine.instantiate(module, host(again));

    assertThat(call(instance, "g", 10)).containsExactly(55, 11L, 5.5);
  }

  @Test
  void trap_inNestedGuest_canBeHandledByTheHost() {
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("host", "f", INT)
            .exportFunction("trap", VOID, code -> code.op(Opcode.UNREACHABLE))
            .exportFunction("f", INT, code -> code.localGet(0).call(0).i32Const(1).i32Add());
    HostFunction handler =
        HostFunction.of(
            INT,
            (caller, args) -> {
              assertTraps(TrapReason.UNREACHABLE, () -> call(caller, "trap"));
              return args;
            });

    assertThat(result(engine.instantiate(module, host(handler)), "f", 5)).isEqualTo(6);
  }

  /// A host function in a table is called through it, by the instance that made the call.
  @Test
  void hostFunction_inTable_isCalledIndirectly() {
    ModuleBuilder module =
        new ModuleBuilder()
            .importFunction("host", "f", INT)
            .exportFunction("f", INT, code -> code.localGet(0).i32Const(0).callIndirect(INT, 0))
            .exportFunction("own", INT, code -> code.localGet(0).i32Const(1).callIndirect(INT, 0))
            .table(new TableType(FUNCREF, Limits.of(2)))
            .elements(0, 0, 0, 1);
    List<Instance> callers = new ArrayList<>();
    Instance instance =
        engine.instantiate(
            module,
            host(
                HostFunction.of(
                    INT,
                    (caller, args) -> {
                      callers.add(caller);
                      return new Object[] {(Integer) args[0] * 2};
                    })));

    assertThat(result(instance, "f", 21)).isEqualTo(42);
    assertThat(result(instance, "own", 4)).isEqualTo(8);
    assertThat(callers).containsExactly(instance, instance);
  }

  @Test
  void hostFunction_asStartFunction_runs() {
    List<Instance> callers = new ArrayList<>();
    Instance instance =
        engine.instantiate(
            new ModuleBuilder().importFunction("host", "f", VOID).start(0),
            host(
                HostFunction.of(
                    VOID,
                    (caller, _) -> {
                      callers.add(caller);
                      return new Object[0];
                    })));

    assertThat(callers).containsExactly(instance);
  }

  // Linking.

  @Test
  void imports_thatAreMissing_areNamed() {
    assertThatThrownBy(() -> engine.instantiate(forwarder(INT)))
        .isInstanceOf(LinkException.class)
        .hasMessage("unknown import: \"host\" \"f\"");
  }

  @Test
  void imports_ofAnotherKindOrType_areRefused() {
    HeapLimiter unlimited = HeapLimiter.UNLIMITED;
    HostFunction function = HostFunction.of(INT, (_, args) -> args);
    MemoryType memoryType = MemoryType.of(Limits.of(1, 2));
    Memory memory = Memory.create(memoryType, unlimited);
    TableType tableType = new TableType(FUNCREF, Limits.of(1, 2));
    Table table = Table.create(tableType, null, unlimited);
    Global global = Global.create(new GlobalType(I32, true), 1);
    record Case(ExternType declared, Extern given) {}
    List<Case> cases =
        List.of(
            new Case(memoryType, function),
            new Case(memoryType, global),
            new Case(MemoryType.of(Limits.of(2, 2)), memory),
            new Case(MemoryType.of(Limits.of(1, 1)), memory),
            new Case(tableType, memory),
            new Case(new TableType(EXTERNREF, Limits.of(1, 2)), table),
            new Case(new TableType(FUNCREF, Limits.of(2)), table),
            new Case(new GlobalType(I32, false), global),
            new Case(new GlobalType(I64, true), global),
            new Case(new GlobalType(I32, true), table));
    for (Case wrong : cases) {
      ModuleBuilder module = new ModuleBuilder().importItem("host", "f", wrong.declared());
      assertThatThrownBy(() -> engine.instantiate(module, host(wrong.given())))
          .as("%s", wrong)
          .isInstanceOf(LinkException.class)
          .hasMessageStartingWith("incompatible import type: \"host\" \"f\"");
    }
    for (FuncType other : List.of(VOID, new FuncType(List.of(I32), List.of(I64)))) {
      assertThatThrownBy(() -> engine.instantiate(forwarder(other), host(function)))
          .isInstanceOf(LinkException.class)
          .hasMessageStartingWith("incompatible import type: \"host\" \"f\"");
    }
    assertThatThrownBy(() -> engine.instantiate(forwarder(INT), host(memory)))
        .isInstanceOf(LinkException.class)
        .hasMessageStartingWith("incompatible import type");
  }

  @Test
  void imports_thatFit_areShared() {
    Memory memory = Memory.create(MemoryType.of(Limits.of(1, 2)), HeapLimiter.UNLIMITED);
    Global global = Global.create(new GlobalType(I64, true), 5L);
    ModuleBuilder module =
        new ModuleBuilder()
            .importItem("m", "memory", MemoryType.of(Limits.of(1)))
            .importItem("m", "global", new GlobalType(I64, true))
            .exportFunction(
                "f",
                VOID,
                code ->
                    code.globalGet(0)
                        .i64Const(2)
                        .op(Opcode.I64_MUL)
                        .globalSet(0)
                        .i32Const(8)
                        .globalGet(0)
                        .access(Opcode.I64_STORE, 0));
    Imports imports =
        Imports.builder().define("m", "memory", memory).define("m", "global", global).build();
    Instance first = engine.instantiate(module, imports);
    Instance second = engine.instantiate(module, imports);

    call(first, "f");
    call(second, "f");

    assertThat(global.value()).isEqualTo(20L);
    assertThat(memory.getLong(8)).isEqualTo(20L);
  }

  @Test
  void resolver_isAskedWithTheDeclaredType() {
    List<String> asked = new ArrayList<>();
    Imports imports =
        (module, name, type) -> {
          asked.add(module + "." + name + " " + type);
          return HostFunction.of(INT, (_, args) -> args);
        };

    engine.instantiate(forwarder(INT), imports);

    assertThat(asked).singleElement().asString().startsWith("host.f ").contains("[i32] -> [i32]");
  }
}
