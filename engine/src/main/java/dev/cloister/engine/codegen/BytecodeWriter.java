package dev.cloister.engine.codegen;

import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ConstantDynamic;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Writes the instructions of one method, and remembers where stack map frames may be put.
final class BytecodeWriter {
  /// The last local variable that a value of two words fits into (JVMS 4.11).
  private static final int MAX_SLOT = 65_533;

  /// How far back an ordinary jump goes, in bytes: less than the JVM's 32,768, as forward jumps in
  /// between may become longer in the end.
  private static final int MAX_BACK_JUMP_BYTES = 24_000;

  /// The opcode of a jump with an offset of four bytes (JVMS 6.5).
  private static final int GOTO_W = 200;

  private static final Handle VECTOR_BOOTSTRAP =
      new Handle(
          Opcodes.H_INVOKESTATIC,
          Names.VECTOR_API,
          "constant",
          "(Ljava/lang/invoke/MethodHandles$Lookup;Ljava/lang/String;Ljava/lang/Class;JJ)"
              + LaneType.BYTE.descriptor(),
          /* isInterface= */ false);

  private final MethodVisitor method;

  /// Whether an instruction was written since the last frame; two frames cannot share a position.
  private boolean hasInstructionSinceFrame = true;

  /// Where the line number begins that is written when the next one comes.
  private @Nullable Label lineStart;

  private int line;

  BytecodeWriter(MethodVisitor method) {
    this.method = method;
  }

  void insn(int opcode) {
    method.visitInsn(opcode);
    hasInstructionSinceFrame = true;
  }

  void load(JvmKind kind, int slot) {
    if (kind == JvmKind.V128) {
      var(Opcodes.LLOAD, slot);
      var(Opcodes.LLOAD, slot + 2);
    } else {
      var(Opcodes.ILOAD + kind.instruction(), slot);
    }
  }

  void store(JvmKind kind, int slot) {
    if (kind == JvmKind.V128) {
      var(Opcodes.LSTORE, slot + 2);
      var(Opcodes.LSTORE, slot);
    } else {
      var(Opcodes.ISTORE + kind.instruction(), slot);
    }
  }

  void pop(JvmKind kind) {
    insn(kind.slots() == 1 ? Opcodes.POP : Opcodes.POP2);
    if (kind == JvmKind.V128) {
      insn(Opcodes.POP2);
    }
  }

  /// Returns from a method with or without a value.
  void ret(CallShape shape) {
    insn(
        shape.results().isEmpty()
            ? Opcodes.RETURN
            : Opcodes.IRETURN + shape.result(0).returned().index());
  }

  void aload(int slot) {
    var(Opcodes.ALOAD, slot);
  }

  private void var(int opcode, int slot) {
    if (slot > MAX_SLOT) {
      throw new CodeLimitException("local variables", slot, MAX_SLOT);
    }
    method.visitVarInsn(opcode, slot);
    hasInstructionSinceFrame = true;
  }

  void iinc(int slot, int delta) {
    method.visitIincInsn(slot, delta);
    hasInstructionSinceFrame = true;
  }

  void iconst(int value) {
    hasInstructionSinceFrame = true;
    if (value >= -1 && value <= 5) {
      method.visitInsn(Opcodes.ICONST_0 + value);
    } else if (value == (byte) value) {
      method.visitIntInsn(Opcodes.BIPUSH, value);
    } else if (value == (short) value) {
      method.visitIntInsn(Opcodes.SIPUSH, value);
    } else {
      method.visitLdcInsn(value);
    }
  }

  void lconst(long value) {
    if (value == 0 || value == 1) {
      insn(value == 0 ? Opcodes.LCONST_0 : Opcodes.LCONST_1);
    } else if (value == (short) value) {
      iconst((int) value);
      insn(Opcodes.I2L);
    } else {
      method.visitLdcInsn(value);
      hasInstructionSinceFrame = true;
    }
  }

  /// Pushes a float with exactly these bits, as the class file keeps NaN payloads only by chance.
  void fconst(int bits) {
    if (bits == 0) {
      insn(Opcodes.FCONST_0);
    } else if ((bits & 0x7f80_0000) == 0x7f80_0000) {
      iconst(bits);
      invokestatic("java/lang/Float", "intBitsToFloat", "(I)F");
    } else {
      method.visitLdcInsn(Float.intBitsToFloat(bits));
      hasInstructionSinceFrame = true;
    }
  }

  /// Pushes a double with exactly these bits.
  void dconst(long bits) {
    if (bits == 0) {
      insn(Opcodes.DCONST_0);
    } else if ((bits & 0x7ff0_0000_0000_0000L) == 0x7ff0_0000_0000_0000L) {
      lconst(bits);
      invokestatic("java/lang/Double", "longBitsToDouble", "(J)D");
    } else {
      method.visitLdcInsn(Double.longBitsToDouble(bits));
      hasInstructionSinceFrame = true;
    }
  }

  /// Pushes a string of at most 65,535 bytes.
  void string(String value) {
    method.visitLdcInsn(value);
    hasInstructionSinceFrame = true;
  }

