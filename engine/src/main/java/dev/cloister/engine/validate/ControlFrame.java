package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.ValueType;
import java.util.List;

/// A block that is open at one point of a body (Spec A.3.1). Frames are reused.
final class ControlFrame {

  /// The instruction that opened the block, or the part of it that is being read: `else`, `catch`.
  Opcode opcode = Opcode.BLOCK;

  /// The types that the block takes.
  List<ValueType> params = List.of();

  /// The types that the block leaves.
  List<ValueType> results = List.of();

  /// The number of operands below those of the block.
  int operandHeight;

  /// The number of locals that were initialized before the block.
  int initializedLocals;

  /// Whether the block's operand stack is polymorphic; up to date only while another block is open
  /// inside.
  boolean isPolymorphic;

  /// Returns the types that a branch to the block's label takes.
  List<ValueType> labelTypes() {
    return opcode == Opcode.LOOP ? params : results;
  }
}
