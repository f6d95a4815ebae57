package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.HeapType;
import org.objectweb.asm.Opcodes;

/// Writes tests and casts of references.
final class CastEmitter {
  private static final String REF = "Ljava/lang/Object;";

  private final MethodState state;
  private final BytecodeWriter writer;

  CastEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes `opcode` if it is a test or a cast.
  ///
  /// @return whether it is
  boolean emit(Opcode opcode, InstructionReader reader) {
    switch (opcode) {
      case REF_TEST -> test(reader.heapType(), /* nullable= */ false);
      case REF_TEST_NULL -> test(reader.heapType(), /* nullable= */ true);
      case REF_CAST -> cast(reader.heapType(), /* nullable= */ false);
      case REF_CAST_NULL -> cast(reader.heapType(), /* nullable= */ true);
      default -> {
        return false;
      }
    }
    return true;
  }

  private void test(HeapType type, boolean nullable) {
    state.flush();
    writeTest(type, nullable);
    state.pop();
    state.pushOnStack(JvmKind.INT);
  }

  private void cast(HeapType type, boolean nullable) {
    state.flush();
    writer.insn(Opcodes.DUP);
    writeTest(type, nullable);
    writer.invokestatic(Names.CASTS, "require", "(" + REF + "Z)" + REF);
  }

  /// Replaces the reference on top of the JVM stack by whether it is of a type.
  void writeTest(HeapType type, boolean nullable) {
    switch (type) {
      case DefinedType defined -> {
        GcEmitter.writeType(state, state.plan.typeIndex(defined));
        writer.invokestatic(
            Names.CASTS,
            (nullable ? "isNullOr" : "is")
                + (defined.composite() instanceof FuncType ? "Function" : "Object"),
            "(" + REF + Names.DEFINED_TYPE_DESC + ")Z");
      }
      case AbstractHeapType heapType -> writeTest(heapType, nullable);
    }
  }

  private void writeTest(AbstractHeapType type, boolean nullable) {
    switch (type) {
      case ANY, FUNC, EXTERN, EXN -> {
        if (nullable) {
          writeConstant(1);
        } else {
          writeTest("isNonNull");
        }
      }
      case NONE, NOFUNC, NOEXTERN, NOEXN -> {
        if (nullable) {
          writeTest("isNull");
        } else {
          writeConstant(0);
        }
      }
      case EQ -> writeTest(nullable ? "isNullOrEq" : "isEq");
      case I31 -> writeTest(nullable ? "isNullOrI31" : "isI31");
      case STRUCT -> writeTest(nullable ? "isNullOrStruct" : "isStruct");
      case ARRAY -> writeTest(nullable ? "isNullOrArray" : "isArray");
    }
  }

  private void writeConstant(int result) {
    writer.insn(Opcodes.POP);
    writer.iconst(result);
  }

  private void writeTest(String method) {
    writer.invokestatic(Names.CASTS, method, "(" + REF + ")Z");
  }
}
