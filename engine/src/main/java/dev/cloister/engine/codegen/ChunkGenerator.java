package dev.cloister.engine.codegen;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.module.WasmModule;
import org.objectweb.asm.ClassTooLargeException;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodTooLargeException;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Generates the class with the code of one chunk of functions.
public final class ChunkGenerator {
  private ChunkGenerator() {}

  /// {@return the class of chunk `chunk`}
  ///
  /// @throws LimitExceededException if a function does not fit into a JVM method
  public static byte[] chunk(ModulePlan plan, int chunk) {
    ClassWriter target =
        ClassFiles.begin(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, Names.chunk(chunk), Names.OBJECT);
    WasmModule module = plan.module();
    try {
      for (int f = plan.chunkStart(chunk); f < plan.chunkEnd(chunk); f++) {
        if (f < module.importedFunctionCount()) {
          writeImport(plan, f, target);
        } else {
          compile(plan, f, target);
        }
      }
      target.visitEnd();
      return target.toByteArray();
    } catch (MethodTooLargeException e) {
      throw new LimitExceededException(
          "bytecode of function " + e.getMethodName().substring(1) + " in bytes",
          e.getCodeSize(),
          65_535);
    } catch (ClassTooLargeException e) {
      throw new LimitExceededException(
          "constants of code chunk " + chunk, e.getConstantPoolCount(), 65_535);
    }
  }

  private static void compile(ModulePlan plan, int function, ClassWriter target) {
    try {
      FunctionCompiler.compile(plan, function, target);
    } catch (CodeLimitException e) {
      throw new LimitExceededException(
          e.limit() + " of function " + function, e.used(), e.allowed());
    }
  }

  /// An imported function as if it were an own one: all calls by index are alike.
  private static void writeImport(ModulePlan plan, int function, ClassWriter target) {
    CallShape shape = plan.shapeOfFunction(function);
    MethodVisitor method =
        ClassFiles.method(
            target,
            Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC,
            Names.function(function),
            shape.descriptor(Names.INSTANCE_DESC));
    BytecodeWriter writer = new BytecodeWriter(method);
    int instanceSlot = shape.paramSlots();
    writer.aload(instanceSlot);
    if (plan.layout().isField(function)) {
      writer.getfield(Names.INSTANCE, "i" + function, "L" + shape.referenceClass() + ";");
    } else {
      writer.getfield(Names.BASE_INSTANCE, "imports", "[" + Names.FUNC_REF_DESC);
      writer.iconst(function);
      writer.insn(Opcodes.AALOAD);
      writer.checkcast(shape.referenceClass());
    }
    ClassFiles.loadParams(writer, shape, 0);
    writer.aload(instanceSlot);
    writer.invokevirtual(
        shape.referenceClass(),
        SignatureGenerator.CALL,
        shape.descriptor(Names.BASE_INSTANCE_DESC));
    ClassFiles.returnResult(writer, shape);
    ClassFiles.end(method);
  }
}
