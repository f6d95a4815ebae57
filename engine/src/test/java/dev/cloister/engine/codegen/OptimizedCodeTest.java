package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.call;
import static dev.cloister.engine.fixture.TestEngine.memory;
import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.fixture.TrapAssert.assertTraps;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.V128;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.VecType;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What optimized code leaves out, and what it must not.
///
/// The memory of these guests may grow, and has grown, so behind its end there is spare capacity:
/// an access there that lacks its check would not trap.
final class OptimizedCodeTest {
  private static final int END = 11 * 65_536;
  private static final FuncType INT = new FuncType(List.of(I32), List.of(I32));
  private static final FuncType BINARY = new FuncType(List.of(I32, I32), List.of(I32));
  private static final FuncType TO_INT = new FuncType(List.of(), List.of(I32));

  private final TestEngine engine =
      new TestEngine(EngineConfig.defaults().withCodeKind(CodeKind.OPTIMIZED));

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static CodeBuilder load(CodeBuilder code, int local, long offset) {
    return code.localGet(local).access(Opcode.I32_LOAD, offset);
  }

  private static ModuleBuilder growing() {
    return new ModuleBuilder()
        .memory(8)
        .exportFunction("grow", TO_INT, code -> code.i32Const(1).op(Opcode.MEMORY_GROW, 0));
  }

  /// Returns an instance with `f` whose memory has spare capacity behind its eleven pages.
  private Instance grown(FuncType type, Consumer<CodeBuilder> body) {
    Instance instance = engine.instantiate(growing().exportFunction("f", type, body));
    for (int pages = 8; pages < 11; pages++) {
      assertThat(result(instance, "grow")).isEqualTo(pages);
    }
    assertThat(memory(instance).capacityBytes()).isGreaterThan(END);
    return instance;
  }

  private static void assertOutOfBounds(Instance instance, Object... args) {
    assertTraps(TrapReason.MEMORY_OUT_OF_BOUNDS, () -> call(instance, "f", args));
  }

  @Test
  void listing_ofWhatIsLeftOut() {
    GoldenListing.assertMatches(
        "optimized",
        CodeKind.OPTIMIZED,
        growing()
            .global(new GlobalType(I32, false), code -> code.i32Const(1234))
            .global(new GlobalType(F64, false), code -> code.f64Const(0.5))
            // The second access reaches less far than the first, the third further.
            .function(
                INT,
                code -> {
                  load(code, 0, 8);
                  load(code, 0, 4).i32Add();
                  load(code, 0, 12).i32Add();
                })
            // What was checked before a block is known in both arms and behind it, unless written.
            .function(
                BINARY,
                code -> {
                  load(code, 0, 4).ifThen();
                  load(code, 0, 0).localSet(1);
                  code.otherwise();
                  load(code, 0, 4).localSet(1);
                  code.end();
                  load(code, 0, 0);
                  load(code, 1, 0).i32Add();
                })
            // Locals that are never written or never read, and globals that never change.
            .function(
                INT,
                code -> {
                  int zero = code.local(I32);
                  int unused = code.local(I32);
                  code.localGet(0)
                      .localTee(unused)
                      .localGet(zero)
                      .i32Add()
                      .globalGet(0)
                      .i32Add()
                      .globalGet(1)
                      .op(Opcode.I32_TRUNC_SAT_F64_S)
                      .localSet(unused);
                }));
  }

  @Test
  void accessThatReachesFurther_isChecked() {
    Instance instance = grown(INT, code -> load(load(code, 0, 4).drop(), 0, 8));

    assertThat(result(instance, "f", END - 12)).isEqualTo(0);
    assertOutOfBounds(instance, END - 11);
    assertOutOfBounds(instance, END - 8);
  }

  @Test
  void addressThatIsWritten_isCheckedAgain() {
    Instance instance =
        grown(
            INT,
            code -> {
              load(code, 0, 0).drop().localGet(0).i32Const(64).i32Add().localSet(0);
              load(code, 0, 0);
            });

    assertThat(result(instance, "f", END - 68)).isEqualTo(0);
    assertOutOfBounds(instance, END - 64);
    assertOutOfBounds(instance, END);
  }

