package dev.cloister.engine.codegen;

import static dev.cloister.engine.codegen.VectorOperator.ADD;
import static dev.cloister.engine.codegen.VectorOperator.AND;
import static dev.cloister.engine.codegen.VectorOperator.ASHR;
import static dev.cloister.engine.codegen.VectorOperator.LSHL;
import static dev.cloister.engine.codegen.VectorOperator.LSHR;
import static dev.cloister.engine.codegen.VectorOperator.MUL;
import static dev.cloister.engine.codegen.VectorOperator.OR;
import static dev.cloister.engine.codegen.VectorOperator.SUB;
import static dev.cloister.engine.codegen.VectorOperator.XOR;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.runtime.intrinsic.VectorApi;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Opcodes;

/// Writes instructions on vectors that are objects; see [PackedPlan].
///
/// What the Vector API has no good form of is left to [VectorEmitter] and [VectorMemoryEmitter],
/// for which the operands become two longs and the result an object again.
final class PackedEmitter {
  /// How an instruction is one operation of the API.
  ///
  /// @param lanes those of operands and result
  private record Row(Form form, LaneType lanes, VectorOperator operator) {}

  private enum Form {
    UNARY,
    BINARY,
    COMPARE,
    /** Bitwise: the lanes are those that an operand has. */
    LOGIC,
    SHIFT
  }

  private static final Map<Opcode, Row> ROWS = rows();

  private final MethodState state;
  private final BytecodeWriter writer;
  private final VectorWriter vectors;
  private final PackedMemoryEmitter memories;
  private final PackedConversions conversions;

  PackedEmitter(MethodState state, MemoryEmitter memories) {
    this.state = state;
    this.writer = state.writer;
    this.vectors = state.vectors;
    this.memories = new PackedMemoryEmitter(state, memories);
    this.conversions = new PackedConversions(state);
  }

  /// {@return whether an instruction takes or makes vectors as two longs: those that are not
  /// written here}
  static boolean takesHalves(Opcode opcode) {
    return switch (opcode) {
      case CALL,
          CALL_INDIRECT,
          CALL_REF,
          RETURN_CALL,
          RETURN_CALL_INDIRECT,
          RETURN_CALL_REF,
          GLOBAL_GET,
          GLOBAL_SET,
          THROW ->
          true;
      default -> opcode.prefix() == Opcode.PREFIX_SIMD || opcode.prefix() == Opcode.PREFIX_GC;
    };
  }

  /// {@return the lanes that an instruction wants its vector operands to have, or null}
  static @Nullable LaneType operandLanes(Opcode opcode) {
    Row row = ROWS.get(opcode);
    if (row != null) {
      return row.form() == Form.LOGIC ? null : row.lanes();
    }
    return switch (opcode.immediates()) {
      case NONE, LANE -> PackedConversions.operandLanes(opcode);
      default -> null;
    };
  }

  /// {@return the lanes that the result of an instruction has, or null if it has none or they
  /// depend on the operands}
  static @Nullable LaneType resultLanes(Opcode opcode) {
    Row row = ROWS.get(opcode);
    if (row != null && row.form() == Form.LOGIC) {
      return null;
    }
    String mnemonic = opcode.mnemonic();
    int dot = mnemonic.indexOf('.');
    return mnemonic.startsWith("v128.") || dot < 0 ? null : LaneType.of(mnemonic.substring(0, dot));
  }

