package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.objectweb.asm.Opcodes;

/// Writes instructions on vectors, which are two longs, as calls of helpers on longs.
final class VectorEmitter {
  /*
   * A helper has the name of its instruction, in camel case, in the class of the instruction's
   * shape. Where lanes are independent, it is applied to the low halves and to the high ones. For
   * the others a row says what each half of the result is made of: `aAbBcC` are the halves of the
   * operands from the lowest, in lower case the low ones; a scalar operand has a lower case letter
   * as well. Nothing is allocated, and every helper is small enough to be inlined.
   */
  private sealed interface Row {
    /// A helper, or a JVM instruction, for both halves.
    record Lanes(Half half) implements Row {}

    /// The two halves; a missing high half is 0.
    record Halves(List<Half> halves) implements Row {}

    /// A vector of two equal halves.
    record Splat(Half half) implements Row {}

    /// A number that is made of both halves.
    record Scalar(Half half) implements Row {}
  }

  /// What makes a half of the result, or a scalar.
  private sealed interface Half {
    record Call(String owner, String name, String args) implements Half {}

    record Instruction(int opcode, String args) implements Half {}

    String args();
  }

  private static final Map<Opcode, Row> ROWS = rows();

  private final MethodState state;
  private final BytecodeWriter writer;

  VectorEmitter(MethodState state) {
    this.state = state;
    this.writer = state.writer;
  }

  /// Writes `opcode` if it works on vectors and not on memory.
  ///
  /// @return whether it does
  boolean emit(Opcode opcode, InstructionReader reader) {
    Row row = ROWS.get(opcode);
    if (row != null) {
      emit(row, opcode);
      return true;
    }
    switch (opcode) {
      case I8X16_SHUFFLE -> shuffle(reader.v128Low(), reader.v128High());
      case I8X16_EXTRACT_LANE_S -> extractLane(reader.lane(), 8, JvmKind.INT, Opcodes.I2B);
      case I8X16_EXTRACT_LANE_U -> extractLane(reader.lane(), 8, JvmKind.INT, 0xff);
      case I16X8_EXTRACT_LANE_S -> extractLane(reader.lane(), 16, JvmKind.INT, Opcodes.I2S);
      case I16X8_EXTRACT_LANE_U -> extractLane(reader.lane(), 16, JvmKind.INT, Opcodes.I2C);
      case I32X4_EXTRACT_LANE -> extractLane(reader.lane(), 32, JvmKind.INT, Opcodes.NOP);
      case I64X2_EXTRACT_LANE -> extractLane(reader.lane(), 64, JvmKind.LONG, Opcodes.NOP);
      case F32X4_EXTRACT_LANE -> extractLane(reader.lane(), 32, JvmKind.FLOAT, Opcodes.NOP);
      case F64X2_EXTRACT_LANE -> extractLane(reader.lane(), 64, JvmKind.DOUBLE, Opcodes.NOP);
      case I8X16_REPLACE_LANE -> replaceLane(reader.lane(), 8, Names.I8X16_OPS);
      case I16X8_REPLACE_LANE -> replaceLane(reader.lane(), 16, Names.I16X8_OPS);
      case I32X4_REPLACE_LANE, F32X4_REPLACE_LANE ->
          replaceLane(reader.lane(), 32, Names.I32X4_OPS);
      case I64X2_REPLACE_LANE, F64X2_REPLACE_LANE -> replaceLane(reader.lane(), 64, "");
      default -> {
        return false;
      }
    }
    return true;
  }

  private void emit(Row row, Opcode opcode) {
    int operands = signature(opcode).params().size();
    if (row instanceof Row.Scalar) {
      state.flushBelow(operands);
    }
    state.deferTop(operands);
    switch (row) {
      case Row.Lanes(Half half) -> {
        write(half, half.args(), operands, JvmKind.LONG);
        write(half, onHighHalves(half.args(), operands), operands, JvmKind.LONG);
        finishVector(operands);
      }
      case Row.Halves(List<Half> halves) -> {
        for (Half half : halves) {
          write(half, half.args(), operands, JvmKind.LONG);
        }
        if (halves.size() == 1) {
          writer.lconst(0);
        }
        finishVector(operands);
      }
      case Row.Splat(Half half) -> {
        write(half, half.args(), operands, JvmKind.LONG);
        writer.insn(Opcodes.DUP2);
        finishVector(operands);
      }
      case Row.Scalar(Half half) -> {
        write(half, half.args(), operands, JvmKind.INT);
        state.pop(operands);
        state.pushOnStack(JvmKind.INT);
      }
    }
  }