  /// A turn of the loop moves the address behind the access that was checked before it.
  @Test
  void addressThatALoopWrites_isCheckedInEachTurn() {
    Instance instance =
        grown(
            BINARY,
            code -> {
              load(code, 0, 0).drop().loop();
              load(code, 0, 0).drop();
              code.localGet(0)
                  .i32Const(65_536)
                  .i32Add()
                  .localSet(0)
                  .localGet(1)
                  .i32Const(1)
                  .op(Opcode.I32_SUB)
                  .localTee(1)
                  .brIf(0)
                  .end()
                  .localGet(0);
            });

    assertThat(result(instance, "f", 0, 11)).isEqualTo(END);
    assertOutOfBounds(instance, 0, 12);
  }

  /// The access is in one arm only, or behind a branch that may leave it out.
  @Test
  void accessThatMayNotHaveHappened_isNoCheck() {
    Instance inArm =
        grown(
            BINARY,
            code -> {
              code.localGet(1).ifThen();
              load(code, 0, 0).drop().end();
              load(code, 0, 0);
            });
    Instance behindBranch =
        grown(
            BINARY,
            code -> {
              code.block().localGet(1).op(Opcode.I32_EQZ).brIf(0);
              load(code, 0, 0).drop().end();
              load(code, 0, 0);
            });
    Instance inOtherArm =
        grown(
            BINARY,
            code -> {
              code.localGet(1).ifThen(I32);
              load(code, 0, 0).otherwise();
              load(code, 0, 0).end();
            });

    for (Instance instance : List.of(inArm, behindBranch, inOtherArm)) {
      assertThat(result(instance, "f", END - 4, 0)).isEqualTo(0);
      assertOutOfBounds(instance, END - 3, 0);
      assertOutOfBounds(instance, END - 3, 1);
    }
  }

  /// An `if` without `else` whose arm never comes to its end.
  @Test
  void armThatIsLeft_saysNothingOfTheOther() {
    Instance instance =
        grown(
            BINARY,
            code -> {
              code.localGet(1).ifThen();
              load(code, 0, 0).ret().end();
              load(code, 0, 0);
            });

    assertOutOfBounds(instance, END, 0);
    assertOutOfBounds(instance, END, 1);
  }

  /// The write is in a block, what is known is from before it.
  @Test
  void addressWrittenInABlock_isCheckedBehindIt() {
    Instance instance =
        grown(
            BINARY,
            code -> {
              load(code, 0, 0).drop().block().block().localGet(1).brIf(1);
              code.i32Const(END).localSet(0).end().end();
              load(code, 0, 0);
            });

    assertThat(result(instance, "f", 0, 1)).isEqualTo(0);
    assertOutOfBounds(instance, 0, 0);
  }

  /// In a memory of fixed size the first access proves that an address is not negative.
  @Test
  void addressInFixedMemory_isCheckedByTheArray() {
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .memory(1)
                .exportFunction(
                    "f", INT, code -> load(load(code, 0, 0).drop(), 0, Integer.MAX_VALUE - 8)));

    assertOutOfBounds(instance, -4);
    assertOutOfBounds(instance, 0);
    assertOutOfBounds(instance, 65_532);
  }

  @Test
  void zeroThatIsNeverWritten_isZeroOfItsKind() {
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    new FuncType(List.of(), List.of(F64)),
                    code -> {
                      int zero = code.local(F64);
                      code.localGet(zero).localGet(zero).op(Opcode.F64_ADD);
                    }));

    assertThat(result(instance, "f")).isEqualTo(0.0);
  }

  /// Both halves are zero, also where the operand stack held another vector before.
  @Test
  void vectorThatIsNeverWritten_isZero() {
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    new FuncType(List.of(), List.of(VecType.V128)),
                    code -> {
                      int zero = code.local(VecType.V128);
                      code.op(Opcode.V128_CONST, 1, 2).drop().localGet(zero);
                    }));

    assertThat(result(instance, "f")).isEqualTo(new V128(0, 0));
  }

  /// Parameters are no zeros, though nobody writes them.
  @Test
  void parameterThatIsNeverWritten_keepsItsValue() {
    Instance instance =
        engine.instantiate(new ModuleBuilder().exportFunction("f", INT, code -> code.localGet(0)));

    assertThat(result(instance, "f", 7)).isEqualTo(7);
  }
}