  /// Writes `opcode` if it works on vectors and the API has a form of it.
  ///
  /// @return whether it does
  boolean emit(Opcode opcode, InstructionReader reader) {
    if (opcode.prefix() != Opcode.PREFIX_SIMD) {
      return false;
    }
    Row row = ROWS.get(opcode);
    if (row != null) {
      return (row.form() == Form.COMPARE && fuse(row, reader)) || emit(row);
    }
    switch (opcode) {
      case V128_CONST ->
          state.operands.pushConstant(JvmKind.PACKED, reader.v128Low(), reader.v128High());
      case V128_BITSELECT,
          I8X16_RELAXED_LANESELECT,
          I16X8_RELAXED_LANESELECT,
          I32X4_RELAXED_LANESELECT,
          I64X2_RELAXED_LANESELECT ->
          bitselect();
      case V128_ANY_TRUE -> anyTrue();
      case I8X16_ALL_TRUE -> allTrue(LaneType.BYTE);
      case I16X8_ALL_TRUE -> allTrue(LaneType.SHORT);
      case I32X4_ALL_TRUE -> allTrue(LaneType.INT);
      case I8X16_BITMASK -> bitmask(LaneType.BYTE);
      case I16X8_BITMASK -> bitmask(LaneType.SHORT);
      case I32X4_BITMASK -> bitmask(LaneType.INT);
      case I64X2_BITMASK -> bitmaskOfLongs();
      case I8X16_SPLAT -> splat(LaneType.BYTE);
      case I16X8_SPLAT -> splat(LaneType.SHORT);
      case I32X4_SPLAT -> splat(LaneType.INT);
      case I64X2_SPLAT -> splat(LaneType.LONG);
      case F32X4_SPLAT -> splat(LaneType.FLOAT);
      case F64X2_SPLAT -> splat(LaneType.DOUBLE);
      case I8X16_EXTRACT_LANE_S -> extractLane(LaneType.BYTE, reader.lane(), -1);
      case I8X16_EXTRACT_LANE_U -> extractLane(LaneType.BYTE, reader.lane(), 0xff);
      case I16X8_EXTRACT_LANE_S -> extractLane(LaneType.SHORT, reader.lane(), -1);
      case I16X8_EXTRACT_LANE_U -> extractLane(LaneType.SHORT, reader.lane(), 0xffff);
      case I32X4_EXTRACT_LANE -> extractLane(LaneType.INT, reader.lane(), -1);
      case I64X2_EXTRACT_LANE -> extractLane(LaneType.LONG, reader.lane(), -1);
      case F32X4_EXTRACT_LANE -> extractLane(LaneType.FLOAT, reader.lane(), -1);
      case F64X2_EXTRACT_LANE -> extractLane(LaneType.DOUBLE, reader.lane(), -1);
      case I8X16_REPLACE_LANE -> replaceLane(LaneType.BYTE, reader.lane());
      case I16X8_REPLACE_LANE -> replaceLane(LaneType.SHORT, reader.lane());
      case I32X4_REPLACE_LANE -> replaceLane(LaneType.INT, reader.lane());
      case I64X2_REPLACE_LANE -> replaceLane(LaneType.LONG, reader.lane());
      case F32X4_REPLACE_LANE -> replaceLane(LaneType.FLOAT, reader.lane());
      case F64X2_REPLACE_LANE -> replaceLane(LaneType.DOUBLE, reader.lane());
      case I8X16_SHUFFLE -> shuffle(reader.v128Low(), reader.v128High());
      case I8X16_SWIZZLE, I8X16_RELAXED_SWIZZLE -> swizzle();
      case I8X16_SHL -> shiftBytes(LSHL);
      case I8X16_SHR_U -> shiftBytes(LSHR);
      case I8X16_SHR_S -> shiftBytes(ASHR);
      case F32X4_PMIN -> pseudo(LaneType.FLOAT, VectorOperator.LT);
      case F32X4_PMAX -> pseudo(LaneType.FLOAT, VectorOperator.GT);
      case F64X2_PMIN -> {
        return VectorApi.isWide() && widePseudo(VectorOperator.LT);
      }
      case F64X2_PMAX -> {
        return VectorApi.isWide() && widePseudo(VectorOperator.GT);
      }
      case F32X4_MIN, F32X4_RELAXED_MIN -> extremum(LaneType.FLOAT, VectorOperator.MIN);
      case F32X4_MAX, F32X4_RELAXED_MAX -> extremum(LaneType.FLOAT, VectorOperator.MAX);
      case F64X2_MIN, F64X2_RELAXED_MIN -> extremum(LaneType.DOUBLE, VectorOperator.MIN);
      case F64X2_MAX, F64X2_RELAXED_MAX -> extremum(LaneType.DOUBLE, VectorOperator.MAX);
      case F32X4_ABS -> bits(LaneType.INT, AND, Integer.MAX_VALUE);
      case F32X4_NEG -> bits(LaneType.INT, XOR, Integer.MIN_VALUE);
      case F64X2_ABS -> bits(LaneType.LONG, AND, Long.MAX_VALUE);
      case F64X2_NEG -> bits(LaneType.LONG, XOR, Long.MIN_VALUE);
      case F32X4_RELAXED_MADD -> multiplyAdd(LaneType.FLOAT, /* isNegated= */ false);
      case F32X4_RELAXED_NMADD -> multiplyAdd(LaneType.FLOAT, /* isNegated= */ true);
      case F64X2_RELAXED_MADD -> multiplyAdd(LaneType.DOUBLE, /* isNegated= */ false);
      case F64X2_RELAXED_NMADD -> multiplyAdd(LaneType.DOUBLE, /* isNegated= */ true);
      case I8X16_AVGR_U -> average(LaneType.BYTE);
      case I16X8_AVGR_U -> average(LaneType.SHORT);
      case I32X4_DOT_I16X8_S -> {
        if (VectorApi.isWide()) {
          wideDot();
        } else {
          dot();
        }
      }
      case I16X8_Q15MULR_SAT_S, I16X8_RELAXED_Q15MULR_S -> {
        return VectorApi.isWide() && q15();
      }
      default -> {
        return conversions.emit(opcode) || memories.emit(opcode, reader);
      }
    }
    return true;
  }

