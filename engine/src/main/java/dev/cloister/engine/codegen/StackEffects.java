package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.StructType;
import java.util.List;

/// How many operands instructions take (Spec 3.4).
final class StackEffects {
  private final ModulePlan plan;
  private final InstructionReader reader;
  private final List<ControlFrame> control;

  StackEffects(ModulePlan plan, InstructionReader reader, List<ControlFrame> control) {
    this.plan = plan;
    this.reader = reader;
    this.control = control;
  }

  /// {@return the number of operands that the instruction takes at which the reader stands}
  int pops(Opcode opcode) {
    FuncType signature = opcode.signature();
    return signature != null
        ? signature.params().size() + addresses(opcode)
        : popsBesideSignature(opcode);
  }

  /// {@return the addresses that an instruction takes besides the operands of its signature}
  ///
  /// Those of plain loads and stores may stay where they are, settled or not, as they are written
  /// once.
  private static int addresses(Opcode opcode) {
    return switch (opcode.prefix()) {
      case Opcode.PREFIX_SIMD, Opcode.PREFIX_ATOMIC -> opcode.accessWidthLog2() >= 0 ? 1 : 0;
      default -> 0;
    };
  }

  private int popsBesideSignature(Opcode opcode) {
    return switch (opcode.immediates()) {
      case LOCAL -> opcode == Opcode.LOCAL_GET ? 0 : 1;
      case GLOBAL -> opcode == Opcode.GLOBAL_GET ? 0 : 1;
      case LABEL -> popsOfBranch(opcode);
      case CAST_BRANCH -> arity(reader.index());
      case LABEL_TABLE -> 1; // What the branch carries may wait.
      case FUNCTION -> opcode == Opcode.REF_FUNC ? 0 : params(plan.shapeOfFunction(reader.index()));
      case TYPE_TABLE -> 1 + params(plan.shapeAt(reader.index()));
      case TAG ->
          opcode == Opcode.THROW
              ? ((FuncType) plan.module().tagType(reader.index()).type().composite())
                  .params()
                  .size()
              : results();
      case TYPE, TYPE_FIELD, TYPE_COUNT, TYPE_DATA, TYPE_ELEMENT, TYPE_TYPE -> popsOfTyped(opcode);
      case TABLE -> popsOfTable(opcode);
      case TABLE_TABLE, ELEMENT_TABLE, DATA_MEMORY, MEMORY_MEMORY -> 3;
      case MEMORY -> popsOfMemory(opcode);
      case HEAP_TYPE -> opcode == Opcode.REF_NULL ? 0 : 1;
      case BLOCK_TYPE -> opcode == Opcode.IF ? 1 : 0;
      case VALUE_TYPES -> 3;
      default -> popsOfPlain(opcode);
    };
  }

  private int popsOfPlain(Opcode opcode) {
    return switch (opcode) {
      case DROP, REF_IS_NULL, REF_AS_NON_NULL, THROW_REF -> 1;
      case ANY_CONVERT_EXTERN, EXTERN_CONVERT_ANY, REF_I31, I31_GET_S, I31_GET_U, ARRAY_LEN -> 1;
      case REF_EQ -> 2;
      case SELECT -> 3;
      case RETURN -> control.getFirst().results.length();
      case END, ELSE, CATCH_ALL -> results();
      default -> 0;
    };
  }

  private int popsOfBranch(Opcode opcode) {
    return switch (opcode) {
      case BR, BR_ON_NON_NULL -> arity(reader.index());
      case BR_IF, BR_ON_NULL -> 1 + arity(reader.index());
      case DELEGATE -> results();
      default -> 0;
    };
  }

  private static int popsOfTable(Opcode opcode) {
    return switch (opcode) {
      case TABLE_GET -> 1;
      case TABLE_SET, TABLE_GROW -> 2;
      case TABLE_FILL -> 3;
      default -> 0;
    };
  }

  private static int popsOfMemory(Opcode opcode) {
    return switch (opcode) {
      case MEMORY_GROW -> 1;
      case MEMORY_FILL -> 3;
      default -> 0;
    };
  }

  private int popsOfTyped(Opcode opcode) {
    return switch (opcode) {
      case STRUCT_NEW_DEFAULT -> 0;
      case STRUCT_GET, STRUCT_GET_S, STRUCT_GET_U, ARRAY_NEW_DEFAULT -> 1;
      case STRUCT_SET, ARRAY_NEW, ARRAY_NEW_DATA, ARRAY_NEW_ELEM -> 2;
      case ARRAY_GET, ARRAY_GET_S, ARRAY_GET_U -> 2;
      case ARRAY_SET -> 3;
      case ARRAY_FILL, ARRAY_INIT_DATA, ARRAY_INIT_ELEM -> 4;
      case ARRAY_COPY -> 5;
      case ARRAY_NEW_FIXED -> reader.index2();
      default ->
          switch (plan.module().type(reader.index()).composite()) {
            case FuncType _ -> 1 + params(plan.shapeAt(reader.index()));
            case StructType struct -> struct.fields().size();
            case ArrayType _ -> throw new IllegalStateException("no effect of " + opcode);
          };
    };
  }

  private int arity(int label) {
    return control.get(control.size() - 1 - label).branchKinds.length();
  }

  private int results() {
    return control.getLast().results.length();
  }

  private static int params(CallShape shape) {
    return shape.params().length();
  }
}
