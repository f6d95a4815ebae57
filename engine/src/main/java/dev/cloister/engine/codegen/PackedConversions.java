package dev.cloister.engine.codegen;

import static dev.cloister.engine.codegen.VectorOperator.ADD;
import static dev.cloister.engine.codegen.VectorOperator.AND;
import static dev.cloister.engine.codegen.VectorOperator.ASHR;
import static dev.cloister.engine.codegen.VectorOperator.GT;
import static dev.cloister.engine.codegen.VectorOperator.LSHL;
import static dev.cloister.engine.codegen.VectorOperator.LSHR;
import static dev.cloister.engine.codegen.VectorOperator.LT;
import static dev.cloister.engine.codegen.VectorOperator.MAX;
import static dev.cloister.engine.codegen.VectorOperator.MIN;
import static dev.cloister.engine.codegen.VectorOperator.MUL;
import static dev.cloister.engine.codegen.VectorOperator.OR;
import static dev.cloister.engine.codegen.VectorOperator.SUB;
import static dev.cloister.engine.codegen.VectorOperator.XOR;

import dev.cloister.engine.bytecode.Opcode;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes instructions that make lanes of another width or kind of vectors that are objects, and
/// roundings.
final class PackedConversions {
  /// An instruction whose result has wider lanes than its operands.
  ///
  /// @param conversion that of the Vector API for one lane
  /// @param isHigh whether it takes the upper half of the lanes
  private record Widening(
      Kind kind, LaneType from, LaneType to, String conversion, boolean isHigh) {}

  private enum Kind {
    EXTEND,
    MULTIPLY,
    ADD_PAIRWISE_S,
    ADD_PAIRWISE_U
  }

  private static final Map<Opcode, Widening> WIDENINGS = widenings();

  /// The bytes of the lower halves of lanes of 16 and of 32 bits, in two vectors.
  private static final long EVEN_BYTES = 0x0e0c_0a08_0604_0200L;

  private static final long EVEN_SHORTS = 0x0d0c_0908_0504_0100L;
  private static final long SECOND_VECTOR = 0x1010_1010_1010_1010L;

  private final MethodState state;
  private final BytecodeWriter writer;
  private final VectorWriter vectors;

  PackedConversions(MethodState state) {
    this.state = state;
    this.writer = state.writer;
    this.vectors = state.vectors;
  }

  /// {@return the lanes that an instruction takes that is not in the table of [PackedEmitter], or
  /// null}
  static @Nullable LaneType operandLanes(Opcode opcode) {
    Widening widening = WIDENINGS.get(opcode);
    if (widening != null) {
      return widening.from();
    }
    return switch (opcode) {
      case I8X16_NARROW_I16X8_S, I8X16_NARROW_I16X8_U -> LaneType.SHORT;
      case I16X8_NARROW_I32X4_S, I16X8_NARROW_I32X4_U -> LaneType.INT;
      case I32X4_DOT_I16X8_S, F32X4_ABS, F32X4_NEG -> LaneType.INT;
      case F64X2_ABS, F64X2_NEG -> LaneType.LONG;
      case F32X4_CONVERT_I32X4_S, F32X4_CONVERT_I32X4_U -> LaneType.INT;
      case F64X2_CONVERT_LOW_I32X4_S, F64X2_CONVERT_LOW_I32X4_U -> LaneType.INT;
      case I32X4_TRUNC_SAT_F32X4_S, I32X4_TRUNC_SAT_F32X4_U -> LaneType.FLOAT;
      case I32X4_TRUNC_SAT_F64X2_S_ZERO, F32X4_DEMOTE_F64X2_ZERO -> LaneType.DOUBLE;
      case F64X2_PROMOTE_LOW_F32X4 -> LaneType.FLOAT;
      case V128_BITSELECT, V128_ANY_TRUE -> null;
      default -> PackedEmitter.resultLanes(opcode);
    };
  }

