package dev.cloister.engine.codegen;

import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// What all generated classes have in common.
final class ClassFiles {
  private ClassFiles() {}

  /// Begins a class of the class file version of Java 25, without signatures or source.
  static ClassWriter begin(int access, String name, String superName, String... interfaces) {
    ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
    writer.visit(
        Opcodes.V25,
        access | Opcodes.ACC_SUPER | Opcodes.ACC_SYNTHETIC,
        name,
        null,
        superName,
        interfaces);
    return writer;
  }

  /// Begins a method with code.
  static MethodVisitor method(ClassWriter target, int access, String name, String descriptor) {
    MethodVisitor method = target.visitMethod(access, name, descriptor, null, null);
    method.visitCode();
    return method;
  }

  /// Ends a method; its stack and locals are measured by ASM.
  static void end(MethodVisitor method) {
    method.visitMaxs(0, 0);
    method.visitEnd();
  }

  /// Loads the parameters of a shape from the local variables that begin at `from`.
  ///
  /// @return the first local variable behind them
  static int loadParams(BytecodeWriter writer, CallShape shape, int from) {
    int slot = from;
    for (int i = 0; i < shape.params().length(); i++) {
      JvmKind kind = shape.param(i);
      writer.load(kind, slot);
      slot += kind.slots();
    }
    return slot;
  }

  /// Returns what a call of a shape left on the JVM stack.
  static void returnResult(BytecodeWriter writer, CallShape shape) {
    writer.insn(shape.results().isEmpty() ? Opcodes.RETURN : shape.result(0).returned());
  }
}