  /// Pushes a vector object by its bits, a dynamic constant of the class.
  void vectorConstant(long low, long high) {
    method.visitLdcInsn(
        new ConstantDynamic("vector", LaneType.BYTE.descriptor(), VECTOR_BOOTSTRAP, low, high));
    hasInstructionSinceFrame = true;
  }

  void invokestatic(String owner, String name, String descriptor) {
    method.visitMethodInsn(Opcodes.INVOKESTATIC, owner, name, descriptor, false);
    hasInstructionSinceFrame = true;
  }

  void invokevirtual(String owner, String name, String descriptor) {
    method.visitMethodInsn(Opcodes.INVOKEVIRTUAL, owner, name, descriptor, false);
    hasInstructionSinceFrame = true;
  }

  void getstatic(String owner, String name, String descriptor) {
    method.visitFieldInsn(Opcodes.GETSTATIC, owner, name, descriptor);
    hasInstructionSinceFrame = true;
  }

  void getfield(String owner, String name, String descriptor) {
    method.visitFieldInsn(Opcodes.GETFIELD, owner, name, descriptor);
    hasInstructionSinceFrame = true;
  }

  void putfield(String owner, String name, String descriptor) {
    method.visitFieldInsn(Opcodes.PUTFIELD, owner, name, descriptor);
    hasInstructionSinceFrame = true;
  }

  /// Pops a length and pushes a new array of longs.
  void newLongs() {
    method.visitIntInsn(Opcodes.NEWARRAY, Opcodes.T_LONG);
    hasInstructionSinceFrame = true;
  }

  /// Pops a length and pushes a new array of references.
  void newObjects() {
    method.visitTypeInsn(Opcodes.ANEWARRAY, Names.OBJECT);
    hasInstructionSinceFrame = true;
  }

  void checkcast(String type) {
    method.visitTypeInsn(Opcodes.CHECKCAST, type);
    hasInstructionSinceFrame = true;
  }

  void jump(int opcode, Label target) {
    method.visitJumpInsn(opcode, target);
    hasInstructionSinceFrame = true;
  }

  void tableswitch(int min, Label[] labels, Label defaultLabel) {
    method.visitTableSwitchInsn(min, min + labels.length - 1, defaultLabel, labels);
    hasInstructionSinceFrame = true;
  }

  void lookupswitch(int[] keys, Label[] labels, Label defaultLabel) {
    method.visitLookupSwitchInsn(defaultLabel, keys, labels);
    hasInstructionSinceFrame = true;
  }

  /// Requires that what was written fits into a method.
  ///
  /// @throws CodeLimitException if it does not
  void requireMethodSize() {
    Label end = new Label();
    method.visitLabel(end);
    if (end.getOffset() > ClassFiles.MAX_SIZE) {
      throw new CodeLimitException("bytecode in bytes", end.getOffset(), ClassFiles.MAX_SIZE);
    }
  }

  /// Jumps to a label that was placed, in any case.
  void gotoBack(Label target) {
    method.visitJumpInsn(isFarBack(target) ? GOTO_W : Opcodes.GOTO, target);
    hasInstructionSinceFrame = true;
  }

  /// {@return whether a label that was placed is too far back for an ordinary jump}
  ///
  /// ASM widens forward jumps once all code is written, and fails where a backward jump over them
  /// thereby becomes longer than it may be.
  boolean isFarBack(Label target) {
    Label here = new Label();
    method.visitLabel(here);
    return here.getOffset() - target.getOffset() > MAX_BACK_JUMP_BYTES;
  }

  /// Gives the next instruction a line number: the ordinal of its site, from 1. A later one for the
  /// same instruction replaces it, where a site needed no code; the JVM would take the first. A
  /// method has fewer than 65,536 sites.
  void line(int ordinal) {
    Label label = new Label();
    method.visitLabel(label);
    if (lineStart != null && lineStart.getOffset() != label.getOffset()) {
      method.visitLineNumber(line, lineStart);
    }
    lineStart = label;
    line = ordinal;
  }

  /// Writes the last line number. Nothing more is written after that.
  void endLines() {
    if (lineStart != null) {
      method.visitLineNumber(line, lineStart);
    }
  }

  /// Sends exceptions of a class that are thrown in a range to a handler. Where ranges overlap, the
  /// one that was written first counts. The labels of the range are placed already.
  ///
  /// @return whether there is an instruction in the range; an empty one is left out
  boolean protect(Label start, Label end, Label handler, String type) {
    if (start.getOffset() == end.getOffset()) {
      return false;
    }
    method.visitTryCatchBlock(start, end, handler, type);
    return true;
  }

  /// Places a label that no frame belongs to.
  void label(Label label) {
    method.visitLabel(label);
  }

  /// Places a label that is jumped to.
  ///
  /// @param locals the types of local variables, as ASM writes them
  /// @param stack the types on the operand stack
  void labelWithFrame(
      Label label, int localCount, Object[] locals, int stackCount, Object[] stack) {
    if (!hasInstructionSinceFrame) {
      method.visitInsn(Opcodes.NOP);
    }
    method.visitLabel(label);
    method.visitFrame(Opcodes.F_NEW, localCount, locals, stackCount, stack);
    hasInstructionSinceFrame = false;
  }
}
