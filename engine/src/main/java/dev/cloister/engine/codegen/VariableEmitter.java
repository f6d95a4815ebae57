package dev.cloister.engine.codegen;

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
    } else if (state.isFramed(local)) {
      state.flush();
      state.loadLocal(local);
      state.pushOnStack(state.localKind(local));
    } else {
      state.operands.pushLocal(state.localKind(local), state.localSlot(local));
    }
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
    state.flush();
    JvmKind kind = kind(index);
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
