package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.ConstExpr;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.GlobalType;
import org.objectweb.asm.Opcodes;

/// Writes accesses of globals. Locals are operands that stay where they are until they are used.
final class VariableEmitter {
  private final MethodState state;
  private final BytecodeWriter writer;

  VariableEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes `local.get`: the operand is the local itself, where that is a local variable.
  void getLocal(int local) {
    if (state.isDebuggable()) {
      state.debug.getLocal(local);
      return;
    }
    if (state.analysis != null && state.analysis.isAlwaysZero(local)) {
      state.operands.pushConstant(state.localKind(local), 0);
      return;
    }
    state.operands.pushLocal(state.localKind(local), state.localSlot(local));
  }

  /// Writes `local.set`.
  void setLocal(int local) {
    state.setLocal(local);
  }

  /// Writes `local.tee`.
  void teeLocal(int local) {
    state.setLocal(local);
    getLocal(local);
  }

  /// Writes `global.get`.
  void getGlobal(int index) {
    JvmKind kind = kind(index);
    if (state.analysis != null && pushConstant(index, kind)) {
      return;
    }
    state.flush();
    writeOwner(index);
    if (state.plan.layout().isCell(index)) {
      writer.getfield(Names.GLOBAL, cellField(kind), kind.descriptor());
    } else if (state.plan.layout().isField(index)) {
      writer.getfield(Names.INSTANCE, "g" + index, kind.descriptor());
    } else {
      writer.iconst(index);
      writer.insn(arrayLoad(kind));
    }
    state.pushOnStack(kind);
  }

  /// Pushes the value of an own global that never changes, if it is a constant of the text.
  ///
  /// @return whether it is
  private boolean pushConstant(int index, JvmKind kind) {
    WasmModule module = state.module;
    if (index < module.importedGlobalCount() || module.globalType(index).mutable()) {
      return false;
    }
    ConstExpr init = module.globalInit(index);
    InstructionReader reader = module.instructions(init.offset(), init.end());
    long bits;
    switch (reader.next()) {
      case I32_CONST -> bits = reader.i32Const();
      case I64_CONST -> bits = reader.i64Const();
      case F32_CONST -> bits = reader.f32Bits();
      case F64_CONST -> bits = reader.f64Bits();
      default -> {
        return false;
      }
    }
    if (reader.next() != Opcode.END) {
      return false;
    }
    state.operands.pushConstant(kind, bits);
    return true;
  }

  /// Writes `global.set`.
  void setGlobal(int index) {
    state.flush();
    state.pop();
    JvmKind kind = kind(index);
    writer.store(kind, state.scratchValue);
    writeOwner(index);
    if (state.plan.layout().isCell(index)) {
      writer.load(kind, state.scratchValue);
      writer.putfield(Names.GLOBAL, cellField(kind), kind.descriptor());
    } else if (state.plan.layout().isField(index)) {
      writer.load(kind, state.scratchValue);
      writer.putfield(Names.INSTANCE, "g" + index, kind.descriptor());
    } else {
      writer.iconst(index);
      writer.load(kind, state.scratchValue);
      writer.insn(arrayStore(kind));
    }
  }

  private JvmKind kind(int index) {
    GlobalType type = state.module.globalType(index);
    return JvmKind.of(type.valueType());
  }

  /// Writes what holds the value: a cell, the instance or an array.
  private void writeOwner(int index) {
    state.writeInstance();
    if (state.plan.layout().isCell(index)) {
      if (state.plan.layout().isField(index)) {
        writer.getfield(Names.INSTANCE, "c" + index, Names.GLOBAL_DESC);
      } else {
        writer.getfield(Names.BASE_INSTANCE, "cells", "[" + Names.GLOBAL_DESC);
        writer.iconst(index);
        writer.insn(Opcodes.AALOAD);
      }
    } else if (!state.plan.layout().isField(index)) {
      switch (kind(index)) {
        case INT -> writer.getfield(Names.BASE_INSTANCE, "i32Globals", "[I");
        case LONG -> writer.getfield(Names.BASE_INSTANCE, "i64Globals", "[J");
        case FLOAT -> writer.getfield(Names.BASE_INSTANCE, "f32Globals", "[F");
        case DOUBLE -> writer.getfield(Names.BASE_INSTANCE, "f64Globals", "[D");
        case REF -> writer.getfield(Names.BASE_INSTANCE, "refGlobals", "[Ljava/lang/Object;");
      }
    }
  }

  /// {@return the field of a cell that holds values of a kind}
  static String cellField(JvmKind kind) {
    return switch (kind) {
      case INT -> "i32";
      case LONG -> "i64";
      case FLOAT -> "f32";
      case DOUBLE -> "f64";
      case REF -> "ref";
    };
  }

  private static int arrayLoad(JvmKind kind) {
    return Opcodes.IALOAD + kind.index();
  }

  private static int arrayStore(JvmKind kind) {
    return Opcodes.IASTORE + kind.index();
  }
}
