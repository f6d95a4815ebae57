package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.ArrayType;
import java.util.List;
import org.objectweb.asm.Opcodes;

/// Writes instructions on arrays: calls of the runtime class for the kind of storage.
final class ArrayEmitter {
  private static final String REF = "Ljava/lang/Object;";

  /// The number of elements that one call of `put` sets.
  private static final int PUT_ELEMENTS = 8;

  private final MethodState state;
  private final BytecodeWriter writer;

  ArrayEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes `opcode` if it works on arrays.
  ///
  /// @return whether it does
  boolean emit(Opcode opcode, InstructionReader reader) {
    switch (opcode) {
      case ARRAY_NEW -> newArray(reader.index(), kind(reader.index()).kind().descriptor(), 2);
      case ARRAY_NEW_DEFAULT -> newArray(reader.index(), "", 1);
      case ARRAY_NEW_FIXED -> newFixed(reader.index(), reader.index2());
      case ARRAY_NEW_DATA -> newData(reader);
      case ARRAY_NEW_ELEM -> {
        state.flush();
        writeTypeAndInstance(reader.index());
        writer.iconst(reader.index2());
        ops("newElements", "(II" + typeAndInstance() + "I)" + REF, 2);
        state.pushOnStack(JvmKind.REF);
      }
      case ARRAY_GET, ARRAY_GET_S -> get(reader.index());
      case ARRAY_GET_U -> {
        get(reader.index());
        writer.iconst(kind(reader.index()).mask());
        writer.insn(Opcodes.IAND);
      }
      case ARRAY_SET -> {
        state.flush();
        StorageKind kind = kind(reader.index());
        String value = kind.kind().descriptor();
        writer.invokestatic(kind.arrayClass(), "store", "(" + REF + "I" + value + ")V");
        state.pop(3);
      }
      case ARRAY_LEN -> {
        state.flush();
        writer.invokestatic(Names.ARRAY, "length", "(" + REF + ")I");
        state.pop();
        state.pushOnStack(JvmKind.INT);
      }
      case ARRAY_FILL -> {
        state.flush();
        state.instance.writeInstance();
        StorageKind kind = kind(reader.index());
        writer.invokestatic(
            kind.arrayClass(),
            "fill",
            "(" + REF + "I" + kind.kind().descriptor() + "I" + Names.BASE_INSTANCE_DESC + ")V");
        state.pop(4);
      }
      case ARRAY_COPY -> {
        state.flush();
        state.instance.writeInstance();
        ops("copy", "(" + REF + "I" + REF + "II" + Names.BASE_INSTANCE_DESC + ")V", 5);
      }
      case ARRAY_INIT_DATA -> init("initData", reader.index2());
      case ARRAY_INIT_ELEM -> init("initElements", reader.index2());
      default -> {
        return false;
      }
    }
    return true;
  }

  private StorageKind kind(int typeIndex) {
    ArrayType type = (ArrayType) state.module.type(typeIndex).composite();
    return StorageKind.of(type.field().storage());
  }

  /// @param value the descriptor of the value of all elements, if there is one
  /// @param operands the number of operands
  private void newArray(int typeIndex, String value, int operands) {
    state.flush();
    writeTypeAndInstance(typeIndex);
    writer.invokestatic(
        kind(typeIndex).arrayClass(), "create", "(" + value + "I" + typeAndInstance() + ")" + REF);
    state.pop(operands);
    state.pushOnStack(JvmKind.REF);
  }

  /// The elements are on the JVM stack; they are set from the last to the first.
  private void newFixed(int typeIndex, int count) {
    state.flush();
    StorageKind kind = kind(typeIndex);
    writer.iconst(count);
    writeTypeAndInstance(typeIndex);
    writer.invokestatic(kind.arrayClass(), "create", "(I" + typeAndInstance() + ")" + REF);
    String value = kind.kind().descriptor();
    int at = count;
    while (at % PUT_ELEMENTS != 0) {
      at--;
      put(kind, value, at);
    }
    while (at > 0) {
      at -= PUT_ELEMENTS;
      put(kind, value.repeat(PUT_ELEMENTS), at);
    }
    state.pop(count);
    state.pushOnStack(JvmKind.REF);
  }

  private void put(StorageKind kind, String values, int at) {
    writer.iconst(at);
    writer.invokestatic(kind.arrayClass(), "put", "(" + values + REF + "I)" + REF);
  }

  private void newData(InstructionReader reader) {
    state.flush();
    writeTypeAndInstance(reader.index());
    writer.iconst(reader.index2());
    ops("newData", "(II" + typeAndInstance() + "I)" + REF, 2);
    state.pushOnStack(JvmKind.REF);
  }

  private void get(int typeIndex) {
    StorageKind kind = kind(typeIndex);
    if (kind == StorageKind.V128) {
      getVector();
      return;
    }
    state.flush();
    writer.invokestatic(kind.arrayClass(), "load", "(" + REF + "I)" + kind.kind().descriptor());
    state.pop(2);
    state.pushOnStack(kind.kind());
  }

  /// A method returns one half, so there are two calls.
  private void getVector() {
    state.deferTop(2);
    for (String half : List.of("loadLow", "loadHigh")) {
      state.writeDeferred(1);
      state.writeDeferred(0);
      writer.invokestatic(StorageKind.V128.arrayClass(), half, "(" + REF + "I)J");
    }
    state.pop(2);
    state.pushVector();
  }

  private void init(String method, int segment) {
    state.flush();
    state.instance.writeInstance();
    writer.iconst(segment);
    ops(method, "(" + REF + "III" + Names.BASE_INSTANCE_DESC + "I)V", 4);
  }

  private void ops(String method, String descriptor, int operands) {
    writer.invokestatic(Names.ARRAY_OPS, method, descriptor);
    state.pop(operands);
  }

  private void writeTypeAndInstance(int typeIndex) {
    GcEmitter.writeType(state, typeIndex);
    state.instance.writeInstance();
  }

  private static String typeAndInstance() {
    return Names.DEFINED_TYPE_DESC + Names.BASE_INSTANCE_DESC;
  }
}
