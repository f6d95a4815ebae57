package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.VecType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The segments of a function body, by which fuel is paid; [dev.cloister.engine.runtime.Fuel] says
/// what they are and cost.
///
/// Found by reading the text once, whatever the code generator makes of it.
final class FuelSegments {
  /// No segments: for code that does not count.
  private static final FuelSegments NONE = new FuelSegments();

  /// The bytes that a reference counts for, in tables and arrays.
  private static final int REFERENCE_BYTES = 8;

  private final Map<Integer, Integer> costs = new HashMap<>();

  private FuelSegments() {}

  /// {@return the segments of an own function, none in code of a kind that does not count}
  static FuelSegments of(CodeKind kind, WasmModule module, int functionIndex) {
    if (kind != CodeKind.FUEL) {
      return NONE;
    }
    FuelSegments segments = new FuelSegments();
    InstructionReader reader = Sites.instructions(module, functionIndex);
    int start = reader.position();
    int cost = 0;
    while (!reader.atEnd()) {
      Opcode opcode = reader.next();
      cost += isFree(opcode) ? 0 : 1;
      if (isLast(opcode)) {
        segments.costs.put(start, cost);
        start = reader.position();
        cost = 0;
      }
    }
    return segments;
  }

  /// {@return what the segment costs that begins at a module offset, or null if none does}
  @Nullable Integer costAt(int offset) {
    return costs.isEmpty() ? null : costs.get(offset);
  }

  /// {@return whether an instruction ends its segment}
  static boolean isLast(Opcode opcode) {
    return switch (opcode) {
      case LOOP,
          IF,
          ELSE,
          END,
          CATCH,
          CATCH_ALL,
          DELEGATE,
          BR,
          BR_IF,
          BR_TABLE,
          BR_ON_NULL,
          BR_ON_NON_NULL,
          BR_ON_CAST,
          BR_ON_CAST_FAIL,
          CALL,
          CALL_INDIRECT,
          CALL_REF,
          RETURN_CALL,
          RETURN_CALL_INDIRECT,
          RETURN_CALL_REF,
          RETURN,
          UNREACHABLE,
          THROW,
          THROW_REF,
          RETHROW ->
          true;
      default -> false;
    };
  }

  private static boolean isFree(Opcode opcode) {
    return switch (opcode) {
      case NOP, DROP, BLOCK, LOOP, ELSE, END, CATCH, CATCH_ALL, DELEGATE -> true;
      default -> false;
    };
  }

  /// {@return whether the topmost operand of an instruction is a length that it also pays for}
  static boolean isBulk(Opcode opcode) {
    return switch (opcode) {
      case MEMORY_INIT,
          MEMORY_COPY,
          MEMORY_FILL,
          TABLE_INIT,
          TABLE_COPY,
          TABLE_FILL,
          ARRAY_NEW,
          ARRAY_NEW_DEFAULT,
          ARRAY_NEW_DATA,
          ARRAY_NEW_ELEM,
          ARRAY_FILL,
          ARRAY_COPY,
          ARRAY_INIT_DATA,
          ARRAY_INIT_ELEM ->
          true;
      default -> false;
    };
  }

  /// {@return the bytes of what the length of a bulk instruction counts}
  static int elementBytes(Opcode opcode, InstructionReader reader, WasmModule module) {
    return switch (opcode) {
      case MEMORY_INIT, MEMORY_COPY, MEMORY_FILL -> 1;
      case TABLE_INIT, TABLE_COPY, TABLE_FILL -> REFERENCE_BYTES;
      default -> {
        ArrayType array = (ArrayType) module.type(reader.index()).composite();
        yield bytes(array.field().storage());
      }
    };
  }

  private static int bytes(StorageType storage) {
    return switch (storage) {
      case PackedType packed ->
          switch (packed) {
            case I8 -> 1;
            case I16 -> 2;
          };
      case NumType number ->
          switch (number) {
            case I32, F32 -> 4;
            case I64, F64 -> 8;
          };
      case VecType _ -> 16;
      case RefType _ -> REFERENCE_BYTES;
    };
  }
}
