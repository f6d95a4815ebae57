package dev.cloister.engine.oracle;

import dev.cloister.engine.bytecode.CatchKind;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.HeapType;
import dev.cloister.engine.types.RefType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One decoded instruction with its immediates; which of them mean something depends on the opcode.
final class Instruction {
  /// A catch clause; the tag is -1 where there is none.
  record Clause(CatchKind kind, int tag, int label) {}

  final Opcode opcode;

  /// Where it starts in the module, in bytes.
  final int offset;

  final int index;
  final int index2;
  final int memory;
  final long memoryOffset;
  final int lane;
  final long low;
  final long high;
  final FuncType blockType;
  final List<Integer> labels;
  final List<Clause> clauses;
  final HeapType heapType;
  final RefType castTarget;

  /// The position in the body.
  final int position;

  /// For what opens a block, the position of its `end` in the body.
  int end = -1;

  /// For an `if`, the position of its `else`, or -1.
  int otherwise = -1;

  /// For a `try`, its `catch` and `catch_all`.
  final List<Instruction> legacyClauses = new ArrayList<>();

  /// For a `try`, the `delegate` that ends it, or null.
  @Nullable Instruction delegate;

  /// Copies the current instruction of a cursor.
  Instruction(int position, Opcode opcode, InstructionReader reader, WasmModule module) {
    this.position = position;
    this.opcode = opcode;
    this.offset = reader.offset();
    this.index = reader.index();
    this.index2 = reader.index2();
    this.memory = reader.memoryIndex();
    this.memoryOffset = reader.memoryOffset();
    this.lane = reader.lane();
    this.low = reader.v128Low();
    this.high = reader.v128High();
    this.blockType = opensBlock() ? blockType(reader, module) : FuncType.EMPTY;
    this.labels = new ArrayList<>();
    if (opcode == Opcode.BR_TABLE) {
      for (int i = 0; i <= reader.tableLength(); i++) {
        labels.add(reader.tableLabel(i));
      }
    }
    this.clauses = new ArrayList<>();
    if (opcode == Opcode.TRY_TABLE) {
      for (int i = 0; i < reader.catchCount(); i++) {
        CatchKind kind = reader.catchKind(i);
        clauses.add(
            new Clause(kind, kind.hasTag() ? reader.catchTag(i) : -1, reader.catchLabel(i)));
      }
    }
    this.heapType = reader.heapType();
    this.castTarget = reader.castTarget();
  }

  /// Whether an `end` belongs to it.
  boolean opensBlock() {
    return switch (opcode) {
      case BLOCK, LOOP, IF, TRY, TRY_TABLE -> true;
      default -> false;
    };
  }

  private static FuncType blockType(InstructionReader reader, WasmModule module) {
    return switch (reader.blockKind()) {
      case EMPTY -> FuncType.EMPTY;
      case VALUE -> new FuncType(List.of(), List.of(reader.blockValueType()));
      case TYPE_INDEX -> (FuncType) module.type(reader.blockTypeIndex()).composite();
    };
  }
}