  private static FuncType signature(Opcode opcode) {
    return Objects.requireNonNull(opcode.signature(), opcode.mnemonic());
  }

  private void finishVector(int operands) {
    state.pop(operands);
    state.pushVector();
  }

  private String onHighHalves(String args, int operands) {
    StringBuilder high = new StringBuilder();
    for (int i = 0; i < args.length(); i++) {
      char arg = args.charAt(i);
      boolean isVector = state.peek(depth(arg, operands)) == JvmKind.V128;
      high.append(isVector ? Character.toUpperCase(arg) : arg);
    }
    return high.toString();
  }

  private static int depth(char arg, int operands) {
    return operands - 1 - (Character.toLowerCase(arg) - 'a');
  }

  private void write(Half half, String args, int operands, JvmKind result) {
    StringBuilder descriptor = new StringBuilder("(");
    for (int i = 0; i < args.length(); i++) {
      int depth = depth(args.charAt(i), operands);
      JvmKind kind = state.peek(depth);
      if (kind == JvmKind.V128) {
        state.writeDeferredHalf(depth, Character.isUpperCase(args.charAt(i)));
        descriptor.append('J');
      } else {
        state.writeDeferred(depth);
        descriptor.append(kind.code());
      }
    }
    switch (half) {
      case Half.Instruction(int instruction, String _) -> writer.insn(instruction);
      case Half.Call(String owner, String name, String _) ->
          writer.invokestatic(owner, name, descriptor.append(')').append(result.code()).toString());
    }
  }

  // Lanes and shuffles.

  /// @param then what turns the lane into the result: a JVM instruction or a mask
  private void extractLane(int lane, int width, JvmKind result, int then) {
    state.flushBelow(1);
    state.deferTop(1);
    int bit = lane * width;
    state.writeDeferredHalf(0, bit >= 64);
    if (bit % 64 != 0) {
      writer.iconst(bit % 64);
      writer.insn(Opcodes.LUSHR);
    }
    if (width < 64) {
      writer.insn(Opcodes.L2I);
    }
    if (then == 0xff) {
      writer.iconst(then);
      writer.insn(Opcodes.IAND);
    } else if (then != Opcodes.NOP) {
      writer.insn(then);
    }
    if (result == JvmKind.FLOAT) {
      writer.invokestatic("java/lang/Float", "intBitsToFloat", "(I)F");
    } else if (result == JvmKind.DOUBLE) {
      writer.invokestatic("java/lang/Double", "longBitsToDouble", "(J)D");
    }
    state.pop();
    state.pushOnStack(result);
  }

  /// @param owner the class that replaces a lane by an int, for lanes of less than 64 bits
  private void replaceLane(int lane, int width, String owner) {
    state.deferTop(2);
    int bit = lane * width;
    boolean isHigh = bit >= 64;
    if (isHigh) {
      state.writeDeferredHalf(1, /* isHigh= */ false);
    }
    if (width < 64) {
      state.writeDeferredHalf(1, isHigh);
      writeBits();
      writer.iconst(bit % 64);
      writer.invokestatic(owner, "replaceLane", "(JII)J");
    } else {
      writeBits();
    }
    if (!isHigh) {
      state.writeDeferredHalf(1, /* isHigh= */ true);
    }
    finishVector(2);
  }

  /// Writes the top operand, a number, as an int or a long.
  private void writeBits() {
    state.writeDeferred(0);
    switch (state.peek(0)) {
      case FLOAT -> writer.invokestatic("java/lang/Float", "floatToRawIntBits", "(F)I");
      case DOUBLE -> writer.invokestatic("java/lang/Double", "doubleToRawLongBits", "(D)J");
      default -> {}
    }
  }

  /// The bytes of a result are known by their places, so they are moved in groups: all that come
  /// from one half of an operand and go the same way are one shift and one mask.
  private void shuffle(long low, long high) {
    state.deferTop(2);
    shuffleHalf(low);
    shuffleHalf(high);
    finishVector(2);
  }

  private void shuffleHalf(long lanes) {
    boolean isFirst = true;
    for (int source = 0; source < 4; source++) {
      for (int shift = -56; shift < 64; shift += 8) {
        long mask = movedBytes(lanes, source, shift);
        if (mask != 0) {
          state.writeDeferredHalf(1 - (source >> 1), (source & 1) != 0);
          writeMoved(shift, mask);
          if (!isFirst) {
            writer.insn(Opcodes.LOR);
          }
          isFirst = false;
        }
      }
    }
  }

