package dev.cloister.engine.runtime;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.global;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static dev.cloister.engine.types.RefType.FUNCREF;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.RetainedSize;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.MemoryType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What instances of a module begin with, of which they share what never differs.
final class InstancePlanTest {
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));
  private static final FuncType INT = new FuncType(List.of(I32), List.of());

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  @Test
  void instances_haveGlobalsOfTheirOwn() {
    ModuleBuilder module =
        new ModuleBuilder()
            .exportFunction("get", TO_INT, code -> code.globalGet(0))
            .exportFunction("set", INT, code -> code.localGet(0).globalSet(0))
            .global(new GlobalType(I32, true), code -> code.i32Const(5))
            .global(new GlobalType(I64, true), code -> code.i64Const(6))
            .global(new GlobalType(F64, true), code -> code.f64Const(0.5))
            .export("long", ExternKind.GLOBAL, 1)
            .export("double", ExternKind.GLOBAL, 2);
    Instance first = engine.instantiate(module);
    call(first, "set", 50);
    global(first, "long").set(60L);
    global(first, "double").set(7.5);

    Instance second = engine.instantiate(module);
    assertThat(result(second, "get")).isEqualTo(5);
    assertThat(global(second, "long").value()).isEqualTo(6L);
    assertThat(global(second, "double").value()).isEqualTo(0.5);
    assertThat(result(first, "get")).isEqualTo(50);
    assertThat(global(first, "long").value()).isEqualTo(60L);
  }

  @Test
  void expressions_ofImportsAndFunctions_areEvaluatedForEachInstance() {
    ModuleBuilder module =
        new ModuleBuilder()
            .importItem("m", "base", new GlobalType(I32, false))
            .exportFunction("f", TO_INT, code -> code.globalGet(2))
            .memory(1)
            .global(new GlobalType(FUNCREF, false), code -> code.op(Opcode.REF_FUNC, 0))
            .global(new GlobalType(I32, false), code -> code.i32Const(1).globalGet(0).i32Add())
            .export("function", ExternKind.GLOBAL, 1)
            .data(0, code -> code.globalGet(0).i32Const(4).i32Add(), new byte[] {9});
    for (int base : new int[] {10, 20}) {
      Global imported = Global.create(new GlobalType(I32, false), base);
      Instance instance =
          engine.instantiate(module, Imports.builder().define("m", "base", imported).build());
      assertThat(result(instance, "f")).isEqualTo(base + 1);
      assertThat(memory(instance).getByte(base + 4)).isEqualTo((byte) 9);
      assertThat(global(instance, "function").value()).isSameAs(instance.exportedFunction("f"));
    }
  }

  @Test
  void offsets_areUnsigned() {
    for (int i = 0; i < 2; i++) {
      assertTraps(
          TrapReason.MEMORY_OUT_OF_BOUNDS,
          () -> engine.instantiate(new ModuleBuilder().memory(1).data(-1, new byte[1])));
      MemoryType wide = MemoryType.of(new Limits(true, 1, false, 0));
      assertTraps(
          TrapReason.MEMORY_OUT_OF_BOUNDS,
          () ->
              engine.instantiate(
                  new ModuleBuilder()
                      .memory(wide)
                      .data(0, code -> code.i64Const(1L << 32), new byte[1])));
    }
  }

  @Test
  void manyGlobals_areAllSet() {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < 1_500; i++) {
      int value = i;
      module.global(new GlobalType(I32, true), code -> code.i32Const(value));
    }
    module
        .exportFunction("first", TO_INT, code -> code.globalGet(3))
        .exportFunction("last", TO_INT, code -> code.globalGet(1_499))
        .exportFunction("set", INT, code -> code.localGet(0).globalSet(1_499));
    for (int i = 0; i < 2; i++) {
      Instance instance = engine.instantiate(module);
      assertThat(result(instance, "first")).isEqualTo(3);
      assertThat(result(instance, "last")).isEqualTo(1_499);
      call(instance, "set", 7);
      assertThat(result(instance, "last")).isEqualTo(7);
    }
  }

  @Test
  void instance_doesNotPayForFunctionsThatNobodyRefersTo() {
    ModuleBuilder module = new ModuleBuilder();
    for (int i = 0; i < 10_000; i++) {
      module.function(TO_INT, code -> code.i32Const(1));
    }
    Instance instance =
        engine.instantiate(module.exportFunction("f", TO_INT, code -> code.i32Const(2)));
    assertThat(result(instance, "f")).isEqualTo(2);
    long retained =
        RetainedSize.of(
            List.of(
                instance.linkage(),
                instance.store,
                instance.results,
                instance.gcHeap,
                requireNonNull(instance.image()),
                requireNonNull(instance.codeUser()),
                requireNonNull(instance.codeUse())),
            instance);
    assertThat(retained).isLessThan(20_000);
  }
}
