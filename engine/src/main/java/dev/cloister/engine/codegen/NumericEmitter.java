package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.Opcode;
import java.util.EnumMap;
import java.util.Map;
import org.objectweb.asm.Opcodes;

/// Writes numeric instructions: one row for each that pops numbers and pushes one.
///
/// Comparisons are not written but left as a condition, so that a branch on them is one jump.
final class NumericEmitter {
  /// How one instruction is written.
  private sealed interface Row {
    /// JVM instructions in order.
    @SuppressWarnings("ArrayRecordComponent") // Private to the table, never compared or changed.
    record Instructions(int[] opcodes, String operands, JvmKind result) implements Row {}

    /// A static method.
    record Call(String owner, String name, String operands, JvmKind result) implements Row {}

    /// A comparison: JVM instructions that leave an int, then a condition.
    record Comparison(int first, String operands, int condition) implements Row {}
  }

  private static final Map<Opcode, Row> ROWS = rows();

  private final MethodState state;
  private final ConstantDivision divisions;

  NumericEmitter(MethodState state) {
    this.state = state;
    this.divisions = new ConstantDivision(state);
  }

  /// Writes `opcode` if it is one of the table's.
  ///
  /// @return whether it was
  boolean emit(Opcode opcode) {
    Row row = ROWS.get(opcode);
    if (row == null) {
      return false;
    }
    if (divisions.emit(opcode) || (opcode == Opcode.I32_AND && pushBitTest())) {
      return true;
    }
    BytecodeWriter writer = state.writer;
    state.flush();
    switch (row) {
      case Row.Instructions(int[] opcodes, String operands, JvmKind result) -> {
        boolean isTruth = isTruth(opcode);
        state.pop(operands.length());
        for (int instruction : opcodes) {
          writer.insn(instruction);
        }
        state.pushOnStack(result);
        if (isTruth) {
          state.operands.markTruth();
        }
      }
      case Row.Call(String owner, String name, String operands, JvmKind result) -> {
        state.pop(operands.length());
        writer.invokestatic(owner, name, "(" + operands + ")" + result.code());
        state.pushOnStack(result);
      }
      case Row.Comparison(int first, String operands, int condition) -> {
        int top = state.operands.size() - 1;
        long left = state.operands.origin(top - 1);
        long right = state.operands.origin(top);
        state.pop(operands.length());
        if (first != Opcodes.NOP) {
          writer.insn(first);
        }
        state.operands.pushCondition(condition);
        state.operands.markCompared(left, right);
      }
    }
    return true;
  }

  /// Leaves an `i32.and` with a constant of one bit as a condition.
  ///
  /// @return whether it is one
  private boolean pushBitTest() {
    if (!state.isConstant(0) || Integer.bitCount((int) state.constant(0)) != 1) {
      return false;
    }
    int bit = Integer.numberOfTrailingZeros((int) state.constant(0));
    state.flushBelow(1);
    state.pop(2);
    state.operands.pushCondition(Conditions.bitTest(bit));
    return true;
  }

  /// {@return whether the result is 0 or 1, because both operands are}
  private boolean isTruth(Opcode opcode) {
    int top = state.operands.size() - 1;
    return switch (opcode) {
      case I32_AND, I32_OR, I32_XOR ->
          state.operands.isTruth(top) && state.operands.isTruth(top - 1);
      default -> false;
    };
  }

  /// Writes `i32.eqz`: a pending condition is just turned round.
  void emitEqz() {
    int top = state.operands.size() - 1;
    if (state.operands.place(top) == OperandStack.CONDITION) {
      state.operands.setOpcode(top, Conditions.inverse(state.operands.opcode(top)));
    } else {
      state.flush();
      state.pop();
      state.operands.pushCondition(Opcodes.IFEQ);
    }
  }

  /// Writes `i64.eqz`.
  void emitLongEqz() {
    state.flush();
    state.pop();
    state.writer.insn(Opcodes.LCONST_0);
    state.operands.pushCondition(Conditions.LONGS | Opcodes.IFEQ);
  }