  private boolean emit(Row row) {
    LaneType lanes = row.lanes();
    switch (row.form()) {
      case UNARY -> {
        state.deferTop(1);
        state.writeVector(0, lanes);
        vectors.operator(row.operator());
        vectors.unary();
        finish(1, lanes);
      }
      case BINARY -> binary(row.operator(), lanes);
      case COMPARE -> {
        if (lanes.bits() == 64) {
          return VectorApi.isWide() && compareWide(row);
        }
        state.deferTop(2);
        vectors.zero(lanes);
        vectors.constant(lanes, -1, -1);
        writeMask(row);
        vectors.blend();
        finish(2, lanes);
      }
      case LOGIC -> {
        if (row.operator() == VectorOperator.NOT) {
          LaneType own = state.vectorOperands.lanes(1).integral();
          state.deferTop(1);
          state.writeVector(0, own);
          vectors.binary(XOR, own, -1);
          finish(1, own);
        } else {
          binary(row.operator(), state.vectorOperands.lanes(2).integral());
        }
      }
      case SHIFT -> shift(row.operator(), lanes);
    }
    return true;
  }

  /// Compares lanes of 64 bits as if there were four: C2 has no masks of two.
  private boolean compareWide(Row row) {
    LaneType lanes = row.lanes();
    state.deferTop(2);
    vectors.wideConstant(lanes, 0);
    vectors.wideConstant(lanes, -1);
    state.writeVector(1, lanes);
    vectors.widen(lanes);
    vectors.operator(row.operator());
    state.writeVector(0, lanes);
    vectors.widen(lanes);
    vectors.compare();
    vectors.blend();
    vectors.unwiden(lanes);
    finish(2, lanes);
    return true;
  }

  /// The same for the choice that follows.
  private boolean widePseudo(VectorOperator comparison) {
    LaneType lanes = LaneType.DOUBLE;
    int first = state.scratchAddress;
    int second = state.scratchAddress + 1;
    state.deferTop(2);
    state.writeVector(1, lanes);
    vectors.widen(lanes);
    writer.store(JvmKind.PACKED, first);
    state.writeVector(0, lanes);
    vectors.widen(lanes);
    writer.store(JvmKind.PACKED, second);
    writer.load(JvmKind.PACKED, first);
    writer.load(JvmKind.PACKED, second);
    writer.load(JvmKind.PACKED, second);
    vectors.operator(comparison);
    writer.load(JvmKind.PACKED, first);
    vectors.compare();
    vectors.blend();
    vectors.unwiden(lanes);
    finish(2, lanes);
    return true;
  }

