package dev.cloister.engine.codegen;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.runtime.CodeKind;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassTooLargeException;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodTooLargeException;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Generates the class with the code of one chunk of functions.
public final class ChunkGenerator {
  /// The bytecode that the methods of a function have at most when it is divided, in bytes: as
  /// little as a first try leaves, then less.
  private static final int[] BUDGETS = {28_000, 16_000, 8_000, 4_000};

  /// How far the JVM's ordinary jumps reach, in bytes.
  private static final int MAX_NEAR_JUMP_BYTES = 32_767;

  private final CodeKind kind;
  private final ModulePlan plan;
  private final int chunk;

  /// How often each function of the chunk was divided anew.
  private final Map<Integer, Integer> divisions = new HashMap<>();

  private ChunkGenerator(CodeKind kind, ModulePlan plan, int chunk) {
    this.kind = kind;
    this.plan = plan;
    this.chunk = chunk;
  }

  /// {@return the class of chunk `chunk` in images of a kind}
  ///
  /// @throws LimitExceededException if a function cannot be expressed in JVM methods
  public static byte[] chunk(CodeKind kind, ModulePlan plan, int chunk) {
    ChunkGenerator generator = new ChunkGenerator(kind, plan, chunk);
    while (true) {
      try {
        byte[] generated = generator.generate();
        if (generated != null) {
          return generated;
        }
      } catch (MethodTooLargeException e) {
        generator.divide(e);
      } catch (org.objectweb.asm.LimitExceededException e) {
        generator.divideLargest(e);
      } catch (ClassTooLargeException e) {
        throw new LimitExceededException(
            "constants of code chunk " + chunk, e.getConstantPoolCount(), 65_535);
      }
    }
  }

  private void divide(MethodTooLargeException fault) {
    String name = fault.getMethodName();
    int part = name.indexOf('_');
    int function = Integer.parseInt(name.substring(1, part < 0 ? name.length() : part));
    if (divisions.merge(function, 1, Integer::sum) > BUDGETS.length) {
      throw new LimitExceededException(
          "bytecode of function " + function + " in bytes", fault.getCodeSize(), 65_535);
    }
  }

  /// Divides the functions that jump far: ASM gives up widening their jumps after some effort.
  private void divideLargest(org.objectweb.asm.LimitExceededException fault) {
    boolean isDivided = false;
    for (int f = Math.max(plan.chunkStart(chunk), plan.module().importedFunctionCount());
        f < plan.chunkEnd(chunk);
        f++) {
      int division = divisions.getOrDefault(f, 0);
      if (division < BUDGETS.length
          && BytecodeSizes.estimate(kind, plan, f) > MAX_NEAR_JUMP_BYTES) {
        divisions.put(f, division + 1);
        isDivided = true;
      }
    }
    if (!isDivided) {
      throw new IllegalStateException("ASM refused chunk " + chunk, fault);
    }
  }

  /// {@return the class, or null if a function has to be divided more finely}
  private byte @Nullable [] generate() {
    ClassWriter target =
        ClassFiles.begin(Opcodes.ACC_PUBLIC | Opcodes.ACC_FINAL, Names.chunk(chunk), Names.OBJECT);
    for (int f = plan.chunkStart(chunk); f < plan.chunkEnd(chunk); f++) {
      if (f < plan.module().importedFunctionCount()) {
        writeImport(plan, f, target);
      } else if (!compile(f, target)) {
        return null;
      }
    }
    target.visitEnd();
    return target.toByteArray();
  }

  /// {@return whether the function was written; else smaller parts, with fewer locals each, are to
  /// be tried}
  private boolean compile(int function, ClassWriter target) {
    try {
      FunctionCompiler.compile(kind, plan, function, split(function), target);
      return true;
    } catch (CodeLimitException e) {
      int division = divisions.getOrDefault(function, 0);
      if (division == 0 || division == BUDGETS.length) {
        throw new LimitExceededException(
            e.limit() + " of function " + function, e.used(), e.allowed());
      }
      divisions.put(function, division + 1);
      return false;
    }
  }

  private SplitPlan split(int function) {
    int bodyBytes = plan.module().bodyEnd(function) - plan.module().bodyOffset(function);
    int division = divisions.getOrDefault(function, 0);
    if (division == 0
        && bodyBytes > plan.methodBytes() / BytecodeSizes.maxFactor(kind)
        && BytecodeSizes.estimate(kind, plan, function) > plan.methodBytes()) {
      division = 1;
      divisions.put(function, division);
    }
    return division == 0
        ? SplitPlan.none()
        : SplitPlan.of(
            kind, plan.module(), function, Math.min(BUDGETS[division - 1], plan.methodBytes()));
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