  /// {@return the jump that is taken when `jump` is not}
  static int inverse(int jump) {
    return jump >= Opcodes.IFNULL ? jump ^ 1 : ((jump + 1) ^ 1) - 1;
  }

  private static void instructions(
      Map<Opcode, Row> rows, Opcode opcode, String operands, JvmKind result, int... opcodes) {
    rows.put(opcode, new Row.Instructions(opcodes, operands, result));
  }

  private static void call(
      Map<Opcode, Row> rows,
      Opcode opcode,
      String operands,
      JvmKind result,
      String owner,
      String name) {
    rows.put(opcode, new Row.Call(owner, name, operands, result));
  }

  private static void compare(
      Map<Opcode, Row> rows, Opcode opcode, String operands, int first, int condition) {
    rows.put(opcode, new Row.Comparison(first, operands, condition));
  }

  private static Map<Opcode, Row> rows() {
    Map<Opcode, Row> rows = new EnumMap<>(Opcode.class);
    addIntegers(rows);
    addLongs(rows);
    addFloats(rows);
    addDoubles(rows);
    addComparisons(rows);
    addConversions(rows);
    return rows;
  }

  private static void addIntegers(Map<Opcode, Row> rows) {
    String two = "II";
    String integer = "java/lang/Integer";
    instructions(rows, Opcode.I32_ADD, two, JvmKind.INT, Opcodes.IADD);
    instructions(rows, Opcode.I32_SUB, two, JvmKind.INT, Opcodes.ISUB);
    instructions(rows, Opcode.I32_MUL, two, JvmKind.INT, Opcodes.IMUL);
    instructions(rows, Opcode.I32_AND, two, JvmKind.INT, Opcodes.IAND);
    instructions(rows, Opcode.I32_OR, two, JvmKind.INT, Opcodes.IOR);
    instructions(rows, Opcode.I32_XOR, two, JvmKind.INT, Opcodes.IXOR);
    instructions(rows, Opcode.I32_SHL, two, JvmKind.INT, Opcodes.ISHL);
    instructions(rows, Opcode.I32_SHR_S, two, JvmKind.INT, Opcodes.ISHR);
    instructions(rows, Opcode.I32_SHR_U, two, JvmKind.INT, Opcodes.IUSHR);
    call(rows, Opcode.I32_ROTL, two, JvmKind.INT, integer, "rotateLeft");
    call(rows, Opcode.I32_ROTR, two, JvmKind.INT, integer, "rotateRight");
    call(rows, Opcode.I32_CLZ, "I", JvmKind.INT, integer, "numberOfLeadingZeros");
    call(rows, Opcode.I32_CTZ, "I", JvmKind.INT, integer, "numberOfTrailingZeros");
    call(rows, Opcode.I32_POPCNT, "I", JvmKind.INT, integer, "bitCount");
    call(rows, Opcode.I32_DIV_S, two, JvmKind.INT, Names.INTEGER_OPS, "divS");
    call(rows, Opcode.I32_DIV_U, two, JvmKind.INT, Names.INTEGER_OPS, "divU");
    call(rows, Opcode.I32_REM_S, two, JvmKind.INT, Names.INTEGER_OPS, "remS");
    call(rows, Opcode.I32_REM_U, two, JvmKind.INT, Names.INTEGER_OPS, "remU");
    instructions(rows, Opcode.I32_EXTEND8_S, "I", JvmKind.INT, Opcodes.I2B);
    instructions(rows, Opcode.I32_EXTEND16_S, "I", JvmKind.INT, Opcodes.I2S);
  }

