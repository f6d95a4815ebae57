package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import java.util.ArrayList;
import java.util.List;

/// Writes function bodies as text for golden listings: one instruction a line, indented by blocks.
///
/// Immediates are plain numbers in the order of the binary format; floats are their bits.
final class WasmText {
  private WasmText() {}

  /// Returns the lines of a function, its signature first.
  static List<String> lines(WasmModule module, int function) {
    List<String> lines = new ArrayList<>();
    lines.add("func " + function + " " + module.signature(function));
    String all = Sites.locals(module, function);
    String own = all.substring(module.signature(function).params().size());
    if (!own.isEmpty()) {
      lines.add("  locals " + own);
    }
    InstructionReader reader = Sites.instructions(module, function);
    int depth = 1;
    while (!reader.atEnd()) {
      Opcode opcode = reader.next();
      boolean closes = opcode == Opcode.END || opcode == Opcode.ELSE;
      depth -= closes ? 1 : 0;
      lines.add("  ".repeat(Math.max(depth, 0)) + opcode.mnemonic() + immediates(reader, opcode));
      boolean opens =
          switch (opcode) {
            case BLOCK, LOOP, IF, ELSE -> true;
            default -> false;
          };
      depth += opens ? 1 : 0;
    }
    return lines;
  }

  private static String immediates(InstructionReader reader, Opcode opcode) {
    return switch (opcode.immediates()) {
      case NONE, FENCE -> "";
      case BLOCK_TYPE ->
          switch (reader.blockKind()) {
            case EMPTY -> "";
            case VALUE -> " " + reader.blockValueType();
            case TYPE_INDEX -> " type " + reader.blockTypeIndex();
          };
      case LABEL_TABLE -> {
        StringBuilder labels = new StringBuilder();
        for (int i = 0; i <= reader.tableLength(); i++) {
          labels.append(' ').append(reader.tableLabel(i));
        }
        yield labels.toString();
      }
      case MEMORY_ACCESS ->
          (reader.memoryIndex() == 0 ? "" : " memory " + reader.memoryIndex())
              + (reader.memoryOffset() == 0
                  ? ""
                  : " offset=" + Long.toUnsignedString(reader.memoryOffset()));
      case I32 -> " " + reader.i32Const();
      case I64 -> " " + reader.i64Const();
      case F32 -> " 0x" + Integer.toHexString(reader.f32Bits());
      case F64 -> " 0x" + Long.toHexString(reader.f64Bits());
      case HEAP_TYPE -> " " + reader.heapType();
      case VALUE_TYPES -> " " + reader.valueType(0);
      case TYPE_TABLE,
          TABLE_TABLE,
          ELEMENT_TABLE,
          DATA_MEMORY,
          MEMORY_MEMORY,
          TYPE_FIELD,
          TYPE_COUNT,
          TYPE_DATA,
          TYPE_ELEMENT,
          TYPE_TYPE ->
          " " + reader.index() + " " + reader.index2();
      default -> " " + reader.index();
    };
  }
}
