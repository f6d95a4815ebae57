package dev.cloister.engine.oracle;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.ConstExpr;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// The decoded instructions of a function or constant expression, the final `end` included.
///
/// @param locals the types of the locals besides the parameters
/// @param costs for each instruction that begins a segment, what the segment costs, else 0
record Body(List<ValueType> locals, List<Instruction> instructions, List<Integer> costs) {
  private static final Set<Opcode> FREE =
      EnumSet.of(
          Opcode.NOP,
          Opcode.DROP,
          Opcode.BLOCK,
          Opcode.LOOP,
          Opcode.ELSE,
          Opcode.END,
          Opcode.CATCH,
          Opcode.CATCH_ALL,
          Opcode.DELEGATE);

  private static final Set<Opcode> LAST =
      EnumSet.of(
          Opcode.LOOP,
          Opcode.IF,
          Opcode.ELSE,
          Opcode.END,
          Opcode.BR,
          Opcode.BR_IF,
          Opcode.BR_TABLE,
          Opcode.BR_ON_NULL,
          Opcode.BR_ON_NON_NULL,
          Opcode.BR_ON_CAST,
          Opcode.BR_ON_CAST_FAIL,
          Opcode.CALL,
          Opcode.CALL_INDIRECT,
          Opcode.CALL_REF,
          Opcode.RETURN_CALL,
          Opcode.RETURN_CALL_INDIRECT,
          Opcode.RETURN_CALL_REF,
          Opcode.RETURN,
          Opcode.UNREACHABLE,
          Opcode.THROW,
          Opcode.THROW_REF,
          Opcode.RETHROW,
          Opcode.CATCH,
          Opcode.CATCH_ALL,
          Opcode.DELEGATE);

  Body(List<ValueType> locals, List<Instruction> instructions) {
    this(locals, instructions, costs(instructions));
  }

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

  /// The rules of [dev.cloister.engine.runtime.Fuel].
  private static List<Integer> costs(List<Instruction> instructions) {
    List<Integer> costs = new ArrayList<>(Collections.nCopies(instructions.size(), 0));
    int start = 0;
    for (int i = 0; i < instructions.size(); i++) {
      Opcode opcode = instructions.get(i).opcode;
      if (!FREE.contains(opcode)) {
        costs.set(start, costs.get(start) + 1);
      }
      if (LAST.contains(opcode)) {
        start = i + 1;
      }
    }
    return costs;
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
      } else if (opcode == Opcode.CATCH || opcode == Opcode.CATCH_ALL) {
        open.getLast().legacyClauses.add(instruction);
      } else if (opcode == Opcode.DELEGATE) {
        open.getLast().delegate = instruction;
        open.removeLast().end = instructions.size();
      } else if (opcode == Opcode.END && !open.isEmpty()) {
        open.removeLast().end = instructions.size();
      }
      instructions.add(instruction);
    }
    return instructions;
  }
}