  /// {@return the bytes of the result that come from a half of an operand by a shift to the left}
  private static long movedBytes(long lanes, int source, int shift) {
    long mask = 0;
    for (int to = 0; to < 8; to++) {
      int lane = (int) (lanes >>> (8 * to)) & 0xff;
      if (lane >> 3 == source && 8 * (to - (lane & 7)) == shift) {
        mask |= 0xffL << (8 * to);
      }
    }
    return mask;
  }

  private void writeMoved(int shift, long mask) {
    if (shift != 0) {
      writer.iconst(Math.abs(shift));
      writer.insn(shift > 0 ? Opcodes.LSHL : Opcodes.LUSHR);
    }
    if (mask != (shift > 0 ? -1L << shift : -1L >>> -shift)) {
      writer.lconst(mask);
      writer.insn(Opcodes.LAND);
    }
  }

  // The table.

  private static Map<Opcode, Row> rows() {
    Map<Opcode, Row> rows = new EnumMap<>(Opcode.class);
    addInstructions(rows);
    addSplats(rows);
    addRearrangements(rows);
    addWidenings(rows);
    addRelaxed(rows);
    for (Opcode opcode : Opcode.values()) {
      if (opcode.prefix() == Opcode.PREFIX_SIMD && opcode.immediates() == ImmediateKind.NONE) {
        rows.putIfAbsent(opcode, defaultRow(opcode));
      }
    }
    return rows;
  }

  private static Row defaultRow(Opcode opcode) {
    FuncType signature = signature(opcode);
    return signature.results().getFirst() == NumType.I32
        ? new Row.Scalar(call(opcode, "aA"))
        : new Row.Lanes(call(opcode, "abc".substring(0, signature.params().size())));
  }

  /// {@return the helper with the name of an instruction, in the class of its shape}
  private static Half call(Opcode opcode, String args) {
    String mnemonic = opcode.mnemonic();
    return new Half.Call(owner(opcode), name(mnemonic.substring(mnemonic.indexOf('.') + 1)), args);
  }

  private static String owner(Opcode opcode) {
    String mnemonic = opcode.mnemonic();
    return switch (mnemonic.substring(0, mnemonic.indexOf('.'))) {
      case "i8x16" -> Names.I8X16_OPS;
      case "i16x8" -> Names.I16X8_OPS;
      case "i32x4" -> Names.I32X4_OPS;
      case "i64x2" -> Names.I64X2_OPS;
      case "f32x4" -> Names.F32X4_OPS;
      case "f64x2" -> Names.F64X2_OPS;
      default -> Names.V128_OPS;
    };
  }

