package dev.cloister.engine.decode;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The plugin of the demo is the one binary in the tree: it must be what its text says.
final class ArithmeticExampleTest {
  private static final Path FOLDER = Path.of("../examples/arithmetic");

  @Test
  void binary_isItsTextAssembled() throws IOException {
    byte[] built =
        new ModuleBuilder()
            .name("arithmetic")
            .exportFunction(
                "fibonacci",
                new FuncType(List.of(I32), List.of(I64)),
                ArithmeticExampleTest::writeFibonacci)
            .exportFunction(
                "divide",
                new FuncType(List.of(I32, I32), List.of(I32)),
                code -> code.localGet(0).localGet(1).op(Opcode.I32_DIV_S))
            .nameFunction(0, "fibonacci")
            .nameFunction(1, "divide")
            .build();
    assertThat(Files.readAllBytes(FOLDER.resolve("arithmetic.wasm"))).isEqualTo(built);
  }

  private static void writeFibonacci(CodeBuilder code) {
    int a = code.local(I64);
    int b = code.local(I64);
    int next = code.local(I64);
    code.i64Const(1).localSet(b).loop().localGet(0).ifThen();
    code.localGet(a).localGet(b).op(Opcode.I64_ADD).localSet(next);
    code.localGet(b).localSet(a).localGet(next).localSet(b);
    code.localGet(0).i32Const(1).op(Opcode.I32_SUB).localSet(0).br(1).end().end().localGet(a);
  }
}