  /// Writes `opcode` if it is such an instruction.
  ///
  /// @return whether it is
  boolean emit(Opcode opcode) {
    Widening widening = WIDENINGS.get(opcode);
    if (widening != null) {
      emit(widening);
      return true;
    }
    switch (opcode) {
      case I8X16_NARROW_I16X8_S -> narrow(LaneType.SHORT, Byte.MIN_VALUE, Byte.MAX_VALUE);
      case I8X16_NARROW_I16X8_U -> narrow(LaneType.SHORT, 0, 0xff);
      case I16X8_NARROW_I32X4_S -> narrow(LaneType.INT, Short.MIN_VALUE, Short.MAX_VALUE);
      case I16X8_NARROW_I32X4_U -> narrow(LaneType.INT, 0, 0xffff);
      case F32X4_CONVERT_I32X4_S -> convert(LaneType.INT, "I2F", LaneType.FLOAT);
      case F32X4_CONVERT_I32X4_U -> convertUnsigned();
      case F64X2_CONVERT_LOW_I32X4_S -> convert(LaneType.INT, "I2D", LaneType.DOUBLE);
      case F64X2_CONVERT_LOW_I32X4_U -> convertLowUnsigned();
      case F64X2_PROMOTE_LOW_F32X4 -> convert(LaneType.FLOAT, "F2D", LaneType.DOUBLE);
      case F32X4_DEMOTE_F64X2_ZERO -> convert(LaneType.DOUBLE, "D2F", LaneType.FLOAT);
      case I32X4_TRUNC_SAT_F32X4_S, I32X4_RELAXED_TRUNC_F32X4_S ->
          convert(LaneType.FLOAT, "F2I", LaneType.INT);
      case I32X4_TRUNC_SAT_F32X4_U, I32X4_RELAXED_TRUNC_F32X4_U -> truncateUnsigned();
      case I32X4_TRUNC_SAT_F64X2_S_ZERO, I32X4_RELAXED_TRUNC_F64X2_S_ZERO ->
          convert(LaneType.DOUBLE, "D2I", LaneType.INT);
      case F32X4_NEAREST -> round(Rounding.NEAREST);
      case F32X4_FLOOR -> round(Rounding.FLOOR);
      case F32X4_CEIL -> round(Rounding.CEIL);
      case F32X4_TRUNC -> round(Rounding.TRUNC);
      default -> {
        return false;
      }
    }
    return true;
  }

  private void finish(int operands, LaneType lanes) {
    state.pop(operands);
    state.pushPacked(lanes);
  }

  private void convert(LaneType from, String conversion, LaneType to) {
    state.deferTop(1);
    state.writeVector(0, from);
    vectors.convert(conversion, to);
    finish(1, to);
  }

  // Integers.

  private void emit(Widening widening) {
    LaneType to = widening.to();
    int operands = widening.kind() == Kind.MULTIPLY ? 2 : 1;
    state.deferTop(operands);
    switch (widening.kind()) {
      case EXTEND -> writeExtended(widening, 0);
      case MULTIPLY -> {
        writeExtended(widening, 1);
        vectors.operator(MUL);
        writeExtended(widening, 0);
        vectors.binary();
      }
      case ADD_PAIRWISE_S -> {
        int width = widening.from().bits();
        state.writeVector(0, to);
        vectors.shift(LSHL, width);
        vectors.shift(ASHR, width);
        vectors.operator(ADD);
        state.writeVector(0, to);
        vectors.shift(ASHR, width);
        vectors.binary();
      }
      case ADD_PAIRWISE_U -> {
        int width = widening.from().bits();
        state.writeVector(0, to);
        vectors.binary(AND, to, (1L << width) - 1);
        vectors.operator(ADD);
        state.writeVector(0, to);
        vectors.shift(LSHR, width);
        vectors.binary();
      }
    }
    finish(operands, to);
  }

  private void writeExtended(Widening widening, int depth) {
    if (widening.isHigh()) {
      writer.vectorConstant(0x0f0e_0d0c_0b0a_0908L, 0x0f0e_0d0c_0b0a_0908L);
      state.writeVector(depth, LaneType.BYTE);
      vectors.selectFrom();
      vectors.viewFrom(LaneType.BYTE, widening.from());
    } else {
      state.writeVector(depth, widening.from());
    }
    vectors.convert(widening.conversion(), widening.to());
  }

