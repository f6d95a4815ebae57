package dev.cloister.isolate.abi;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.isolate.fake.Guests;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class ModuleLinkerTest {
  private static final Guests GUESTS = new Guests();
  private static final FuncType UNARY = new FuncType(List.of(I32), List.of(I32));

  private final Store store = new Store(HeapLimiter.UNLIMITED);

  @AfterAll
  static void stop() {
    GUESTS.close();
  }

  private Instance link(byte[] main, Map<String, byte[]> others, Imports host) {
    Map<String, ModuleHandle> handles = new LinkedHashMap<>();
    others.forEach((name, bytes) -> handles.put(name, GUESTS.compile(bytes)));
    return ModuleLinker.link(new ProgramModules(GUESTS.compile(main), handles), store, host);
  }

  private static int call(Instance instance, int argument) {
    return (int) Objects.requireNonNull(instance.exportedFunction("run").call(argument)[0]);
  }

  /// Exports `run`, which adds `more` to what `function` of `module` answers.
  private static byte[] adding(String module, String function, int more) {
    return new ModuleBuilder()
        .importFunction(module, function, UNARY)
        .exportFunction("run", UNARY, code -> code.localGet(0).call(0).i32Const(more).i32Add())
        .build();
  }

  @Test
  void exportsOfOthers_areImported() {
    Instance main =
        link(
            adding("middle", "run", 1),
            Map.of("middle", adding("last", "run", 10), "last", adding("env", "host", 100)),
            Imports.builder()
                .define(
                    "env",
                    "host",
                    HostFunction.of(UNARY, (_, args) -> new Object[] {(Integer) args[0] * 2}))
                .build());

    assertThat(call(main, 1000)).isEqualTo(2111);
  }

  @Test
  void others_areInitialized_mainIsNot() {
    byte[] other =
        new ModuleBuilder()
            .global(new GlobalType(I32, true), code -> code.i32Const(0))
            .exportFunction("_initialize", FuncType.EMPTY, code -> code.i32Const(7).globalSet(0))
            .exportFunction("run", UNARY, code -> code.globalGet(0))
            .build();
    byte[] main =
        new ModuleBuilder()
            .importFunction("other", "run", UNARY)
            .exportFunction("_initialize", FuncType.EMPTY, code -> code.op(Opcode.UNREACHABLE))
            .exportFunction("run", UNARY, code -> code.localGet(0).call(0))
            .build();

    assertThat(call(link(main, Map.of("other", other), Imports.NONE), 0)).isEqualTo(7);
  }

  @Test
  void functionsInACircle_areCalled() {
    // Both count down and call each other: the main one by way of the import `even`.
    byte[] main = counting("other", "run", "run", 0);
    byte[] other = counting("main", "run", "run", 1);
    Map<String, ModuleHandle> handles = new LinkedHashMap<>();
    handles.put("other", GUESTS.compile(other));
    handles.put("main", GUESTS.compile(main));
    Instance instance =
        ModuleLinker.link(new ProgramModules(GUESTS.compile(main), handles), store, Imports.NONE);

    assertThat(call(instance, 6)).isZero();
    assertThat(call(instance, 7)).isEqualTo(1);
  }

  /// Exports `name`: `result` for 0, else what the import answers for one less.
  private static byte[] counting(String module, String function, String name, int result) {
    return new ModuleBuilder()
        .importFunction(module, function, UNARY)
        .exportFunction(
            name,
            UNARY,
            code ->
                code.localGet(0)
                    .op(Opcode.I32_EQZ)
                    .ifThen(I32)
                    .i32Const(result)
                    .otherwise()
                    .localGet(0)
                    .i32Const(1)
                    .op(Opcode.I32_SUB)
                    .call(0)
                    .end())
        .build();
  }

  @Test
  void trapInACircle_isATrap() {
    byte[] left =
        new ModuleBuilder()
            .importFunction("right", "run", UNARY)
            .exportFunction("run", UNARY, code -> code.localGet(0).call(0))
            .exportFunction("trap", UNARY, code -> code.op(Opcode.UNREACHABLE))
            .build();
    Instance instance =
        link(
            adding("left", "run", 0),
            Map.of("left", left, "right", adding("left", "trap", 0)),
            Imports.NONE);

    assertThatThrownBy(() -> call(instance, 0)).isInstanceOf(TrapException.class);
  }

  @Test
  void endlessCircle_exhaustsTheStack() {
    Instance instance =
        link(
            adding("left", "run", 0),
            Map.of("left", adding("right", "run", 0), "right", adding("left", "run", 0)),
            Imports.NONE);

    assertThatThrownBy(() -> call(instance, 0))
        .isInstanceOf(TrapException.class)
        .hasMessageContaining("call stack exhausted");
  }

  @Test
  void otherItemsInACircle_cannotBeLinked() {
    byte[] left =
        new ModuleBuilder()
            .importItem("right", "shared", new GlobalType(I32, false))
            .exportFunction("run", UNARY, code -> code.localGet(0))
            .build();
    byte[] right =
        new ModuleBuilder()
            .importFunction("left", "run", UNARY)
            .global(new GlobalType(I32, false), code -> code.i32Const(1))
            .export("shared", ExternKind.GLOBAL, 0)
            .build();

    assertThatThrownBy(() ->
            link(adding("right", "missing", 0), Map.of("left", left, "right", right), Imports.NONE))
        .isInstanceOf(LinkException.class)
        .hasMessageContaining("only functions can be imported in a circle");
  }

  @Test
  void missingExport_cannotBeLinked() {
    assertThatThrownBy(() ->
            link(
                adding("other", "absent", 0),
                Map.of("other", adding("env", "absent", 0)),
                Imports.NONE))
        .isInstanceOf(LinkException.class)
        .hasMessageContaining("unknown import");
  }
}