  /// Writes a comparison with the instruction that follows, if that asks for its lanes or chooses
  /// by them: then no vector has to be made of the mask.
  ///
  /// @return whether that was done, with the reader behind both
  private boolean fuse(Row row, InstructionReader reader) {
    LaneType lanes = row.lanes();
    if (lanes.bits() == 64) {
      return false;
    }
    InstructionReader ahead = state.module.instructions(reader.position(), reader.end());
    Opcode next = ahead.next();
    boolean isBitmask =
        switch (next) {
          case I8X16_BITMASK -> lanes == LaneType.BYTE;
          case I16X8_BITMASK -> lanes == LaneType.SHORT;
          case I32X4_BITMASK -> lanes.bits() == 32;
          default -> false;
        };
    if (isBitmask || next == Opcode.V128_ANY_TRUE) {
      state.flushBelow(2);
      state.deferTop(2);
      writeMask(row);
      if (isBitmask) {
        vectors.bits();
      } else {
        vectors.anyTrue();
      }
      finish(2, JvmKind.INT);
    } else if (next == Opcode.V128_BITSELECT && state.vectorOperands.isVector(3)) {
      state.prepare(4);
      state.deferTop(4);
      state.writeVector(2, lanes);
      state.writeVector(3, lanes);
      writeMask(row);
      vectors.blend();
      finish(4, lanes);
    } else {
      return false;
    }
    reader.next();
    return true;
  }

  /// Writes the mask of a comparison of the two top operands.
  private void writeMask(Row row) {
    state.writeVector(1, row.lanes());
    vectors.operator(row.operator());
    state.writeVector(0, row.lanes());
    vectors.compare();
  }

  private void finish(int operands, LaneType lanes) {
    state.pop(operands);
    state.pushPacked(lanes);
  }

  private void finish(int operands, JvmKind result) {
    state.pop(operands);
    state.pushOnStack(result);
  }

  private void binary(VectorOperator operator, LaneType lanes) {
    state.deferTop(2);
    state.writeVector(1, lanes);
    vectors.operator(operator);
    state.writeVector(0, lanes);
    vectors.binary();
    finish(2, lanes);
  }

  private void bits(LaneType lanes, VectorOperator operator, long lane) {
    state.deferTop(1);
    state.writeVector(0, lanes);
    vectors.binary(operator, lanes, lane);
    finish(1, lanes);
  }

  private void bitselect() {
    LaneType lanes = state.vectorOperands.lanes(3).integral();
    state.deferTop(3);
    state.writeVector(1, lanes);
    vectors.operator(VectorOperator.BITWISE_BLEND);
    state.writeVector(2, lanes);
    state.writeVector(0, lanes);
    vectors.ternary();
    finish(3, lanes);
  }

  // Questions.

  private void beginQuestion() {
    state.flushBelow(1);
    state.deferTop(1);
  }

  private void anyTrue() {
    beginQuestion();
    compareToZero(LaneType.INT, VectorOperator.NE);
    vectors.anyTrue();
    finish(1, JvmKind.INT);
  }

  private void allTrue(LaneType lanes) {
    beginQuestion();
    compareToZero(lanes, VectorOperator.EQ);
    vectors.anyTrue();
    writer.iconst(1);
    writer.insn(Opcodes.IXOR);
    finish(1, JvmKind.INT);
  }

  private void bitmask(LaneType lanes) {
    beginQuestion();
    compareToZero(lanes, VectorOperator.LT);
    vectors.bits();
    finish(1, JvmKind.INT);
  }

  /// The signs of the upper halves, as C2 has no masks of two lanes.
  private void bitmaskOfLongs() {
    beginQuestion();
    compareToZero(LaneType.INT, VectorOperator.LT);
    vectors.bits();
    writer.insn(Opcodes.DUP);
    writer.iconst(1);
    writer.insn(Opcodes.IUSHR);
    writer.iconst(1);
    writer.insn(Opcodes.IAND);
    writer.insn(Opcodes.SWAP);
    writer.iconst(2);
    writer.insn(Opcodes.IUSHR);
    writer.iconst(2);
    writer.insn(Opcodes.IAND);
    writer.insn(Opcodes.IOR);
    finish(1, JvmKind.INT);
  }

  private void compareToZero(LaneType lanes, VectorOperator operator) {
    state.writeVector(0, lanes);
    vectors.operator(operator);
    vectors.zero(lanes);
    vectors.compare();
  }

  // Lanes.

  private void splat(LaneType lanes) {
    state.deferTop(1);
    vectors.species(lanes);
    state.writeDeferred(0);
    narrow(lanes);
    vectors.broadcast(lanes);
    finish(1, lanes);
  }

