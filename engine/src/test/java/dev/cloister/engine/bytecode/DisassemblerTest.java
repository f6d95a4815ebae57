package dev.cloister.engine.bytecode;

import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.decode.ModuleDecoder;
import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.fixture.ModuleBuilder;
import dev.cloister.engine.module.InstructionText;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.Limits;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.TableType;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

final class DisassemblerTest {
  @Test
  void constants_areShownAsValues() {
    assertThat(
            texts(code ->
                code.i32Const(-7)
                    .drop()
                    .i64Const(8)
                    .drop()
                    .f64Const(0.5)
                    .drop()
                    .f32Const(2)
                    .drop()))
        .containsExactly(
            "i32.const -7",
            "drop",
            "i64.const 8",
            "drop",
            "f64.const 0.5",
            "drop",
            "f32.const 2.0",
            "drop",
            "end");
  }

  @Test
  void blocks_haveTheirType() {
    assertThat(
            texts(code ->
                code.block().end().block(I64).i64Const(1).end().drop().i32Const(0).brTable(0, 0)))
        .containsExactly(
            "block",
            "end",
            "block (result i64)",
            "i64.const 1",
            "end",
            "drop",
            "i32.const 0",
            "br_table 0 0",
            "end");
  }

  @Test
  void memoryAccesses_haveOffsetsAndMemories() {
    assertThat(
            texts(code ->
                code.i32Const(0)
                    .access(Opcode.I32_LOAD, 0)
                    .access(Opcode.I32_LOAD, 16)
                    .op(Opcode.I32_LOAD, 2, 8, 1)
                    .op(Opcode.MEMORY_GROW, 0)
                    .drop()))
        .containsExactly(
            "i32.const 0",
            "i32.load",
            "i32.load offset=16",
            "i32.load 1 offset=8",
            "memory.grow",
            "drop",
            "end");
  }

  @Test
  void references_haveTheirTypes() {
    assertThat(
            texts(code ->
                code.heapType(Opcode.REF_NULL, AbstractHeapType.FUNC)
                    .drop()
                    .i32Const(0)
                    .callIndirect(FuncType.EMPTY, 0)))
        .containsExactly("ref.null func", "drop", "i32.const 0", "call_indirect (type 0) 0", "end");
  }

  @Test
  void offsets_areThoseOfTheModule() {
    byte[] module = module(code -> code.i32Const(1).drop());
    List<InstructionText> instructions = decode(module);

    assertThat(module[instructions.getFirst().offset()]).isEqualTo((byte) 0x41);
    assertThat(instructions.get(1).offset()).isEqualTo(instructions.getFirst().offset() + 2);
  }

  private static List<String> texts(Consumer<CodeBuilder> body) {
    return decode(module(body)).stream().map(InstructionText::text).toList();
  }

  private static byte[] module(Consumer<CodeBuilder> body) {
    return new ModuleBuilder()
        .function(FuncType.EMPTY, body)
        .memory(1)
        .memory(1)
        .table(new TableType(RefType.FUNCREF, Limits.of(1)))
        .build();
  }

  private static List<InstructionText> decode(byte[] module) {
    return ModuleDecoder.decode(module, WasmFeatures.ALL, WasmLimits.defaults()).disassemble(0);
  }
}
