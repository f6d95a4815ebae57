package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Switches with so many targets that their cases work on opaque copies of the locals.
///
/// The copies must never be seen: whatever a case assigns, and whatever else is in local variables
/// of the JVM at its label, reads as if there were none.
final class BigSwitchTest {
  private static final int CASES = 9;
  private static final FuncType BINARY = new FuncType(List.of(I32, I32), List.of(I32));

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// Writes a switch: `body` writes the code of a case, which is followed by a branch to the end.
  ///
  /// The blocks around it are those of the cases that follow, then one for the end.
  private static void bigSwitch(CodeBuilder code, Runnable selector, IntConsumer body) {
    for (int i = 0; i <= CASES; i++) {
      code.block();
    }
    selector.run();
    code.brTable(IntStream.range(0, CASES).asLongStream().toArray());
    for (int i = 0; i < CASES; i++) {
      code.end();
      body.accept(i);
      code.br(CASES - 1 - i);
    }
    code.end();
  }

  /// Writes something that all cases compute, so that they have copies of these locals.
  private static CodeBuilder share(CodeBuilder code, int... locals) {
    for (int local : locals) {
      code.localGet(local).i32Const(1).op(Opcode.I32_XOR).drop();
    }
    return code;
  }

  private Instance instance(FuncType type, Consumer<CodeBuilder> body) {
    return engine.instantiate(new ModuleBuilder().exportFunction("f", type, body));
  }

  @Test
  void cases_readAndAssignLocals() {
    Instance instance =
        instance(
            BINARY,
            code -> {
              bigSwitch(
                  code,
                  () -> code.localGet(0),
                  i -> share(code, 1).localGet(1).i32Const(i * 100).i32Add().localSet(1));
              code.localGet(1);
            });

    for (int i = 0; i < CASES; i++) {
      assertThat(result(instance, "f", i, 7)).as("case %s", i).isEqualTo(7 + i * 100);
    }
    assertThat(result(instance, "f", -1, 7)).isEqualTo(7 + (CASES - 1) * 100);
  }

  /// A local that an inner case assigns is read by the outer case behind the inner switch.
  @Test
  void local_assignedInNestedCase_isSeenByTheOuterCase() {
    Instance instance =
        instance(
            BINARY,
            code -> {
              int sum = code.local(I32);
              int wide = code.local(I64);
              bigSwitch(
                  code,
                  () -> code.localGet(0),
                  outer -> {
                    // Read before written, so that the outer case has a copy of each.
                    code.localGet(sum).i32Const(1).i32Add().localSet(sum);
                    code.localGet(wide).i64Const(1).op(Opcode.I64_ADD).localSet(wide);
                    bigSwitch(
                        code,
                        () -> code.localGet(1),
                        inner -> {
                          share(code, sum).localGet(wide).i64Const(1).op(Opcode.I64_XOR).drop();
                          code.localGet(sum).i32Const(10 * inner).i32Add().localSet(sum);
                          code.localGet(wide)
                              .i64Const(10L * inner)
                              .op(Opcode.I64_ADD)
                              .localTee(wide)
                              .drop();
                        });
                    code.localGet(sum).i32Const(1000 * outer).i32Add().localSet(sum);
                    code.localGet(wide).i64Const(1000L * outer).op(Opcode.I64_ADD).localSet(wide);
                  });
              code.localGet(sum).localGet(wide).op(Opcode.I32_WRAP_I64).i32Add();
            });

    for (int outer = 0; outer < CASES; outer++) {
      for (int inner = 0; inner < CASES; inner++) {
        assertThat(result(instance, "f", outer, inner))
            .as("case %s of case %s", inner, outer)
            .isEqualTo(2 * (1 + 10 * inner + 1000 * outer));
      }
    }
  }

  /// An operand that waits below the switch is not overwritten by the copies.
  @Test
  void operands_belowTheSwitch_areKept() {
    Instance instance =
        instance(
            BINARY,
            code -> {
              int x = code.local(I32);
              int y = code.local(I32);
              code.localGet(0).i32Const(1000).op(Opcode.I32_MUL).localSet(x);
              code.localGet(1).i32Const(3).op(Opcode.I32_MUL).localSet(y);
              code.localGet(x).localGet(0).localGet(1).i32Add();
              bigSwitch(
                  code,
                  () -> code.localGet(0),
                  i -> {
                    // One more operand waits in the frame whose cases have the copies.
                    code.localGet(x).localGet(y);
                    bigSwitch(
                        code,
                        () -> code.localGet(1),
                        j -> share(code, x, y).localGet(y).localGet(x).i32Add().drop());
                    code.op(Opcode.I32_SUB).localGet(y).i32Add().localSet(x);
                  });
              code.i32Add().localGet(x).op(Opcode.I32_XOR);
            });

    for (int i = 0; i < CASES; i++) {
      for (int j = 0; j < CASES; j++) {
        int x = 1000 * i;
        assertThat(result(instance, "f", i, j))
            .as("case %s of case %s", j, i)
            .isEqualTo((x + i + j) ^ x);
      }
    }
  }

