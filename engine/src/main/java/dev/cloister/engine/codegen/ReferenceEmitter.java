package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import org.objectweb.asm.Opcodes;

/// Writes instructions on references and tables.
final class ReferenceEmitter {
  private static final String REF = "Ljava/lang/Object;";

  private final MethodState state;
  private final BytecodeWriter writer;

  ReferenceEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes `opcode` if it works on references or tables.
  ///
  /// @return whether it does
  boolean emit(Opcode opcode, InstructionReader reader) {
    switch (opcode) {
      case REF_NULL -> state.operands.pushConstant(JvmKind.REF, 0);
      case REF_FUNC -> {
        state.flush();
        state.writeInstance();
        writer.iconst(reader.index());
        writer.invokevirtual(Names.BASE_INSTANCE, "reference", "(I)" + Names.FUNC_REF_DESC);
        state.pushOnStack(JvmKind.REF);
      }
      case REF_IS_NULL -> {
        state.flush();
        state.pop();
        state.operands.pushCondition(Opcodes.IFNULL);
      }
      case REF_AS_NON_NULL -> {
        state.flush();
        writer.invokestatic(Names.TRAPS, "nonNull", "(" + REF + ")" + REF);
      }
      case TABLE_GET -> {
        state.flush();
        state.pop();
        writer.store(JvmKind.INT, state.scratchAddress);
        state.writeTable(reader.index());
        writer.load(JvmKind.INT, state.scratchAddress);
        writer.invokevirtual(Names.TABLE, "get", "(I)" + REF);
        state.pushOnStack(JvmKind.REF);
      }
      case TABLE_SET -> {
        state.flush();
        state.pop(2);
        writer.store(JvmKind.REF, state.scratchValue);
        writer.store(JvmKind.INT, state.scratchAddress);
        state.writeTable(reader.index());
        writer.load(JvmKind.INT, state.scratchAddress);
        writer.load(JvmKind.REF, state.scratchValue);
        writer.invokevirtual(Names.TABLE, "set", "(I" + REF + ")V");
      }
      case TABLE_SIZE -> {
        state.flush();
        state.writeTable(reader.index());
        writer.invokevirtual(Names.TABLE, "size", "()I");
        state.pushOnStack(JvmKind.INT);
      }
      case TABLE_GROW -> {
        state.flush();
        state.pop(2);
        writer.store(JvmKind.INT, state.scratchAddress);
        writer.store(JvmKind.REF, state.scratchValue);
        state.writeTable(reader.index());
        writer.load(JvmKind.REF, state.scratchValue);
        writer.load(JvmKind.INT, state.scratchAddress);
        writer.invokevirtual(Names.TABLE, "grow", "(" + REF + "I)I");
        state.pushOnStack(JvmKind.INT);
      }
      case TABLE_FILL -> {
        state.flush();
        state.writeTable(reader.index());
        writer.invokestatic(
            Names.BULK_OPS, "tableFill", "(I" + REF + "I" + Names.TABLE_DESC + ")V");
        state.pop(3);
      }
      case TABLE_COPY -> {
        state.flush();
        state.writeTable(reader.index());
        state.writeTable(reader.index2());
        writer.invokestatic(
            Names.BULK_OPS, "tableCopy", "(III" + Names.TABLE_DESC + Names.TABLE_DESC + ")V");
        state.pop(3);
      }
      case TABLE_INIT -> {
        state.flush();
        state.writeTable(reader.index2());
        state.writeInstance();
        writer.iconst(reader.index());
        writer.invokestatic(
            Names.BULK_OPS,
            "tableInit",
            "(III" + Names.TABLE_DESC + Names.BASE_INSTANCE_DESC + "I)V");
        state.pop(3);
      }
      case ELEM_DROP -> {
        state.flush();
        state.writeInstance();
        writer.iconst(reader.index());
        writer.invokestatic(
            Names.BASE_INSTANCE, "dropElements", "(" + Names.BASE_INSTANCE_DESC + "I)V");
      }
      default -> {
        return false;
      }
    }
    return true;
  }
}