  private static String name(String operator) {
    StringBuilder name = new StringBuilder();
    for (String word : operator.split("_", -1)) {
      name.append(
          name.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
    }
    return name.toString();
  }

  private static void lanes(Map<Opcode, Row> rows, Opcode opcode, int instruction, String args) {
    rows.put(opcode, new Row.Lanes(new Half.Instruction(instruction, args)));
  }

  private static void addInstructions(Map<Opcode, Row> rows) {
    lanes(rows, Opcode.V128_AND, Opcodes.LAND, "ab");
    lanes(rows, Opcode.V128_OR, Opcodes.LOR, "ab");
    lanes(rows, Opcode.V128_XOR, Opcodes.LXOR, "ab");
    lanes(rows, Opcode.I64X2_ADD, Opcodes.LADD, "ab");
    lanes(rows, Opcode.I64X2_SUB, Opcodes.LSUB, "ab");
    lanes(rows, Opcode.I64X2_MUL, Opcodes.LMUL, "ab");
    lanes(rows, Opcode.I64X2_NEG, Opcodes.LNEG, "a");
    lanes(rows, Opcode.I64X2_SHL, Opcodes.LSHL, "ab");
    lanes(rows, Opcode.I64X2_SHR_S, Opcodes.LSHR, "ab");
    lanes(rows, Opcode.I64X2_SHR_U, Opcodes.LUSHR, "ab");
  }

  private static void addSplats(Map<Opcode, Row> rows) {
    for (Opcode opcode :
        List.of(
            Opcode.I8X16_SPLAT,
            Opcode.I16X8_SPLAT,
            Opcode.I32X4_SPLAT,
            Opcode.F32X4_SPLAT,
            Opcode.F64X2_SPLAT)) {
      rows.put(opcode, new Row.Splat(call(opcode, "a")));
    }
    rows.put(Opcode.I64X2_SPLAT, new Row.Splat(new Half.Instruction(Opcodes.NOP, "a")));
  }

  private static void halves(Map<Opcode, Row> rows, Opcode opcode, String low, String high) {
    rows.put(opcode, new Row.Halves(List.of(call(opcode, low), call(opcode, high))));
  }

  private static void addRearrangements(Map<Opcode, Row> rows) {
    halves(rows, Opcode.I8X16_SWIZZLE, "aAb", "aAB");
    halves(rows, Opcode.I8X16_NARROW_I16X8_S, "aA", "bB");
    halves(rows, Opcode.I8X16_NARROW_I16X8_U, "aA", "bB");
    halves(rows, Opcode.I16X8_NARROW_I32X4_S, "aA", "bB");
    halves(rows, Opcode.I16X8_NARROW_I32X4_U, "aA", "bB");
    for (Opcode opcode :
        List.of(
            Opcode.F32X4_DEMOTE_F64X2_ZERO,
            Opcode.I32X4_TRUNC_SAT_F64X2_S_ZERO,
            Opcode.I32X4_TRUNC_SAT_F64X2_U_ZERO)) {
      rows.put(opcode, new Row.Halves(List.of(call(opcode, "aA"))));
    }
  }

  /// Each half of the result is made of half of the lanes in one half of the operands, low or high.
  private static void widening(Map<Opcode, Row> rows, Opcode opcode, String name, String args) {
    String signedness = opcode.mnemonic().endsWith("_u") ? "U" : "S";
    rows.put(
        opcode,
        new Row.Halves(
            List.of(
                new Half.Call(owner(opcode), name + "Low" + signedness, args),
                new Half.Call(owner(opcode), name + "High" + signedness, args))));
  }

  private static void addWidenings(Map<Opcode, Row> rows) {
    for (Opcode opcode : Opcode.values()) {
      String mnemonic = opcode.mnemonic();
      if (mnemonic.contains(".extend_low_")) {
        widening(rows, opcode, "extend", "a");
      } else if (mnemonic.contains(".extend_high_")) {
        widening(rows, opcode, "extend", "A");
      } else if (mnemonic.contains(".extmul_low_")) {
        widening(rows, opcode, "extmul", "ab");
      } else if (mnemonic.contains(".extmul_high_")) {
        widening(rows, opcode, "extmul", "AB");
      }
    }
    widening(rows, Opcode.F64X2_CONVERT_LOW_I32X4_S, "convert", "a");
    widening(rows, Opcode.F64X2_CONVERT_LOW_I32X4_U, "convert", "a");
    rows.put(
        Opcode.F64X2_PROMOTE_LOW_F32X4,
        new Row.Halves(
            List.of(
                new Half.Call(Names.F64X2_OPS, "promoteLow", "a"),
                new Half.Call(Names.F64X2_OPS, "promoteHigh", "a"))));
  }

  /// Relaxed instructions that are the same as others here; those that are not have helpers.
  private static void addRelaxed(Map<Opcode, Row> rows) {
    same(rows, Opcode.I8X16_RELAXED_SWIZZLE, Opcode.I8X16_SWIZZLE);
    same(rows, Opcode.I32X4_RELAXED_TRUNC_F64X2_S_ZERO, Opcode.I32X4_TRUNC_SAT_F64X2_S_ZERO);
    same(rows, Opcode.I32X4_RELAXED_TRUNC_F64X2_U_ZERO, Opcode.I32X4_TRUNC_SAT_F64X2_U_ZERO);
    same(rows, Opcode.I32X4_RELAXED_TRUNC_F32X4_S, Opcode.I32X4_TRUNC_SAT_F32X4_S);
    same(rows, Opcode.I32X4_RELAXED_TRUNC_F32X4_U, Opcode.I32X4_TRUNC_SAT_F32X4_U);
    same(rows, Opcode.I8X16_RELAXED_LANESELECT, Opcode.V128_BITSELECT);
    same(rows, Opcode.I16X8_RELAXED_LANESELECT, Opcode.V128_BITSELECT);
    same(rows, Opcode.I32X4_RELAXED_LANESELECT, Opcode.V128_BITSELECT);
    same(rows, Opcode.I64X2_RELAXED_LANESELECT, Opcode.V128_BITSELECT);
    same(rows, Opcode.F32X4_RELAXED_MIN, Opcode.F32X4_MIN);
    same(rows, Opcode.F32X4_RELAXED_MAX, Opcode.F32X4_MAX);
    same(rows, Opcode.F64X2_RELAXED_MIN, Opcode.F64X2_MIN);
    same(rows, Opcode.F64X2_RELAXED_MAX, Opcode.F64X2_MAX);
    same(rows, Opcode.I16X8_RELAXED_Q15MULR_S, Opcode.I16X8_Q15MULR_SAT_S);
  }

  private static void same(Map<Opcode, Row> rows, Opcode relaxed, Opcode strict) {
    Row row = rows.get(strict);
    rows.put(relaxed, row != null ? row : defaultRow(strict));
  }
}