  /// An operand that waits in the block of the label is not overwritten by the copies either.
  @Test
  void operands_inTheBlocksOfTheLabels_areKept() {
    Instance instance =
        instance(
            BINARY,
            code -> {
              int sum = code.local(I32);
              for (int i = 0; i < CASES; i++) {
                code.block();
                if (i < CASES - 1) {
                  code.localGet(1).i32Const(i).i32Add();
                }
              }
              code.localGet(0);
              code.brTable(IntStream.range(0, CASES).asLongStream().toArray());
              for (int i = 0; i < CASES; i++) {
                code.end();
                code.localGet(sum).localGet(0).i32Add().localSet(sum);
                if (i < CASES - 1) {
                  code.localGet(sum).i32Add().localSet(sum);
                }
              }
              code.localGet(sum);
            });

    for (int i = 0; i < CASES; i++) {
      int expected = 0;
      for (int label = i; label < CASES; label++) {
        expected += i;
        if (label < CASES - 1) {
          expected += 77 + CASES - 2 - label;
        }
      }
      assertThat(result(instance, "f", i, 77)).as("case %s", i).isEqualTo(expected);
    }
  }

  /// The value that a switch hands to a label is not overwritten by the copies behind the label.
  @Test
  void values_ofTheLabels_areKept() {
    Instance instance =
        instance(
            BINARY,
            code -> {
              for (int i = 0; i < CASES; i++) {
                code.block(I32);
              }
              code.localGet(1).localGet(0);
              code.brTable(IntStream.range(0, CASES).asLongStream().toArray());
              for (int i = 0; i < CASES; i++) {
                code.end();
                share(code, 0, 1);
                // ((value + first local) * 3) + second local, once for each label that is passed.
                code.localGet(0).i32Add().i32Const(3).op(Opcode.I32_MUL).localGet(1).i32Add();
              }
            });

    for (int i = 0; i < CASES; i++) {
      int expected = 77;
      for (int label = i; label < CASES; label++) {
        expected = (expected + i) * 3 + 77;
      }
      assertThat(result(instance, "f", i, 77)).as("case %s", i).isEqualTo(expected);
    }
  }

  /// An interpreter: a switch in a loop whose cases assign what the next turn dispatches on.
  @Test
  void switch_inLoop_seesWhatTheLastTurnAssigned() {
    Instance instance =
        instance(
            BINARY,
            code -> {
              int sum = code.local(I32);
              code.loop();
              bigSwitch(
                  code,
                  () -> code.localGet(0),
                  i -> {
                    share(code, sum).localGet(sum).i32Const(i + 1).i32Add().localSet(sum);
                    // State i is followed by state 2i+1 modulo the number of cases.
                    code.localGet(0).i32Const(2).op(Opcode.I32_MUL).i32Const(1).i32Add();
                    code.i32Const(CASES).op(Opcode.I32_REM_U).localSet(0);
                    code.localGet(1).i32Const(1).op(Opcode.I32_SUB).localTee(1);
                    code.brIf(CASES - i);
                  });
              code.end();
              code.localGet(sum);
            });

    for (int state = 0; state < CASES; state++) {
      int expected = 0;
      for (int turn = 0, at = state; turn < 100; turn++) {
        expected += at + 1;
        at = (2 * at + 1) % CASES;
      }
      assertThat(result(instance, "f", state, 100)).as("from %s", state).isEqualTo(expected);
    }
  }

  /// Two switches one after the other in the same block have copies of the same locals.
  @Test
  void switches_inOneBlock_seeEachOthersAssignments() {
    Instance instance =
        instance(
            BINARY,
            code -> {
              for (int round = 0; round < 3; round++) {
                bigSwitch(
                    code,
                    () -> code.localGet(0),
                    i -> share(code, 1).localGet(1).i32Const(i).i32Add().localSet(1));
                code.localGet(1).localGet(1).i32Add().localSet(1);
              }
              code.localGet(1);
            });

    for (int i = 0; i < CASES; i++) {
      int expected = 5;
      for (int round = 0; round < 3; round++) {
        expected = (expected + i) * 2;
      }
      assertThat(result(instance, "f", i, 5)).as("case %s", i).isEqualTo(expected);
    }
  }
}
