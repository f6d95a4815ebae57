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
        state.instance.writeInstance();
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
        JvmKind address = state.instance.tableAddress(reader.index());
        state.flush();
        state.pop();
        writer.store(address, state.scratchAddress);
        state.instance.writeTable(reader.index());
        writer.load(address, state.scratchAddress);
        writer.invokevirtual(Names.TABLE, "get", "(" + address.code() + ")" + REF);
        state.pushOnStack(JvmKind.REF);
      }
      case TABLE_SET -> {
        JvmKind address = state.instance.tableAddress(reader.index());
        state.flush();
        state.pop(2);
        writer.store(JvmKind.REF, state.scratchValue);
        writer.store(address, state.scratchAddress);
        state.instance.writeTable(reader.index());
        writer.load(address, state.scratchAddress);
        writer.load(JvmKind.REF, state.scratchValue);
        writer.invokevirtual(Names.TABLE, "set", "(" + address.code() + REF + ")V");
      }
      case TABLE_SIZE -> {
        JvmKind address = state.instance.tableAddress(reader.index());
        state.flush();
        state.instance.writeTable(reader.index());
        writer.invokevirtual(
            Names.TABLE, address == JvmKind.LONG ? "size64" : "size", "()" + address.code());
        state.pushOnStack(address);
      }
      case TABLE_GROW -> {
        JvmKind address = state.instance.tableAddress(reader.index());
        state.flush();
        state.pop(2);
        writer.store(address, state.scratchAddress);
        writer.store(JvmKind.REF, state.scratchValue);
        state.instance.writeTable(reader.index());
        writer.load(JvmKind.REF, state.scratchValue);
        writer.load(address, state.scratchAddress);
        writer.invokevirtual(
            Names.TABLE, "grow", "(" + REF + address.code() + ")" + address.code());
        state.pushOnStack(address);
      }
      case TABLE_FILL -> {
        char address = state.instance.tableAddress(reader.index()).code();
        state.flush();
        state.instance.writeTable(reader.index());
        state.instance.writeInstance();
        writer.invokestatic(
            Names.BULK_OPS,
            "tableFill",
            "(" + address + REF + address + Names.TABLE_DESC + Names.BASE_INSTANCE_DESC + ")V");
        state.pop(3);
      }
      case TABLE_COPY -> {
        state.flush();
        state.instance.writeTable(reader.index());
        state.instance.writeTable(reader.index2());
        state.instance.writeInstance();
        String operands =
            MemoryEmitter.copyOperands(
                state.instance.tableAddress(reader.index()),
                state.instance.tableAddress(reader.index2()));
        writer.invokestatic(
            Names.BULK_OPS,
            "tableCopy",
            "(" + operands + Names.TABLE_DESC + Names.TABLE_DESC + Names.BASE_INSTANCE_DESC + ")V");
        state.pop(3);
      }
      case TABLE_INIT -> {
        char address = state.instance.tableAddress(reader.index2()).code();
        state.flush();
        state.instance.writeTable(reader.index2());
        state.instance.writeInstance();
        writer.iconst(reader.index());
        writer.invokestatic(
            Names.BULK_OPS,
            "tableInit",
            "(" + address + "II" + Names.TABLE_DESC + Names.BASE_INSTANCE_DESC + "I)V");
        state.pop(3);
      }
      case ELEM_DROP -> {
        state.flush();
        state.instance.writeInstance();
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
