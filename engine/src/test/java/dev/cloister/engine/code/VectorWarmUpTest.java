package dev.cloister.engine.code;

import static dev.cloister.engine.types.NumType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.ValueType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// That the module of [VectorWarmUp] has every instruction on vectors. `-Dbless=true` writes it
/// anew.
final class VectorWarmUpTest {
  private static final Path FILE =
      Path.of(System.getProperty("project.root", ".."))
          .resolve("engine/src/main/resources/dev/cloister/engine/code/vectors.wasm");

  private static List<Opcode> opcodes() {
    return Arrays.stream(Opcode.values())
        .filter(opcode -> opcode.prefix() == Opcode.PREFIX_SIMD)
        .toList();
  }

  private static byte[] make() {
    ModuleBuilder module = new ModuleBuilder().memory(1);
    for (Opcode opcode : opcodes()) {
      module.exportFunction(
          opcode.mnemonic(),
          FuncType.EMPTY,
          code -> {
            write(code, opcode, /* isCountConstant= */ false);
            if (takesCount(opcode)) {
              write(code, opcode, /* isCountConstant= */ true);
            }
          });
    }
    return module.build();
  }

  private static boolean takesCount(Opcode opcode) {
    return opcode.mnemonic().contains(".sh") && opcode.immediates() == ImmediateKind.NONE;
  }

  private static void write(CodeBuilder code, Opcode opcode, boolean isCountConstant) {
    if (opcode.accessWidthLog2() >= 0) {
      code.i32Const(0).op(Opcode.I32_LOAD, 2, 512);
    }
    FuncType type = opcode.signature();
    if (type != null) {
      for (ValueType param : type.params()) {
        if (isCountConstant && param == I32) {
          code.i32Const(3);
        } else {
          load(code, param);
        }
      }
    }
    switch (opcode.immediates()) {
      case MEMORY_ACCESS -> code.op(opcode, 0, 16);
      case MEMORY_ACCESS_LANE -> code.op(opcode, 0, 16, 1);
      case LANE -> code.op(opcode, 1);
      case V128 -> code.op(opcode, 0x0102_0304_0506_0708L, 3);
      case SHUFFLE -> code.op(opcode, 0x1716_1514_1312_1110L, 0x0706_0504_0302_0100L);
      default -> code.op(opcode);
    }
    if (type != null && !type.results().isEmpty()) {
      code.drop();
    }
  }

  private static void load(CodeBuilder code, ValueType type) {
    code.i32Const(0);
    if (type instanceof NumType number) {
      switch (number) {
        case I32 -> code.op(Opcode.I32_LOAD, 2, 32);
        case I64 -> code.op(Opcode.I64_LOAD, 3, 32);
        case F32 -> code.op(Opcode.F32_LOAD, 2, 32);
        case F64 -> code.op(Opcode.F64_LOAD, 3, 32);
      }
    } else {
      code.op(Opcode.V128_LOAD, 4, 64);
    }
  }

  @Test
  void module_hasEveryInstruction() throws IOException {
    byte[] made = make();
    if (Boolean.getBoolean("bless")) {
      Files.createDirectories(Objects.requireNonNull(FILE.getParent()));
      Files.write(FILE, made);
    }
    assertThat(Files.readAllBytes(FILE)).isEqualTo(made);
  }
}