  private static void addLongs(Map<Opcode, Row> rows) {
    String two = "JJ";
    instructions(rows, Opcode.I64_ADD, two, JvmKind.LONG, Opcodes.LADD);
    instructions(rows, Opcode.I64_SUB, two, JvmKind.LONG, Opcodes.LSUB);
    instructions(rows, Opcode.I64_MUL, two, JvmKind.LONG, Opcodes.LMUL);
    instructions(rows, Opcode.I64_AND, two, JvmKind.LONG, Opcodes.LAND);
    instructions(rows, Opcode.I64_OR, two, JvmKind.LONG, Opcodes.LOR);
    instructions(rows, Opcode.I64_XOR, two, JvmKind.LONG, Opcodes.LXOR);
    instructions(rows, Opcode.I64_SHL, two, JvmKind.LONG, Opcodes.L2I, Opcodes.LSHL);
    instructions(rows, Opcode.I64_SHR_S, two, JvmKind.LONG, Opcodes.L2I, Opcodes.LSHR);
    instructions(rows, Opcode.I64_SHR_U, two, JvmKind.LONG, Opcodes.L2I, Opcodes.LUSHR);
    call(rows, Opcode.I64_ROTL, two, JvmKind.LONG, Names.INTEGER_OPS, "rotl");
    call(rows, Opcode.I64_ROTR, two, JvmKind.LONG, Names.INTEGER_OPS, "rotr");
    call(rows, Opcode.I64_DIV_S, two, JvmKind.LONG, Names.INTEGER_OPS, "divS");
    call(rows, Opcode.I64_DIV_U, two, JvmKind.LONG, Names.INTEGER_OPS, "divU");
    call(rows, Opcode.I64_REM_S, two, JvmKind.LONG, Names.INTEGER_OPS, "remS");
    call(rows, Opcode.I64_REM_U, two, JvmKind.LONG, Names.INTEGER_OPS, "remU");
    call(rows, Opcode.I64_CLZ, "J", JvmKind.LONG, Names.INTEGER_OPS, "clz");
    call(rows, Opcode.I64_CTZ, "J", JvmKind.LONG, Names.INTEGER_OPS, "ctz");
    call(rows, Opcode.I64_POPCNT, "J", JvmKind.LONG, Names.INTEGER_OPS, "popcnt");
    instructions(
        rows, Opcode.I64_EXTEND8_S, "J", JvmKind.LONG, Opcodes.L2I, Opcodes.I2B, Opcodes.I2L);
    instructions(
        rows, Opcode.I64_EXTEND16_S, "J", JvmKind.LONG, Opcodes.L2I, Opcodes.I2S, Opcodes.I2L);
    instructions(rows, Opcode.I64_EXTEND32_S, "J", JvmKind.LONG, Opcodes.L2I, Opcodes.I2L);
  }

  private static void addFloats(Map<Opcode, Row> rows) {
    String two = "FF";
    instructions(rows, Opcode.F32_ADD, two, JvmKind.FLOAT, Opcodes.FADD);
    instructions(rows, Opcode.F32_SUB, two, JvmKind.FLOAT, Opcodes.FSUB);
    instructions(rows, Opcode.F32_MUL, two, JvmKind.FLOAT, Opcodes.FMUL);
    instructions(rows, Opcode.F32_DIV, two, JvmKind.FLOAT, Opcodes.FDIV);
    instructions(rows, Opcode.F32_NEG, "F", JvmKind.FLOAT, Opcodes.FNEG);
    call(rows, Opcode.F32_MIN, two, JvmKind.FLOAT, Names.FLOAT_OPS, "min");
    call(rows, Opcode.F32_MAX, two, JvmKind.FLOAT, Names.FLOAT_OPS, "max");
    call(rows, Opcode.F32_COPYSIGN, two, JvmKind.FLOAT, Names.FLOAT_OPS, "copySign");
    call(rows, Opcode.F32_ABS, "F", JvmKind.FLOAT, Names.FLOAT_OPS, "abs");
    call(rows, Opcode.F32_CEIL, "F", JvmKind.FLOAT, Names.FLOAT_OPS, "ceil");
    call(rows, Opcode.F32_FLOOR, "F", JvmKind.FLOAT, Names.FLOAT_OPS, "floor");
    call(rows, Opcode.F32_TRUNC, "F", JvmKind.FLOAT, Names.FLOAT_OPS, "trunc");
    call(rows, Opcode.F32_NEAREST, "F", JvmKind.FLOAT, Names.FLOAT_OPS, "nearest");
    call(rows, Opcode.F32_SQRT, "F", JvmKind.FLOAT, Names.FLOAT_OPS, "sqrt");
  }

