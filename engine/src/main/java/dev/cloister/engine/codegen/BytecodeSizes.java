package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.FuncType;
import java.util.BitSet;
import java.util.function.IntUnaryOperator;

/// Estimates of how much JVM bytecode an instruction becomes: rather too much than too little.
final class BytecodeSizes {
  /// No instruction becomes more than this many times its own size, by the estimates, where all
  /// shapes are narrow.
  static final int MAX_FACTOR = 12;

  /// What it takes to move a value between the JVM stack and a slot of the store or a variable.
  private static final int VALUE_BYTES = 14;

  private static final int FRAMED_BYTES = 12;

  private final ModulePlan plan;
  private final BitSet framed;
  private final IntUnaryOperator labelArity;

  /// @param framed the locals in frame arrays
  /// @param labelArity tells the number of values that a branch to a label carries
  BytecodeSizes(ModulePlan plan, BitSet framed, IntUnaryOperator labelArity) {
    this.plan = plan;
    this.framed = framed;
    this.labelArity = labelArity;
  }

  /// {@return the bytes for the current instruction of `reader`}
  int estimate(Opcode opcode, InstructionReader reader) {
    return switch (opcode.immediates()) {
      case NONE ->
          switch (opcode) {
            case NOP, END -> 1;
            case UNREACHABLE -> 4;
            case SELECT -> 14;
            default -> 4;
          };
      case LOCAL -> {
        int bytes = opcode == Opcode.LOCAL_GET ? 3 : 5;
        yield framed.get(reader.index()) ? bytes + FRAMED_BYTES : bytes;
      }
      case I32, F32 -> 3;
      case I64, F64 -> 4;
      case MEMORY_ACCESS -> 32;
      case BLOCK_TYPE -> opcode == Opcode.LOOP ? 8 : 10;
      case LABEL, CAST_BRANCH -> 10 + values(labelArity.applyAsInt(reader.index()));
      case LABEL_TABLE -> {
        int targets = Math.min(targets(opcode, reader), BranchTables.MAX_ESTIMATED_TARGETS);
        int carried = values(labelArity.applyAsInt(reader.tableLabel(reader.tableLength())));
        yield 32 + 4 * Math.min(reader.tableLength(), BranchTables.MAX_DIRECT) + targets * (8 + carried);
      }
      case FUNCTION -> 24 + call(plan.shapeOfFunction(reader.index()));
      case TYPE_TABLE -> 24 + call(plan.shapeAt(reader.index()));
      case TYPE ->
          plan.module().type(reader.index()).composite() instanceof FuncType
              ? 24 + call(plan.shapeAt(reader.index()))
              : 24;
      case VALUE_TYPES -> 14;
      default -> 20;
    };
  }

  /// {@return the bytes to move `count` values, the first few of which are in the other estimates}
  static int values(int count) {
    return count <= 1 ? 0 : VALUE_BYTES * count;
  }

  private static int call(CallShape shape) {
    return values(shape.results().length())
        + VALUE_BYTES * (shape.params().length() - shape.stackParams());
  }

  /// {@return the number of labels that an instruction may branch to}
  int targets(Opcode opcode, InstructionReader reader) {
    return switch (opcode.immediates()) {
      case LABEL, CAST_BRANCH -> 1;
      case LABEL_TABLE -> BranchTables.distinct(reader).length;
      case CATCH_TABLE -> reader.catchCount();
      default -> 0;
    };
  }

  /// {@return the bytes for what a function begins with: the values of its locals}
  static int prolog(ModulePlan plan, int functionIndex) {
    CallShape shape = plan.shapeOfFunction(functionIndex);
    int params = shape.params().length();
    int others = Sites.locals(plan.module(), functionIndex).length() - params;
    return 5 * Math.min(others, SplitPlanner.MAX_LOCAL_SLOTS) + VALUE_BYTES * (params - shape.stackParams());
  }
}