  private void extractLane(LaneType lanes, int lane, int mask) {
    beginQuestion();
    state.writeVector(0, lanes);
    vectors.lane(lanes, lane);
    if (mask > 0) {
      writer.iconst(mask);
      writer.insn(Opcodes.IAND);
    }
    finish(1, lanes.lane());
  }

  private void replaceLane(LaneType lanes, int lane) {
    state.deferTop(2);
    state.writeVector(1, lanes);
    vectors.beginLane(lanes, lane);
    state.writeDeferred(0);
    narrow(lanes);
    vectors.withLane(lanes);
    finish(2, lanes);
  }

  /// Makes an int on the JVM stack one that fits into a lane.
  private void narrow(LaneType lanes) {
    switch (lanes) {
      case BYTE -> writer.insn(Opcodes.I2B);
      case SHORT -> writer.insn(Opcodes.I2S);
      default -> {}
    }
  }

  // Bytes.

  private void shuffle(long low, long high) {
    state.deferTop(2);
    boolean isOfFirst = ((low | high) & 0x1010_1010_1010_1010L) == 0;
    boolean isOfSecond = ((low & high) & 0x1010_1010_1010_1010L) == 0x1010_1010_1010_1010L;
    if (isOfFirst || isOfSecond) {
      long lanes = 0x0f0f_0f0f_0f0f_0f0fL;
      writer.vectorConstant(low & lanes, high & lanes);
      state.writeVector(isOfFirst ? 1 : 0, LaneType.BYTE);
      vectors.selectFrom();
    } else {
      vectors.selectOfTwo(
          low,
          high,
          () -> state.writeVector(1, LaneType.BYTE),
          () -> state.writeVector(0, LaneType.BYTE));
    }
    finish(2, LaneType.BYTE);
  }

  /// Indices beyond the vector wrap around in the API, and give 0 here.
  private void swizzle() {
    state.deferTop(2);
    vectors.zero(LaneType.BYTE);
    state.writeVector(0, LaneType.BYTE);
    state.writeVector(1, LaneType.BYTE);
    vectors.selectFrom();
    state.writeVector(0, LaneType.BYTE);
    vectors.operator(VectorOperator.ULT);
    vectors.splat(LaneType.BYTE, 16);
    vectors.compare();
    vectors.blend();
    finish(2, LaneType.BYTE);
  }

  // Shifts.

  private void shift(VectorOperator operator, LaneType lanes) {
    state.deferTop(2);
    state.writeVector(1, lanes);
    vectors.operator(operator);
    writeCount(lanes.bits());
    vectors.shift();
    finish(2, lanes);
  }

  /// Writes the top operand as a count of 64 bits, modulo the width of a lane.
  private void writeCount(int width) {
    if (state.isConstant(0)) {
      writer.lconst(state.constant(0) & (width - 1));
    } else {
      state.writeDeferred(0);
      writer.iconst(width - 1);
      writer.insn(Opcodes.IAND);
      writer.insn(Opcodes.I2L);
    }
  }

  /// Processors do not shift bytes. By a constant, they are shifted as 16 bits, and what came from
  /// the neighbour is masked.
  private void shiftBytes(VectorOperator operator) {
    if (!state.isConstant(0)) {
      shift(operator, LaneType.BYTE);
      return;
    }
    int count = (int) state.constant(0) & 7;
    state.deferTop(2);
    state.writeVector(1, LaneType.SHORT);
    vectors.shift(operator == LSHL ? LSHL : LSHR, count);
    vectors.view(LaneType.BYTE);
    int mask = operator == LSHL ? 0xff << count & 0xff : 0xff >> count;
    vectors.binary(AND, LaneType.BYTE, mask);
    if (operator == ASHR) {
      vectors.binary(XOR, LaneType.BYTE, 0x80 >> count);
      vectors.binary(SUB, LaneType.BYTE, 0x80 >> count);
    }
    finish(2, LaneType.BYTE);
  }

  // Arithmetic of several operations.

