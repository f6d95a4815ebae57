package dev.cloister.engine.codegen;

import dev.cloister.engine.error.LimitExceededException;
import java.util.Arrays;
import java.util.List;
import org.objectweb.asm.ClassTooLargeException;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodTooLargeException;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// What all generated classes have in common.
final class ClassFiles {
  /// The most bytes of a method's code, and the most constants of a class (JVMS 4.11).
  static final int MAX_SIZE = 65_535;

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
  static MethodVisitor method(ClassVisitor target, int access, String name, String descriptor) {
    MethodVisitor method = target.visitMethod(access, name, descriptor, null, null);
    method.visitCode();
    return method;
  }

  /// Ends a method; its stack and locals are measured by ASM.
  static void end(MethodVisitor method) {
    method.visitMaxs(0, 0);
    method.visitEnd();
  }

  /// Ends a class whose size depends on the module.
  ///
  /// @param what the class has the code of, for the fault
  /// @throws LimitExceededException if it does not fit into a class file
  static byte[] finish(ClassWriter target, String what) {
    target.visitEnd();
    try {
      return target.toByteArray();
    } catch (MethodTooLargeException e) {
      throw new LimitExceededException(
          "bytecode of the " + what + " in bytes", e.getCodeSize(), MAX_SIZE);
    } catch (ClassTooLargeException e) {
      throw new LimitExceededException(
          "constants of the " + what, e.getConstantPoolCount(), MAX_SIZE);
    }
  }

  /// Loads the parameters of a shape that are passed on the JVM stack from the local variables that
  /// begin at `from`.
  ///
  /// @return the first local variable behind them
  static int loadParams(BytecodeWriter writer, CallShape shape, int from) {
    int slot = from;
    int stackParams = shape.stackParams();
    for (int i = 0; i < stackParams; i++) {
      JvmKind kind = shape.param(i);
      writer.load(kind, slot);
      slot += kind.slots();
    }
    return slot;
  }

  /// {@return the local variables of a method, as ASM writes them: parameters, then `trailing`}
  static Object[] frameLocals(CallShape shape, Object... trailing) {
    List<Object> locals = shape.frameTypes();
    locals.addAll(Arrays.asList(trailing));
    return locals.toArray();
  }

  /// Returns what a call of a shape left on the JVM stack; what it left in slots stays there.
  static void returnResult(BytecodeWriter writer, CallShape shape) {
    writer.ret(shape);
  }
}