  /// Both operands are saturated; then the lower halves of their lanes are taken. Where half a
  /// vector is wanted, programs narrow one vector with itself.
  private void narrow(LaneType from, int least, int greatest) {
    LaneType to = from == LaneType.SHORT ? LaneType.BYTE : LaneType.SHORT;
    long first = from == LaneType.SHORT ? EVEN_BYTES : EVEN_SHORTS;
    state.deferTop(2);
    if (state.vectorOperands.areOne()) {
      writer.vectorConstant(first, first);
      writeSaturated(0, from, least, greatest);
      vectors.selectFrom();
    } else {
      vectors.selectOfTwo(
          first,
          first | SECOND_VECTOR,
          () -> writeSaturated(1, from, least, greatest),
          () -> writeSaturated(0, from, least, greatest));
    }
    vectors.viewFrom(LaneType.BYTE, to);
    finish(2, to);
  }

  private void writeSaturated(int depth, LaneType from, int least, int greatest) {
    state.writeVector(depth, from);
    vectors.binary(MAX, from, least);
    vectors.binary(MIN, from, greatest);
    vectors.view(LaneType.BYTE);
  }

  // Floats of integers and back.

  /// The upper and the lower 16 bits are converted apart, both exactly, and rounded when they are
  /// added.
  private void convertUnsigned() {
    state.deferTop(1);
    state.writeVector(0, LaneType.INT);
    vectors.shift(LSHR, 16);
    vectors.convert("I2F", LaneType.FLOAT);
    vectors.binary(MUL, LaneType.FLOAT, Float.floatToRawIntBits(0x1p16f));
    vectors.operator(ADD);
    state.writeVector(0, LaneType.INT);
    vectors.binary(AND, LaneType.INT, 0xffff);
    vectors.convert("I2F", LaneType.FLOAT);
    vectors.binary();
    finish(1, LaneType.FLOAT);
  }

  /// 32 bits below the exponent of 2^52 are the number 2^52 more, exactly.
  private void convertLowUnsigned() {
    long power = Double.doubleToRawLongBits(0x1p52);
    state.deferTop(1);
    state.writeVector(0, LaneType.INT);
    vectors.convert("ZERO_EXTEND_I2L", LaneType.LONG);
    vectors.binary(OR, LaneType.LONG, power);
    vectors.view(LaneType.DOUBLE);
    vectors.binary(SUB, LaneType.DOUBLE, power);
    finish(1, LaneType.DOUBLE);
  }

  /// From 2^31 on, the difference to that is converted, and the top bit set. What is greater still
  /// saturates at the greatest signed integer, and so with the top bit at the greatest unsigned
  /// one.
  private void truncateUnsigned() {
    int power = Float.floatToRawIntBits(0x1p31f);
    int positive = state.scratchAddress;
    int big = state.scratchAddress + 1;
    state.deferTop(1);
    state.writeVector(0, LaneType.FLOAT);
    vectors.operator(MAX);
    vectors.zero(LaneType.FLOAT);
    vectors.binary();
    writer.store(JvmKind.PACKED, positive);
    vectors.zero(LaneType.INT);
    vectors.view(LaneType.FLOAT);
    vectors.splat(LaneType.FLOAT, power);
    writer.load(JvmKind.PACKED, positive);
    vectors.operator(VectorOperator.GE);
    vectors.splat(LaneType.FLOAT, power);
    vectors.compare();
    vectors.blend();
    writer.store(JvmKind.PACKED, big);
    writer.load(JvmKind.PACKED, positive);
    vectors.operator(SUB);
    writer.load(JvmKind.PACKED, big);
    vectors.binary();
    vectors.convert("F2I", LaneType.INT);
    vectors.operator(XOR);
    writer.load(JvmKind.PACKED, big);
    vectors.view(LaneType.INT);
    // The lowest one of the bits of 2^31, 0x4f000000, becomes the top bit.
    vectors.shift(LSHL, Integer.numberOfLeadingZeros(power & -power));
    vectors.binary();
    finish(1, LaneType.INT);
  }

  // Roundings.

  private enum Rounding {
    NEAREST,
    FLOOR,
    CEIL,
    TRUNC
  }