  private static void addDoubles(Map<Opcode, Row> rows) {
    String two = "DD";
    instructions(rows, Opcode.F64_ADD, two, JvmKind.DOUBLE, Opcodes.DADD);
    instructions(rows, Opcode.F64_SUB, two, JvmKind.DOUBLE, Opcodes.DSUB);
    instructions(rows, Opcode.F64_MUL, two, JvmKind.DOUBLE, Opcodes.DMUL);
    instructions(rows, Opcode.F64_DIV, two, JvmKind.DOUBLE, Opcodes.DDIV);
    instructions(rows, Opcode.F64_NEG, "D", JvmKind.DOUBLE, Opcodes.DNEG);
    call(rows, Opcode.F64_MIN, two, JvmKind.DOUBLE, Names.FLOAT_OPS, "min");
    call(rows, Opcode.F64_MAX, two, JvmKind.DOUBLE, Names.FLOAT_OPS, "max");
    call(rows, Opcode.F64_COPYSIGN, two, JvmKind.DOUBLE, Names.FLOAT_OPS, "copySign");
    call(rows, Opcode.F64_ABS, "D", JvmKind.DOUBLE, Names.FLOAT_OPS, "abs");
    call(rows, Opcode.F64_CEIL, "D", JvmKind.DOUBLE, Names.FLOAT_OPS, "ceil");
    call(rows, Opcode.F64_FLOOR, "D", JvmKind.DOUBLE, Names.FLOAT_OPS, "floor");
    call(rows, Opcode.F64_TRUNC, "D", JvmKind.DOUBLE, Names.FLOAT_OPS, "trunc");
    call(rows, Opcode.F64_NEAREST, "D", JvmKind.DOUBLE, Names.FLOAT_OPS, "nearest");
    call(rows, Opcode.F64_SQRT, "D", JvmKind.DOUBLE, "java/lang/Math", "sqrt");
  }