  /// `b < a ? b : a` and the like.
  private void pseudo(LaneType lanes, VectorOperator comparison) {
    state.deferTop(2);
    state.writeVector(1, lanes);
    state.writeVector(0, lanes);
    state.writeVector(0, lanes);
    vectors.operator(comparison);
    state.writeVector(1, lanes);
    vectors.compare();
    vectors.blend();
    finish(2, lanes);
  }

  /// The least or greatest of floats. The difference to zero makes a signalling NaN quiet and keeps
  /// everything else, also a negative zero.
  private void extremum(LaneType lanes, VectorOperator operator) {
    state.deferTop(2);
    state.writeVector(1, lanes);
    vectors.operator(operator);
    state.writeVector(0, lanes);
    vectors.binary();
    vectors.operator(SUB);
    vectors.zero(lanes);
    vectors.binary();
    finish(2, lanes);
  }

  /// Two roundings; see [dev.cloister.engine.runtime.intrinsic.F32x4Ops#relaxedMadd].
  private void multiplyAdd(LaneType lanes, boolean isNegated) {
    state.deferTop(3);
    if (isNegated) {
      state.writeVector(0, lanes);
      vectors.operator(SUB);
    }
    state.writeVector(2, lanes);
    vectors.operator(MUL);
    state.writeVector(1, lanes);
    vectors.binary();
    if (!isNegated) {
      vectors.operator(ADD);
      state.writeVector(0, lanes);
    }
    vectors.binary();
    finish(3, lanes);
  }

  /// `(a + b + 1) / 2` without a carry: `(a | b) - ((a ^ b) >>> 1)`.
  private void average(LaneType lanes) {
    state.deferTop(2);
    state.writeVector(1, lanes);
    vectors.operator(OR);
    state.writeVector(0, lanes);
    vectors.binary();
    vectors.operator(SUB);
    state.writeVector(1, lanes);
    vectors.operator(XOR);
    state.writeVector(0, lanes);
    vectors.binary();
    vectors.view(LaneType.SHORT);
    vectors.shift(LSHR, 1);
    if (lanes == LaneType.BYTE) {
      vectors.view(LaneType.BYTE);
      vectors.binary(AND, LaneType.BYTE, 0x7f);
    }
    vectors.binary();
    finish(2, lanes);
  }

  /// The sums of the products of neighbours: those of the low halves of 32 bits and of the high
  /// ones.
  private void dot() {
    state.deferTop(2);
    writeLowShorts(1);
    vectors.operator(MUL);
    writeLowShorts(0);
    vectors.binary();
    vectors.operator(ADD);
    writeHighShorts(1);
    vectors.operator(MUL);
    writeHighShorts(0);
    vectors.binary();
    vectors.binary();
    finish(2, LaneType.INT);
  }

  /// The products as ints of 256 bits, of which neighbours are then added as the two halves of
  /// longs.
  private void wideDot() {
    state.deferTop(2);
    writeWide(1);
    vectors.operator(MUL);
    writeWide(0);
    vectors.binary();
    writer.insn(Opcodes.DUP);
    vectors.view(LaneType.LONG);
    vectors.shift(LSHR, 32);
    vectors.view(LaneType.INT);
    vectors.operator(ADD);
    writer.insn(Opcodes.SWAP);
    vectors.binary();
    vectors.view(LaneType.LONG);
    vectors.convert("L2I", LaneType.INT);
    finish(2, LaneType.INT);
  }

  private void writeWide(int depth) {
    state.writeVector(depth, LaneType.SHORT);
    vectors.convert("S2I", LaneType.INT, 256);
  }

  private void writeLowShorts(int depth) {
    state.writeVector(depth, LaneType.INT);
    vectors.shift(LSHL, 16);
    vectors.shift(ASHR, 16);
  }

  private void writeHighShorts(int depth) {
    state.writeVector(depth, LaneType.INT);
    vectors.shift(ASHR, 16);
  }

  private boolean q15() {
    state.deferTop(2);
    writeWide(1);
    vectors.operator(MUL);
    writeWide(0);
    vectors.binary();
    vectors.wideBinary(ADD, 0x4000);
    vectors.shift(ASHR, 15);
    vectors.wideBinary(VectorOperator.MIN, Short.MAX_VALUE);
    vectors.convert("I2S", LaneType.SHORT);
    finish(2, LaneType.SHORT);
    return true;
  }

  // The table.

