package dev.cloister.engine.bytecode;

import java.util.StringJoiner;

/// Shows instructions much as the text format does (Spec 6.5), for people; indices stay numbers.
public final class Disassembler {

  private Disassembler() {}

  /// Returns the current instruction of `reader`, which is an `opcode`.
  public static String text(Opcode opcode, InstructionReader reader) {
    StringJoiner words = new StringJoiner(" ").add(opcode.mnemonic());
    switch (opcode.immediates()) {
      case NONE, FENCE -> {}
      case BLOCK_TYPE -> addBlockType(words, reader);
      case LABEL, FUNCTION, LOCAL, GLOBAL, TABLE, ELEMENT, DATA, TAG, TYPE ->
          words.add(index(reader.index()));
      case MEMORY -> addIndexUnlessZero(words, reader.index());
      case LABEL_TABLE -> {
        for (int i = 0; i <= reader.tableLength(); i++) {
          words.add(index(reader.tableLabel(i)));
        }
      }
      case TYPE_TABLE ->
          words.add("(type " + index(reader.index()) + ")").add(index(reader.index2()));
      case TABLE_TABLE,
          MEMORY_MEMORY,
          ELEMENT_TABLE,
          DATA_MEMORY,
          TYPE_FIELD,
          TYPE_COUNT,
          TYPE_DATA,
          TYPE_ELEMENT,
          TYPE_TYPE ->
          words.add(index(reader.index())).add(index(reader.index2()));
      case MEMORY_ACCESS -> addMemoryAccess(words, reader);
      case MEMORY_ACCESS_LANE -> {
        addMemoryAccess(words, reader);
        words.add(Integer.toString(reader.lane()));
      }
      case I32 -> words.add(Integer.toString(reader.i32Const()));
      case I64 -> words.add(Long.toString(reader.i64Const()));
      case F32 -> words.add(Float.toString(Float.intBitsToFloat(reader.f32Bits())));
      case F64 -> words.add(Double.toString(Double.longBitsToDouble(reader.f64Bits())));
      case V128, SHUFFLE ->
          words.add(String.format("0x%016x%016x", reader.v128High(), reader.v128Low()));
      case LANE -> words.add(Integer.toString(reader.lane()));
      case VALUE_TYPES -> {
        for (int i = 0; i < reader.valueTypeCount(); i++) {
          words.add("(result " + reader.valueType(i) + ")");
        }
      }
      case HEAP_TYPE -> words.add(reader.heapType().toString());
      case CATCH_TABLE -> addCatchClauses(words, reader);
      case CAST_BRANCH ->
          words
              .add(index(reader.index()))
              .add(reader.castSource().toString())
              .add(reader.castTarget().toString());
    }
    return words.toString();
  }

  private static void addBlockType(StringJoiner words, InstructionReader reader) {
    switch (reader.blockKind()) {
      case EMPTY -> {}
      case VALUE -> words.add("(result " + reader.blockValueType() + ")");
      case TYPE_INDEX -> words.add("(type " + index(reader.blockTypeIndex()) + ")");
    }
  }

  private static void addMemoryAccess(StringJoiner words, InstructionReader reader) {
    addIndexUnlessZero(words, reader.memoryIndex());
    if (reader.memoryOffset() != 0) {
      words.add("offset=" + Long.toUnsignedString(reader.memoryOffset()));
    }
  }

  private static void addCatchClauses(StringJoiner words, InstructionReader reader) {
    addBlockType(words, reader);
    for (int i = 0; i < reader.catchCount(); i++) {
      String label = index(reader.catchLabel(i));
      words.add(
          switch (reader.catchKind(i)) {
            case CATCH -> "(catch " + index(reader.catchTag(i)) + " " + label + ")";
            case CATCH_REF -> "(catch_ref " + index(reader.catchTag(i)) + " " + label + ")";
            case CATCH_ALL -> "(catch_all " + label + ")";
            case CATCH_ALL_REF -> "(catch_all_ref " + label + ")";
          });
    }
  }

  private static void addIndexUnlessZero(StringJoiner words, int index) {
    if (index != 0) {
      words.add(index(index));
    }
  }

  private static String index(int index) {
    return Integer.toUnsignedString(index);
  }
}