  private static void addComparisons(Map<Opcode, Row> rows) {
    compare(rows, Opcode.I32_EQ, "II", Opcodes.NOP, Opcodes.IF_ICMPEQ);
    compare(rows, Opcode.I32_NE, "II", Opcodes.NOP, Opcodes.IF_ICMPNE);
    compare(rows, Opcode.I32_LT_S, "II", Opcodes.NOP, Opcodes.IF_ICMPLT);
    compare(rows, Opcode.I32_GT_S, "II", Opcodes.NOP, Opcodes.IF_ICMPGT);
    compare(rows, Opcode.I32_LE_S, "II", Opcodes.NOP, Opcodes.IF_ICMPLE);
    compare(rows, Opcode.I32_GE_S, "II", Opcodes.NOP, Opcodes.IF_ICMPGE);
    compare(rows, Opcode.I32_LT_U, "II", Opcodes.NOP, Conditions.UNSIGNED_INTS | Opcodes.IFLT);
    compare(rows, Opcode.I32_GT_U, "II", Opcodes.NOP, Conditions.UNSIGNED_INTS | Opcodes.IFGT);
    compare(rows, Opcode.I32_LE_U, "II", Opcodes.NOP, Conditions.UNSIGNED_INTS | Opcodes.IFLE);
    compare(rows, Opcode.I32_GE_U, "II", Opcodes.NOP, Conditions.UNSIGNED_INTS | Opcodes.IFGE);
    compare(rows, Opcode.I64_EQ, "JJ", Opcodes.NOP, Conditions.LONGS | Opcodes.IFEQ);
    compare(rows, Opcode.I64_NE, "JJ", Opcodes.NOP, Conditions.LONGS | Opcodes.IFNE);
    compare(rows, Opcode.I64_LT_S, "JJ", Opcodes.NOP, Conditions.LONGS | Opcodes.IFLT);
    compare(rows, Opcode.I64_GT_S, "JJ", Opcodes.NOP, Conditions.LONGS | Opcodes.IFGT);
    compare(rows, Opcode.I64_LE_S, "JJ", Opcodes.NOP, Conditions.LONGS | Opcodes.IFLE);
    compare(rows, Opcode.I64_GE_S, "JJ", Opcodes.NOP, Conditions.LONGS | Opcodes.IFGE);
    compare(rows, Opcode.I64_LT_U, "JJ", Opcodes.NOP, Conditions.UNSIGNED_LONGS | Opcodes.IFLT);
    compare(rows, Opcode.I64_GT_U, "JJ", Opcodes.NOP, Conditions.UNSIGNED_LONGS | Opcodes.IFGT);
    compare(rows, Opcode.I64_LE_U, "JJ", Opcodes.NOP, Conditions.UNSIGNED_LONGS | Opcodes.IFLE);
    compare(rows, Opcode.I64_GE_U, "JJ", Opcodes.NOP, Conditions.UNSIGNED_LONGS | Opcodes.IFGE);
    // A NaN compares as greater where less is asked for and the other way round, so it never holds,
    // and the inverse jump is taken for it.
    compare(rows, Opcode.F32_EQ, "FF", Opcodes.FCMPL, Conditions.SIGN | Opcodes.IFEQ);
    compare(rows, Opcode.F32_NE, "FF", Opcodes.FCMPL, Conditions.SIGN | Opcodes.IFNE);
    compare(rows, Opcode.F32_LT, "FF", Opcodes.FCMPG, Conditions.SIGN | Opcodes.IFLT);
    compare(rows, Opcode.F32_GT, "FF", Opcodes.FCMPL, Conditions.SIGN | Opcodes.IFGT);
    compare(rows, Opcode.F32_LE, "FF", Opcodes.FCMPG, Conditions.SIGN | Opcodes.IFLE);
    compare(rows, Opcode.F32_GE, "FF", Opcodes.FCMPL, Conditions.SIGN | Opcodes.IFGE);
    compare(rows, Opcode.F64_EQ, "DD", Opcodes.DCMPL, Conditions.SIGN | Opcodes.IFEQ);
    compare(rows, Opcode.F64_NE, "DD", Opcodes.DCMPL, Conditions.SIGN | Opcodes.IFNE);
    compare(rows, Opcode.F64_LT, "DD", Opcodes.DCMPG, Conditions.SIGN | Opcodes.IFLT);
    compare(rows, Opcode.F64_GT, "DD", Opcodes.DCMPL, Conditions.SIGN | Opcodes.IFGT);
    compare(rows, Opcode.F64_LE, "DD", Opcodes.DCMPG, Conditions.SIGN | Opcodes.IFLE);
    compare(rows, Opcode.F64_GE, "DD", Opcodes.DCMPL, Conditions.SIGN | Opcodes.IFGE);
  }

