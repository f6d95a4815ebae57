package dev.cloister.engine.oracle;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.ConstExpr;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.List;

/// The decoded instructions of a function or constant expression, the final `end` included.
///
/// @param locals the types of the locals besides the parameters
record Body(List<ValueType> locals, List<Instruction> instructions) {
  static Body ofFunction(WasmModule module, int function) {
    InstructionReader reader = module.bodyInstructions(function);
    List<ValueType> locals = new ArrayList<>();
    for (int groups = reader.readLocalGroups(); groups > 0; groups--) {
      int count = reader.readLocalCount();
      ValueType type = reader.readLocalType();
      for (int i = 0; i < count; i++) {
        locals.add(type);
      }
    }
    return new Body(locals, read(reader, module));
  }

  static Body ofConstant(WasmModule module, ConstExpr expression) {
    return new Body(
        List.of(), read(module.instructions(expression.offset(), expression.end()), module));
  }

  private static List<Instruction> read(InstructionReader reader, WasmModule module) {
    List<Instruction> instructions = new ArrayList<>();
    List<Instruction> open = new ArrayList<>();
    while (!reader.atEnd()) {
      Opcode opcode = reader.next();
      Instruction instruction = new Instruction(instructions.size(), opcode, reader, module);
      if (instruction.opensBlock()) {
        open.add(instruction);
      } else if (opcode == Opcode.ELSE) {
        open.getLast().otherwise = instructions.size();
      } else if (opcode == Opcode.END && !open.isEmpty()) {
        open.removeLast().end = instructions.size();
      }
      instructions.add(instruction);
    }
    return instructions;
  }
}
