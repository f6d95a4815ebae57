package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import org.objectweb.asm.Opcodes;

/// Writes what code that counts has besides: the charges of [dev.cloister.engine.runtime.Fuel].
final class FuelEmitter {
  private final MethodState state;
  private final BytecodeWriter writer;

  FuelEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes the charge of a segment. It leaves the JVM stack as it is, so it can be anywhere.
  void charge(int cost) {
    if (cost > 0) {
      state.instance.writeInstance();
      writer.iconst(cost);
      writer.invokestatic(Names.FUEL, "charge", "(" + Names.BASE_INSTANCE_DESC + "I)V");
    }
  }

  /// Writes what a bulk instruction pays for its length, the topmost operand.
  void chargeBulk(Opcode opcode, InstructionReader reader) {
    state.flush();
    JvmKind length = state.peek(0);
    writer.insn(length == JvmKind.LONG ? Opcodes.DUP2 : Opcodes.DUP);
    writer.iconst(FuelSegments.elementBytes(opcode, reader, state.module));
    state.instance.writeInstance();
    writer.invokestatic(
        Names.FUEL,
        "chargeBulk",
        "(" + length.descriptor() + "I" + Names.BASE_INSTANCE_DESC + ")V");
  }
}
