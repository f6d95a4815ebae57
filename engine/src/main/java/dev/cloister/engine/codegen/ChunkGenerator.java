package dev.cloister.engine.codegen;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.runtime.CodeKind;
import java.util.BitSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodTooLargeException;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Generates the classes with the code of one chunk of functions.
public final class ChunkGenerator {
  /// How far the JVM's ordinary jumps reach, in bytes.
  private static final int MAX_NEAR_JUMP_BYTES = 32_767;

  private final FunctionTiers tiers;
  private final ModulePlan plan;
  private final int chunk;

  private ChunkGenerator(FunctionTiers tiers, ModulePlan plan, int chunk) {
    this.tiers = tiers;
    this.plan = plan;
    this.chunk = chunk;
  }

  /// {@return the class files of chunk `chunk` in images of a kind, by internal name: first the
  /// class by whose name it is known, then those that only it refers to}
  ///
  /// @throws LimitExceededException if a function cannot be expressed in JVM methods
  public static Map<String, byte[]> chunk(CodeKind kind, ModulePlan plan, int chunk) {
    return chunk(FunctionTiers.of(kind), plan, chunk);
  }

  /// {@return the same for images whose functions may be of different kinds}
  ///
  /// @throws LimitExceededException if a function cannot be expressed in JVM methods
  public static Map<String, byte[]> chunk(FunctionTiers tiers, ModulePlan plan, int chunk) {
    ChunkGenerator generator = new ChunkGenerator(tiers, plan, chunk);
    while (true) {
      Map<String, byte[]> files = generator.generate();
      if (files != null) {
        return files;
      }
    }
  }

  /// {@return the class files, or null if a function has to be divided more finely first}
  private @Nullable Map<String, byte[]> generate() {
    ChunkClasses classes = new ChunkClasses(chunk);
    for (int f = plan.chunkStart(chunk); f < plan.chunkEnd(chunk); f++) {
      if (f < plan.module().importedFunctionCount()) {
        writeImport(plan, f, classes.first().writer());
      } else if (!compile(f, classes)) {
        return null;
      }
    }
    try {
      return classes.toClassFiles();
    } catch (MethodTooLargeException e) {
      divide(e);
    } catch (org.objectweb.asm.LimitExceededException e) {
      divideLargest(e);
    }
    return null;
  }

  /// {@return whether the function was written}
  private boolean compile(int function, ChunkClasses classes) {
    CodeKind kind = tiers.of(function);
    SplitPlan split = plan.split(kind, function);
    try {
      FunctionCompiler.compile(kind, plan, function, split, classes);
      return true;
    } catch (CodeLimitException e) {
      plan.divide(
          kind,
          function,
          split,
          new LimitExceededException(
              e.limit() + " of function " + function, e.used(), e.allowed()));
      return false;
    }
  }

  /// Divides a function whose method grew when its jumps were widened.
  private void divide(MethodTooLargeException fault) {
    String name = fault.getMethodName();
    int part = name.indexOf('_');
    int function = Integer.parseInt(name.substring(1, part < 0 ? name.length() : part));
    CodeKind kind = tiers.of(function);
    plan.divide(
        kind,
        function,
        plan.split(kind, function),
        new LimitExceededException(
            "bytecode of function " + function + " in bytes",
            fault.getCodeSize(),
            ClassFiles.MAX_SIZE));
  }

  /// Divides the functions that jump far: ASM gives up widening their jumps after some effort.
  private void divideLargest(org.objectweb.asm.LimitExceededException fault) {
    boolean isDivided = false;
    for (int f = Math.max(plan.chunkStart(chunk), plan.module().importedFunctionCount());
        f < plan.chunkEnd(chunk);
        f++) {
      CodeKind kind = tiers.of(f);
      SplitPlan split = plan.split(kind, f);
      if (!split.isDivided()
          && BodyTree.of(kind, plan, f, new BitSet()).root().bytes > MAX_NEAR_JUMP_BYTES) {
        plan.divide(
            kind,
            f,
            split,
            new LimitExceededException("jumps of function " + f + " in bytes", 1, 0));
        isDivided = true;
      }
    }
    if (!isDivided) {
      throw new IllegalStateException("ASM refused chunk " + chunk, fault);
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
    int instanceSlot = shape.stackParamSlots();
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
