package dev.cloister.engine.codegen;

import static dev.cloister.engine.fixture.TestEngine.result;
import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Comparisons that are not written yet when something else happens above them.
final class PendingOperandTest {
  private static final FuncType BINARY = new FuncType(List.of(I32, I32), List.of(I32));

  private final TestEngine engine = new TestEngine();

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  /// Compiles `a < b` (unsigned), then `above`, then the sum of both, and tries all outcomes.
  private void assertKept(Consumer<CodeBuilder> above, int added) {
    Instance instance =
        engine.instantiate(
            new ModuleBuilder()
                .exportFunction(
                    "f",
                    BINARY,
                    code -> {
                      code.localGet(0).localGet(1).op(Opcode.I32_LT_U);
                      above.accept(code);
                      code.i32Add();
                    })
                .function(BINARY, code -> code.localGet(1))
                .memory(1));
    assertThat(result(instance, "f", 1, 2)).isEqualTo(1 + added);
    assertThat(result(instance, "f", 2, 1)).isEqualTo(added);
    assertThat(result(instance, "f", -1, 1)).isEqualTo(added);
  }

  @Test
  void comparison_belowIf_isKept() {
    assertKept(
        code -> code.localGet(1).ifThen(I32).i32Const(10).otherwise().i32Const(20).end(), 10);
    assertKept(
        code -> code.i32Const(0).ifThen(I32).i32Const(10).otherwise().i32Const(20).end(), 20);
  }

  @Test
  void comparison_belowBlocks_isKept() {
    assertKept(code -> code.block(I32).i32Const(10).end(), 10);
    assertKept(code -> code.start(Opcode.LOOP, I32).i32Const(10).end(), 10);
    assertKept(
        code -> code.block(I32).i32Const(10).localGet(1).brIf(0).drop().i32Const(3).end(), 10);
    assertKept(code -> code.block(I32).i32Const(10).i32Const(7).brTable(0, 0).end(), 10);
  }

  @Test
  void comparison_belowOtherInstructions_isKept() {
    assertKept(code -> code.i32Const(3).i32Const(4).localGet(1).op(Opcode.SELECT), 3);
    assertKept(code -> code.localGet(0).i32Const(9).call(1), 9);
    assertKept(code -> code.i32Const(9).localTee(0), 9);
    assertKept(code -> code.i32Const(16).access(Opcode.I32_LOAD, 0), 0);
    assertKept(code -> code.i32Const(8).i32Const(9).access(Opcode.I32_STORE, 0).i32Const(9), 9);
    assertKept(code -> code.i32Const(5).op(Opcode.I32_EQZ), 0);
    assertKept(code -> code.localGet(1).op(Opcode.I32_EQZ).op(Opcode.I32_EQZ), 1);
    assertKept(code -> code.i32Const(0).op(Opcode.MEMORY_GROW, 0), 1);
  }
}
