package dev.cloister.engine.decode;

import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.ExternKind;
import dev.cloister.engine.types.FuncType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The plugins of the demo are the only binaries in the tree: they must be what their texts say.
/// With `-Dbless=true` they are written instead.
final class ExamplesTest {
  private static final Path FOLDER = Path.of("../examples");

  private static void check(String name, byte[] built) throws IOException {
    Path binary = FOLDER.resolve(name).resolve(name + ".wasm");
    if (Boolean.getBoolean("bless")) {
      Files.write(binary, built);
    }
    assertThat(Files.readAllBytes(binary)).isEqualTo(built);
  }

  @Test
  void arithmetic_isItsTextAssembled() throws IOException {
    byte[] built =
        new ModuleBuilder()
            .name("arithmetic")
            .exportFunction(
                "fibonacci", new FuncType(List.of(I32), List.of(I64)), ExamplesTest::writeFibonacci)
            .exportFunction(
                "divide",
                new FuncType(List.of(I32, I32), List.of(I32)),
                code -> code.localGet(0).localGet(1).op(Opcode.I32_DIV_S))
            .nameFunction(0, "fibonacci")
            .nameFunction(1, "divide")
            .build();
    check("arithmetic", built);
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

  @Test
  void shout_isItsTextAssembled() throws IOException {
    FuncType system = new FuncType(List.of(I32, I32, I32, I32), List.of(I32));
    byte[] built =
        new ModuleBuilder()
            .name("shout")
            .importFunction("wasi_snapshot_preview1", "fd_read", system)
            .importFunction("wasi_snapshot_preview1", "fd_write", system)
            .memory(2)
            .export("memory", ExternKind.MEMORY, 0)
            .exportFunction("_start", new FuncType(List.of(), List.of()), ExamplesTest::writeShout)
            .nameFunction(2, "start")
            .build();
    check("shout", built);
  }

  private static void writeShout(CodeBuilder code) {
    int i = code.local(I32);
    int count = code.local(I32);
    int character = code.local(I32);
    code.loop();
    code.i32Const(0).i32Const(65536).access(Opcode.I32_STORE, 0);
    code.i32Const(4).i32Const(65536).access(Opcode.I32_STORE, 0);
    code.i32Const(0).i32Const(0).i32Const(1).i32Const(8).call(0).drop();
    code.i32Const(8).access(Opcode.I32_LOAD, 0).localTee(count).ifThen();
    code.i32Const(0).localSet(i).loop();
    code.localGet(i).access(Opcode.I32_LOAD8_U, 65536).localTee(character);
    code.i32Const('a').op(Opcode.I32_SUB).i32Const(26).op(Opcode.I32_LT_U).ifThen();
    code.localGet(i).localGet(character).i32Const(32).op(Opcode.I32_SUB);
    code.access(Opcode.I32_STORE8, 65536).end();
    code.localGet(i).i32Const(1).i32Add().localTee(i);
    code.localGet(count).op(Opcode.I32_LT_U).brIf(0).end();
    code.i32Const(4).localGet(count).access(Opcode.I32_STORE, 0);
    code.i32Const(1).i32Const(0).i32Const(1).i32Const(8).call(1).drop();
    code.br(1).end().end();
  }
}