  /*
   * Added to a number below it, the least power of two above which all floats are integers makes
   * it round its fraction, to the nearest and even. Where that went the wrong way, one is taken
   * back. The sign is kept, as it counts for a zero. Greater numbers and NaNs stay as they are,
   * but for the sum that makes a NaN quiet.
   */
  private void round(Rounding rounding) {
    LaneType lanes = LaneType.FLOAT;
    LaneType ints = LaneType.INT;
    int power = Float.floatToRawIntBits(0x1p23f);
    int one = Float.floatToRawIntBits(1);
    int top = Integer.MIN_VALUE;
    int size = state.scratchAddress;
    int sign = state.scratchAddress + 1;
    int rounded = state.scratchValue;
    state.deferTop(1);
    state.writeVector(0, ints);
    vectors.binary(AND, ints, ~top);
    vectors.view(lanes);
    writer.store(JvmKind.PACKED, size);
    state.writeVector(0, ints);
    vectors.binary(AND, ints, top);
    writer.store(JvmKind.PACKED, sign);
    writer.load(JvmKind.PACKED, size);
    vectors.binary(ADD, lanes, power);
    vectors.binary(SUB, lanes, power);
    if (rounding == Rounding.FLOOR || rounding == Rounding.CEIL) {
      writeSigned(lanes, sign);
    }
    writer.store(JvmKind.PACKED, rounded);
    if (rounding != Rounding.NEAREST) {
      writer.load(JvmKind.PACKED, rounded);
      writer.load(JvmKind.PACKED, rounded);
      vectors.binary(rounding == Rounding.CEIL ? ADD : SUB, lanes, one);
      writer.load(JvmKind.PACKED, rounded);
      vectors.operator(rounding == Rounding.CEIL ? LT : GT);
      if (rounding == Rounding.TRUNC) {
        writer.load(JvmKind.PACKED, size);
      } else {
        state.writeVector(0, lanes);
      }
      vectors.compare();
      vectors.blend();
      writer.store(JvmKind.PACKED, rounded);
    }
    state.writeVector(0, lanes);
    vectors.operator(ADD);
    vectors.zero(lanes);
    vectors.binary();
    writer.load(JvmKind.PACKED, rounded);
    writeSigned(lanes, sign);
    writer.load(JvmKind.PACKED, size);
    vectors.operator(LT);
    vectors.splat(lanes, power);
    vectors.compare();
    vectors.blend();
    finish(1, lanes);
  }

  private void writeSigned(LaneType lanes, int sign) {
    vectors.view(lanes.integral());
    vectors.operator(OR);
    writer.load(JvmKind.PACKED, sign);
    vectors.binary();
    vectors.view(lanes);
  }

  // The table.

  private static Map<Opcode, Widening> widenings() {
    Map<Opcode, Widening> all = new EnumMap<>(Opcode.class);
    for (Opcode opcode : Opcode.values()) {
      String mnemonic = opcode.mnemonic();
      int dot = mnemonic.indexOf('.');
      if (opcode.prefix() != Opcode.PREFIX_SIMD || dot < 0) {
        continue;
      }
      LaneType to = LaneType.of(mnemonic.substring(0, dot));
      String name = mnemonic.substring(dot + 1);
      boolean isSigned = name.endsWith("_s");
      Kind kind = null;
      if (name.startsWith("extend_")) {
        kind = Kind.EXTEND;
      } else if (name.startsWith("extmul_")) {
        kind = Kind.MULTIPLY;
      } else if (name.startsWith("extadd_pairwise_")) {
        kind = isSigned ? Kind.ADD_PAIRWISE_S : Kind.ADD_PAIRWISE_U;
      }
      if (kind != null) {
        LaneType from = to.narrower();
        String conversion = letter(from) + "2" + letter(to);
        all.put(
            opcode,
            new Widening(
                kind,
                from,
                to,
                isSigned ? conversion : "ZERO_EXTEND_" + conversion,
                name.contains("_high_")));
      }
    }
    return all;
  }

  private static char letter(LaneType lanes) {
    return lanes == LaneType.LONG ? 'L' : lanes.code();
  }
}
