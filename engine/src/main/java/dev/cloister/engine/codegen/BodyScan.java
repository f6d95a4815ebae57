package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;

/// Facts about a function that must be known before its first instruction is written.
///
/// @param accessesMemory whether it reads or writes memory 0
/// @param calls whether it calls
record BodyScan(boolean accessesMemory, boolean calls) {
  /// Reads a body for its facts; stops as soon as all are known.
  ///
  /// @param from module offset of its first instruction
  /// @param to module offset behind its last instruction
  static BodyScan of(WasmModule module, int from, int to) {
    InstructionReader reader = module.instructions(from, to);
    boolean accessesMemory = false;
    boolean calls = false;
    while (!reader.atEnd() && !(accessesMemory && calls)) {
      Opcode opcode = reader.next();
      accessesMemory |= accessesMemory(opcode, reader);
      calls |= calls(opcode);
    }
    return new BodyScan(accessesMemory, calls);
  }

  /// {@return whether the instruction at which a reader stands reads or writes memory 0}
  static boolean accessesMemory(Opcode opcode, InstructionReader reader) {
    ImmediateKind kind = opcode.immediates();
    boolean isAccess =
        kind == ImmediateKind.MEMORY_ACCESS || kind == ImmediateKind.MEMORY_ACCESS_LANE;
    return isAccess && reader.memoryIndex() == 0;
  }

  /// {@return whether a Wasm exception can come out of an instruction}
  static boolean throwsExceptions(Opcode opcode) {
    return calls(opcode)
        || opcode == Opcode.THROW
        || opcode == Opcode.THROW_REF
        || opcode == Opcode.RETHROW;
  }

  private static boolean calls(Opcode opcode) {
    return switch (opcode) {
      case CALL, CALL_INDIRECT, CALL_REF, RETURN_CALL, RETURN_CALL_INDIRECT, RETURN_CALL_REF ->
          true;
      default -> false;
    };
  }
}