  private static void addConversions(Map<Opcode, Row> rows) {
    String ops = Names.CONVERSION_OPS;
    String single = "java/lang/Float";
    String twofold = "java/lang/Double";
    instructions(rows, Opcode.I32_WRAP_I64, "J", JvmKind.INT, Opcodes.L2I);
    instructions(rows, Opcode.I64_EXTEND_I32_S, "I", JvmKind.LONG, Opcodes.I2L);
    call(rows, Opcode.I64_EXTEND_I32_U, "I", JvmKind.LONG, "java/lang/Integer", "toUnsignedLong");
    call(rows, Opcode.I32_TRUNC_F32_S, "F", JvmKind.INT, ops, "truncToI32S");
    call(rows, Opcode.I32_TRUNC_F32_U, "F", JvmKind.INT, ops, "truncToI32U");
    call(rows, Opcode.I32_TRUNC_F64_S, "D", JvmKind.INT, ops, "truncToI32S");
    call(rows, Opcode.I32_TRUNC_F64_U, "D", JvmKind.INT, ops, "truncToI32U");
    call(rows, Opcode.I64_TRUNC_F32_S, "F", JvmKind.LONG, ops, "truncToI64S");
    call(rows, Opcode.I64_TRUNC_F32_U, "F", JvmKind.LONG, ops, "truncToI64U");
    call(rows, Opcode.I64_TRUNC_F64_S, "D", JvmKind.LONG, ops, "truncToI64S");
    call(rows, Opcode.I64_TRUNC_F64_U, "D", JvmKind.LONG, ops, "truncToI64U");
    instructions(rows, Opcode.I32_TRUNC_SAT_F32_S, "F", JvmKind.INT, Opcodes.F2I);
    call(rows, Opcode.I32_TRUNC_SAT_F32_U, "F", JvmKind.INT, ops, "truncSatToI32U");
    instructions(rows, Opcode.I32_TRUNC_SAT_F64_S, "D", JvmKind.INT, Opcodes.D2I);
    call(rows, Opcode.I32_TRUNC_SAT_F64_U, "D", JvmKind.INT, ops, "truncSatToI32U");
    instructions(rows, Opcode.I64_TRUNC_SAT_F32_S, "F", JvmKind.LONG, Opcodes.F2L);
    call(rows, Opcode.I64_TRUNC_SAT_F32_U, "F", JvmKind.LONG, ops, "truncSatToI64U");
    instructions(rows, Opcode.I64_TRUNC_SAT_F64_S, "D", JvmKind.LONG, Opcodes.D2L);
    call(rows, Opcode.I64_TRUNC_SAT_F64_U, "D", JvmKind.LONG, ops, "truncSatToI64U");
    instructions(rows, Opcode.F32_CONVERT_I32_S, "I", JvmKind.FLOAT, Opcodes.I2F);
    call(rows, Opcode.F32_CONVERT_I32_U, "I", JvmKind.FLOAT, ops, "toF32U");
    instructions(rows, Opcode.F32_CONVERT_I64_S, "J", JvmKind.FLOAT, Opcodes.L2F);
    call(rows, Opcode.F32_CONVERT_I64_U, "J", JvmKind.FLOAT, ops, "toF32U");
    instructions(rows, Opcode.F32_DEMOTE_F64, "D", JvmKind.FLOAT, Opcodes.D2F);
    instructions(rows, Opcode.F64_CONVERT_I32_S, "I", JvmKind.DOUBLE, Opcodes.I2D);
    call(rows, Opcode.F64_CONVERT_I32_U, "I", JvmKind.DOUBLE, ops, "toF64U");
    instructions(rows, Opcode.F64_CONVERT_I64_S, "J", JvmKind.DOUBLE, Opcodes.L2D);
    call(rows, Opcode.F64_CONVERT_I64_U, "J", JvmKind.DOUBLE, ops, "toF64U");
    instructions(rows, Opcode.F64_PROMOTE_F32, "F", JvmKind.DOUBLE, Opcodes.F2D);
    call(rows, Opcode.I32_REINTERPRET_F32, "F", JvmKind.INT, single, "floatToRawIntBits");
    call(rows, Opcode.I64_REINTERPRET_F64, "D", JvmKind.LONG, twofold, "doubleToRawLongBits");
    call(rows, Opcode.F32_REINTERPRET_I32, "I", JvmKind.FLOAT, single, "intBitsToFloat");
    call(rows, Opcode.F64_REINTERPRET_I64, "J", JvmKind.DOUBLE, twofold, "longBitsToDouble");
  }
}
