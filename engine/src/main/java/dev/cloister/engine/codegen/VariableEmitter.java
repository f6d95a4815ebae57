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
    } else if (state.analysis != null && state.analysis.isAlwaysZero(local)) {
      state.operands.pushConstant(state.localKind(local), 0);
    } else if (state.isFramed(local)) {
      state.flush();
      state.loadLocal(local);
      state.pushOnStack(state.localKind(local));
    } else {
      state.operands.pushLocal(state.localKind(local), state.localSlot(local));
      state.operands.setLanes(state.operands.size() - 1, state.localLanes(local));
      if (state.facts != null) {
        state.operands.markOrigin(local, state.facts.lastWrite(local));
        if (state.facts.isTruth(local)) {
          state.operands.markTruth();
        }
      }
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
    JvmKind kind = kind(index);
    if (state.analysis != null && pushConstant(index, kind)) {
      return;
    }
    state.flush();
    if (kind == JvmKind.V128) {
      get(index, JvmKind.LONG, /* isHigh= */ false);
      get(index, JvmKind.LONG, /* isHigh= */ true);
    } else {
      get(index, kind, /* isHigh= */ false);
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

  /// @param isHigh whether it is the high half of a vector
  private void get(int index, JvmKind kind, boolean isHigh) {
    writeOwner(index, kind, isHigh);
    if (state.plan.layout().isCell(index)) {
      writer.getfield(Names.GLOBAL, cellField(kind, isHigh), kind.descriptor());
    } else if (state.plan.layout().isField(index)) {
      writer.getfield(Names.INSTANCE, field(index, isHigh), kind.descriptor());
    } else {
      writer.iconst(index);
      writer.insn(Opcodes.IALOAD + kind.index());
    }
  }

  /// Writes `global.set`.
  void setGlobal(int index) {
    JvmKind kind = kind(index);
    if (kind == JvmKind.V128) {
      state.deferTop(1);
      set(index, JvmKind.LONG, /* isHigh= */ false, () -> state.writeDeferredHalf(0, false));
      set(index, JvmKind.LONG, /* isHigh= */ true, () -> state.writeDeferredHalf(0, true));
      state.pop();
      return;
    }
    state.flush();
    state.pop();
    writer.store(kind, state.scratchValue);
    set(index, kind, /* isHigh= */ false, () -> writer.load(kind, state.scratchValue));
  }

  /// @param value writes the value
  private void set(int index, JvmKind kind, boolean isHigh, Runnable value) {
    writeOwner(index, kind, isHigh);
    if (state.plan.layout().isCell(index)) {
      value.run();
      writer.putfield(Names.GLOBAL, cellField(kind, isHigh), kind.descriptor());
    } else if (state.plan.layout().isField(index)) {
      value.run();
      writer.putfield(Names.INSTANCE, field(index, isHigh), kind.descriptor());
    } else {
      writer.iconst(index);
      value.run();
      writer.insn(Opcodes.IASTORE + kind.index());
    }
  }

  private JvmKind kind(int index) {
    GlobalType type = state.module.globalType(index);
    return JvmKind.of(type.valueType());
  }

  /// Writes what holds the value: a cell, the instance or an array.
  private void writeOwner(int index, JvmKind kind, boolean isHigh) {
    state.instance.writeInstance();
    if (state.plan.layout().isCell(index)) {
      if (state.plan.layout().isField(index)) {
        writer.getfield(Names.INSTANCE, "c" + index, Names.GLOBAL_DESC);
      } else {
        writer.getfield(Names.BASE_INSTANCE, "cells", "[" + Names.GLOBAL_DESC);
        writer.iconst(index);
        writer.insn(Opcodes.AALOAD);
      }
    } else if (!state.plan.layout().isField(index)) {
      writer.getfield(
          Names.BASE_INSTANCE, cellField(kind, isHigh) + "Globals", "[" + kind.descriptor());
    }
  }

  /// {@return the field of an instance that holds a global, or the high half of a vector}
  static String field(int index, boolean isHigh) {
    return (isHigh ? "h" : "g") + index;
  }

  /// {@return the field of a cell that holds values of a kind, or the high half of a vector}
  private static String cellField(JvmKind kind, boolean isHigh) {
    return switch (kind) {
      case INT -> "i32";
      case LONG -> isHigh ? "high" : "i64";
      case FLOAT -> "f32";
      case DOUBLE -> "f64";
      case REF -> "ref";
      case V128, PACKED ->
          throw new IllegalArgumentException("a vector is read and written by halves");
    };
  }
}