  private static Map<Opcode, Row> rows() {
    Map<Opcode, Row> rows = new EnumMap<>(Opcode.class);
    for (Opcode opcode : Opcode.values()) {
      Row row = opcode.prefix() == Opcode.PREFIX_SIMD ? row(opcode) : null;
      if (row != null) {
        rows.put(opcode, row);
      }
    }
    return rows;
  }

  private static @Nullable Row row(Opcode opcode) {
    String mnemonic = opcode.mnemonic();
    int dot = mnemonic.indexOf('.');
    String shape = mnemonic.substring(0, dot);
    String name = mnemonic.substring(dot + 1);
    LaneType lanes = LaneType.of(shape);
    if (shape.equals("v128")) {
      return switch (name) {
        case "not" -> new Row(Form.LOGIC, lanes, VectorOperator.NOT);
        case "and" -> new Row(Form.LOGIC, lanes, AND);
        case "andnot" -> new Row(Form.LOGIC, lanes, VectorOperator.AND_NOT);
        case "or" -> new Row(Form.LOGIC, lanes, OR);
        case "xor" -> new Row(Form.LOGIC, lanes, XOR);
        default -> null;
      };
    }
    boolean isFloat = lanes != lanes.integral();
    return isFloat ? floatRow(lanes, name) : integerRow(lanes, name);
  }

  private static @Nullable Row floatRow(LaneType lanes, String name) {
    return switch (name) {
      case "add" -> new Row(Form.BINARY, lanes, ADD);
      case "sub" -> new Row(Form.BINARY, lanes, SUB);
      case "mul" -> new Row(Form.BINARY, lanes, MUL);
      case "div" -> new Row(Form.BINARY, lanes, VectorOperator.DIV);
      case "sqrt" -> new Row(Form.UNARY, lanes, VectorOperator.SQRT);
      case "eq", "ne", "lt", "le", "gt", "ge" -> compare(lanes, name);
      default -> null;
    };
  }

  private static Row compare(LaneType lanes, String name) {
    return new Row(Form.COMPARE, lanes, VectorOperator.valueOf(name.toUpperCase(Locale.ROOT)));
  }

  private static @Nullable Row integerRow(LaneType lanes, String name) {
    boolean isByte = lanes == LaneType.BYTE;
    return switch (name) {
      case "add" -> new Row(Form.BINARY, lanes, ADD);
      case "sub" -> new Row(Form.BINARY, lanes, SUB);
      case "mul" -> new Row(Form.BINARY, lanes, MUL);
      case "min_s" -> new Row(Form.BINARY, lanes, VectorOperator.MIN);
      case "max_s" -> new Row(Form.BINARY, lanes, VectorOperator.MAX);
      case "min_u" -> new Row(Form.BINARY, lanes, VectorOperator.UMIN);
      case "max_u" -> new Row(Form.BINARY, lanes, VectorOperator.UMAX);
      case "add_sat_s" -> new Row(Form.BINARY, lanes, VectorOperator.SADD);
      case "add_sat_u" -> new Row(Form.BINARY, lanes, VectorOperator.SUADD);
      case "sub_sat_s" -> new Row(Form.BINARY, lanes, VectorOperator.SSUB);
      case "sub_sat_u" -> new Row(Form.BINARY, lanes, VectorOperator.SUSUB);
      case "neg" -> new Row(Form.UNARY, lanes, VectorOperator.NEG);
      case "abs" -> new Row(Form.UNARY, lanes, VectorOperator.ABS);
      case "popcnt" -> new Row(Form.UNARY, lanes, VectorOperator.BIT_COUNT);
      case "shl" -> isByte ? null : new Row(Form.SHIFT, lanes, LSHL);
      case "shr_s" -> isByte ? null : new Row(Form.SHIFT, lanes, ASHR);
      case "shr_u" -> isByte ? null : new Row(Form.SHIFT, lanes, LSHR);
      case "eq", "ne" -> compare(lanes, name);
      case "lt_s", "le_s", "gt_s", "ge_s" -> compare(lanes, name.substring(0, 2));
      case "lt_u", "le_u", "gt_u", "ge_u" -> compare(lanes, "u" + name.substring(0, 2));
      default -> null;
    };
  }
}
