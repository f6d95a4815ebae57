package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.FuncType;
import java.util.List;
import org.objectweb.asm.Opcodes;

/// Writes instructions on structures and i31.
final class GcEmitter {
  private static final String REF = "Ljava/lang/Object;";

  private final MethodState state;
  private final BytecodeWriter writer;

  GcEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes `opcode` if it works on structures or i31.
  ///
  /// @return whether it does
  boolean emit(Opcode opcode, InstructionReader reader) {
    switch (opcode) {
      case STRUCT_NEW -> structNew(reader.index());
      case STRUCT_NEW_DEFAULT -> {
        state.flush();
        StructShape shape = state.plan.structShape(reader.index());
        writeCreate(reader.index(), shape, shape.fieldCount());
        state.pushOnStack(JvmKind.REF);
      }
      case STRUCT_GET, STRUCT_GET_S -> structGet(reader, /* isSigned= */ true);
      case STRUCT_GET_U -> structGet(reader, /* isSigned= */ false);
      case STRUCT_SET -> structSet(reader);
      case REF_I31 -> {
        state.flush();
        writeHeap();
        writer.invokestatic(Names.I31, "of", "(I" + Names.GC_HEAP_DESC + ")L" + Names.I31 + ";");
        state.pop();
        state.pushOnStack(JvmKind.REF);
      }
      case I31_GET_S -> i31Get("signed");
      case I31_GET_U -> i31Get("unsigned");
      case REF_EQ -> {
        state.flush();
        writer.invokestatic(Names.CASTS, "areEqual", "(" + REF + REF + ")Z");
        state.pop(2);
        state.pushOnStack(JvmKind.INT);
      }
      case ANY_CONVERT_EXTERN, EXTERN_CONVERT_ANY -> {
        // The object is the same on both sides; see dev.cloister.engine.runtime.Casts.
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void structNew(int typeIndex) {
    StructShape shape = state.plan.structShape(typeIndex);
    state.flush();
    List<Integer> starts = StructGenerator.groupStarts(shape);
    writeCreate(typeIndex, shape, starts.getLast());
    String reference = "L" + shape.className() + ";";
    for (int i = starts.size() - 2; i >= 0; i--) {
      String params = shape.params(starts.get(i), starts.get(i + 1));
      writer.invokestatic(
          shape.className(),
          StructGenerator.with(starts.get(i)),
          "(" + params + reference + ")" + reference);
    }
    state.pop(shape.fieldCount());
    state.pushOnStack(JvmKind.REF);
  }

  /// Writes the making of an object, with the values on the JVM stack in its fields from `from` on.
  private void writeCreate(int typeIndex, StructShape shape, int from) {
    writeType(state, typeIndex);
    writeHeap();
    writer.invokestatic(
        shape.className(),
        StructGenerator.CREATE,
        "("
            + shape.params(from, shape.fieldCount())
            + StructGenerator.TYPE_AND_HEAP
            + ")L"
            + shape.className()
            + ";");
  }

  private void structGet(InstructionReader reader, boolean isSigned) {
    StructShape shape = state.plan.structShape(reader.index());
    state.flush();
    writeObject(shape);
    FieldAccess.read(writer, shape, reader.index2(), isSigned);
    state.pop();
    state.pushOnStack(shape.kind(reader.index2()).kind());
  }

  private void structSet(InstructionReader reader) {
    StructShape shape = state.plan.structShape(reader.index());
    JvmKind kind = shape.kind(reader.index2()).kind();
    boolean isDeferred = state.isDeferred(0);
    state.flushBelow(isDeferred ? 1 : 0);
    if (!isDeferred) {
      writer.store(kind, state.scratchValue);
    }
    writeObject(shape);
    FieldAccess.write(
        writer,
        shape,
        reader.index2(),
        (part, isHigh) -> {
          if (!isDeferred) {
            // A vector takes the scratch area that follows as well.
            writer.load(part, state.scratchValue + (isHigh ? part.slots() : 0));
          } else if (kind == JvmKind.V128) {
            state.writeDeferredHalf(0, isHigh);
          } else {
            state.writeDeferred(0);
          }
        });
    state.pop(2);
  }

  /// Checks that the reference on top of the JVM stack is not null; validation knows its type.
  private void writeObject(StructShape shape) {
    writer.invokestatic(Names.CASTS, "nonNullStructure", "(" + REF + ")" + REF);
    writer.checkcast(shape.className());
  }

  private void i31Get(String method) {
    state.flush();
    writer.invokestatic(Names.I31, method, "(" + REF + ")I");
    state.pop();
    state.pushOnStack(JvmKind.INT);
  }

  private void writeHeap() {
    state.instance.writeInstance();
    writer.getfield(Names.BASE_INSTANCE, "gcHeap", Names.GC_HEAP_DESC);
  }

  /// Writes a type of the module.
  static void writeType(MethodState state, int typeIndex) {
    BytecodeWriter writer = state.writer;
    boolean isFunction = state.module.type(typeIndex).composite() instanceof FuncType;
    if (!isFunction && state.plan.layout().isField(typeIndex)) {
      writer.getstatic(Names.MODULE, "y" + typeIndex, Names.DEFINED_TYPE_DESC);
    } else {
      writer.getstatic(Names.MODULE, "types", "[" + Names.DEFINED_TYPE_DESC);
      writer.iconst(typeIndex);
      writer.insn(Opcodes.AALOAD);
    }
  }
}
