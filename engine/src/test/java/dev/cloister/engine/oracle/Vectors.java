package dev.cloister.engine.oracle;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.oracle.Guest.F32;
import dev.cloister.engine.oracle.Guest.F64;
import dev.cloister.engine.runtime.V128;
import java.util.Locale;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/// Vector instructions that do not touch memory, lane by lane (Spec 4.3.3 and 4.6.3), told apart by
/// their mnemonics. Relaxed ones do what the engine has chosen of what is allowed: the same as the
/// strict ones, two roundings in `madd`, signed bytes and saturation in `dot`.
final class Vectors {
  private Vectors() {}

  /// A division into lanes.
  ///
  /// @param count the number of lanes
  /// @param isFloat whether they are floats
  private record Shape(int count, boolean isFloat) {
    static Shape of(String text) {
      int x = text.indexOf('x');
      return new Shape(
          x < 0 ? 1 : Integer.parseInt(text.substring(x + 1)), x >= 0 && text.charAt(0) == 'f');
    }

    int bits() {
      return 128 / count;
    }

    /// The scalar instruction for one lane, of 32 or 64 bits.
    Operator scalar(String name) {
      Opcode opcode =
          Opcode.valueOf((isFloat ? "F" : "I") + bits() + "_" + name.toUpperCase(Locale.ROOT));
      Operator operator = Operator.of(opcode);
      if (operator == null) {
        throw new IllegalStateException("no operator: " + opcode);
      }
      return operator;
    }
  }

  static long lane(V128 vector, int lane, int bits) {
    int shift = lane * bits;
    long half = shift < 64 ? vector.low() : vector.high();
    return bits == 64 ? half : half >>> (shift % 64) & ((1L << bits) - 1);
  }

  static V128 withLane(V128 vector, int lane, int bits, long value) {
    int shift = lane * bits % 64;
    long mask = (bits == 64 ? -1 : (1L << bits) - 1) << shift;
    long half = lane * bits < 64 ? vector.low() : vector.high();
    long changed = (half & ~mask) | (value << shift & mask);
    return lane * bits < 64 ? new V128(changed, vector.high()) : new V128(vector.low(), changed);
  }

  private static long signedLane(V128 vector, int lane, int bits) {
    return signed(lane(vector, lane, bits), bits);
  }

  private static long signed(long value, int bits) {
    return value << (64 - bits) >> (64 - bits);
  }

  /// What is in each lane.
  interface Lanes {
    long at(int lane);
  }

  static V128 make(int bits, Lanes lanes) {
    V128 made = new V128(0, 0);
    for (int i = 0; i < 128 / bits; i++) {
      made = withLane(made, i, bits, lanes.at(i));
    }
    return made;
  }

  private static V128 map(V128 a, int bits, LongUnaryOperator of) {
    return make(bits, i -> of.applyAsLong(signedLane(a, i, bits)));
  }

  /// @param isSigned how the lanes are extended
  private static V128 zip(V128 a, V128 b, int bits, boolean isSigned, LongBinaryOperator of) {
    return make(
        bits,
        i ->
            isSigned
                ? of.applyAsLong(signedLane(a, i, bits), signedLane(b, i, bits))
                : of.applyAsLong(lane(a, i, bits), lane(b, i, bits)));
  }

  /// Does an instruction.
  static Object apply(Instruction instruction, Object[] operands) {
    String[] name = instruction.opcode.mnemonic().split("\\.", 2);
    String operation = name[1].replace("relaxed_", "");
    Shape shape = Shape.of(name[0]);
    if (!(operands[0] instanceof V128 a)) {
      return splat(shape, operands[0]);
    }
    Object second = operands.length > 1 ? operands[1] : null;
    return switch (operation) {
      case "extract_lane", "extract_lane_s", "extract_lane_u" -> {
        yield extract(shape, a, instruction.lane, operation.endsWith("_s"));
      }
      case "replace_lane" -> {
        yield withLane(a, instruction.lane, shape.bits(), bitsOf(operands[1]));
      }
      case "shuffle" -> {
        V128 picks = new V128(instruction.low, instruction.high);
        V128 b = (V128) operands[1];
        yield make(
            8,
            i -> {
              int pick = (int) lane(picks, i, 8);
              return pick < 16 ? lane(a, pick, 8) : lane(b, pick - 16, 8);
            });
      }
      case "any_true" -> {
        yield (a.low() | a.high()) != 0 ? 1 : 0;
      }
      case "all_true" -> {
        int all = 1;
        for (int i = 0; i < shape.count; i++) {
          all &= lane(a, i, shape.bits()) != 0 ? 1 : 0;
        }
        yield all;
      }
      case "bitmask" -> {
        int mask = 0;
        for (int i = 0; i < shape.count; i++) {
          mask |= signedLane(a, i, shape.bits()) < 0 ? 1 << i : 0;
        }
        yield mask;
      }
      default -> {
        if (second instanceof Integer count) {
          yield shift(shape, operation, a, count);
        }
        if (operands.length == 3) {
          yield ternary(shape, operation, a, (V128) operands[1], (V128) operands[2]);
        }
        yield second instanceof V128 b
            ? binary(shape, operation, a, b)
            : unary(shape, operation, a);
      }
    };
  }

  private static long bitsOf(Object scalar) {
    return switch (scalar) {
      case Integer i -> i;
      case Long l -> l;
      case F32 f -> f.bits();
      case F64 f -> f.bits();
      default -> throw new IllegalStateException("not a number: " + scalar);
    };
  }

  private static V128 splat(Shape shape, Object scalar) {
    return make(shape.bits(), _ -> bitsOf(scalar));
  }

  private static Object extract(Shape shape, V128 a, int lane, boolean isSigned) {
    long bits = isSigned ? signedLane(a, lane, shape.bits()) : lane(a, lane, shape.bits());
    if (shape.isFloat) {
      return shape.bits() == 32 ? new F32((int) bits) : new F64(bits);
    }
    return shape.bits() == 64 ? (Object) bits : (Object) (int) bits;
  }

  private static V128 shift(Shape shape, String operation, V128 a, int count) {
    int bits = shape.bits();
    int by = count & (bits - 1);
    return switch (operation) {
      case "shl" -> map(a, bits, x -> x << by);
      case "shr_s" -> map(a, bits, x -> x >> by);
      case "shr_u" -> make(bits, i -> lane(a, i, bits) >>> by);
      default -> throw new IllegalStateException(operation);
    };
  }

  private static V128 ternary(Shape shape, String operation, V128 a, V128 b, V128 c) {
    int bits = shape.bits();
    return switch (operation) {
      case "bitselect", "laneselect" ->
          new V128(
              (a.low() & c.low()) | (b.low() & ~c.low()),
              (a.high() & c.high()) | (b.high() & ~c.high()));
      case "madd", "nmadd" ->
          make(
              bits,
              i -> {
                long x = signedLane(a, i, bits);
                long product = shape.scalar("mul").apply(x, signedLane(b, i, bits));
                long addend = signedLane(c, i, bits);
                return operation.equals("madd")
                    ? shape.scalar("add").apply(product, addend)
                    : shape.scalar("sub").apply(addend, product);
              });
      case "dot_i8x16_i7x16_add_s" -> {
        V128 products = (V128) binary(new Shape(8, false), "dot_i8x16_i7x16_s", a, b);
        V128 sums = (V128) unary(new Shape(4, false), "extadd_pairwise_i16x8_s", products);
        yield zip(sums, c, 32, true, Long::sum);
      }
      default -> throw new IllegalStateException(operation);
    };
  }

  private static Object unary(Shape shape, String operation, V128 a) {
    int bits = shape.bits();
    if (shape.isFloat) {
      return floatUnary(shape, operation, a);
    }
    return switch (operation) {
      case "not" -> new V128(~a.low(), ~a.high());
      case "abs" -> map(a, bits, Math::abs);
      case "neg" -> map(a, bits, x -> -x);
      case "popcnt" -> make(bits, i -> Long.bitCount(lane(a, i, bits)));
      case "trunc_sat_f32x4_s", "trunc_f32x4_s" -> convert(a, 32, 32, "I32_TRUNC_SAT_F32_S");
      case "trunc_sat_f32x4_u", "trunc_f32x4_u" -> convert(a, 32, 32, "I32_TRUNC_SAT_F32_U");
      case "trunc_sat_f64x2_s_zero", "trunc_f64x2_s_zero" ->
          convert(a, 64, 32, "I32_TRUNC_SAT_F64_S");
      case "trunc_sat_f64x2_u_zero", "trunc_f64x2_u_zero" ->
          convert(a, 64, 32, "I32_TRUNC_SAT_F64_U");
      default -> {
        boolean isSigned = operation.endsWith("_s");
        int half = bits / 2;
        Lanes lanes = i -> isSigned ? signedLane(a, i, half) : lane(a, i, half);
        if (operation.startsWith("extadd_pairwise")) {
          yield make(bits, i -> lanes.at(2 * i) + lanes.at(2 * i + 1));
        }
        if (operation.startsWith("extend_low") || operation.startsWith("extend_high")) {
          int from = operation.startsWith("extend_low") ? 0 : shape.count;
          yield make(bits, i -> lanes.at(from + i));
        }
        throw new IllegalStateException(operation);
      }
    };
  }

  private static V128 floatUnary(Shape shape, String operation, V128 a) {
    int bits = shape.bits();
    return switch (operation) {
      case "demote_f64x2_zero" -> convert(a, 64, 32, "F32_DEMOTE_F64");
      case "promote_low_f32x4" -> convert(a, 32, 64, "F64_PROMOTE_F32");
      case "convert_i32x4_s" -> convert(a, 32, 32, "F32_CONVERT_I32_S");
      case "convert_i32x4_u" -> convert(a, 32, 32, "F32_CONVERT_I32_U");
      case "convert_low_i32x4_s" -> convert(a, 32, 64, "F64_CONVERT_I32_S");
      case "convert_low_i32x4_u" -> convert(a, 32, 64, "F64_CONVERT_I32_U");
      default -> map(a, bits, x -> shape.scalar(operation).apply(x, 0));
    };
  }

  /// Converts the low lanes; lanes of the result without a source are zero.
  private static V128 convert(V128 a, int from, int to, String opcode) {
    Operator operator = Operator.of(Opcode.valueOf(opcode));
    if (operator == null) {
      throw new IllegalStateException("no operator: " + opcode);
    }
    return make(to, i -> i < 128 / from ? operator.apply(signedLane(a, i, from), 0) : 0);
  }

  private static Object binary(Shape shape, String operation, V128 a, V128 b) {
    int bits = shape.bits();
    boolean isSigned = !operation.endsWith("_u");
    if (shape.isFloat) {
      return floatBinary(shape, operation, a, b);
    }
    return switch (operation) {
      case "and" -> zip(a, b, 64, true, (x, y) -> x & y);
      case "andnot" -> zip(a, b, 64, true, (x, y) -> x & ~y);
      case "or" -> zip(a, b, 64, true, (x, y) -> x | y);
      case "xor" -> zip(a, b, 64, true, (x, y) -> x ^ y);
      case "swizzle" ->
          make(
              8,
              i -> {
                int pick = (int) lane(b, i, 8);
                return pick < 16 ? lane(a, pick, 8) : 0;
              });
      case "add" -> zip(a, b, bits, true, Long::sum);
      case "sub" -> zip(a, b, bits, true, (x, y) -> x - y);
      case "mul" -> zip(a, b, bits, true, (x, y) -> x * y);
      case "add_sat_s", "add_sat_u" ->
          zip(a, b, bits, isSigned, (x, y) -> saturate(x + y, bits, isSigned));
      case "sub_sat_s", "sub_sat_u" ->
          zip(a, b, bits, isSigned, (x, y) -> saturate(x - y, bits, isSigned));
      case "min_s", "min_u" -> zip(a, b, bits, isSigned, Math::min);
      case "max_s", "max_u" -> zip(a, b, bits, isSigned, Math::max);
      case "avgr_u" -> zip(a, b, bits, false, (x, y) -> (x + y + 1) / 2);
      case "q15mulr_sat_s", "q15mulr_s" ->
          zip(a, b, bits, true, (x, y) -> saturate((x * y + 0x4000) >> 15, bits, true));
      case "eq" -> zip(a, b, bits, true, (x, y) -> x == y ? -1 : 0);
      case "ne" -> zip(a, b, bits, true, (x, y) -> x != y ? -1 : 0);
      case "lt_s", "lt_u" -> zip(a, b, bits, isSigned, (x, y) -> x < y ? -1 : 0);
      case "gt_s", "gt_u" -> zip(a, b, bits, isSigned, (x, y) -> x > y ? -1 : 0);
      case "le_s", "le_u" -> zip(a, b, bits, isSigned, (x, y) -> x <= y ? -1 : 0);
      case "ge_s", "ge_u" -> zip(a, b, bits, isSigned, (x, y) -> x >= y ? -1 : 0);
      case "dot_i16x8_s" -> make(32, i -> dot(a, b, i, 16));
      case "dot_i8x16_i7x16_s" -> make(16, i -> saturate(dot(a, b, i, 8), 16, true));
      default -> {
        if (operation.startsWith("narrow")) {
          yield make(
              bits,
              i -> {
                V128 source = i < shape.count / 2 ? a : b;
                long wide = signedLane(source, i % (shape.count / 2), 2 * bits);
                return saturate(wide, bits, isSigned);
              });
        }
        if (operation.startsWith("extmul")) {
          int from = operation.startsWith("extmul_low") ? 0 : shape.count;
          int half = bits / 2;
          yield make(
              bits,
              i ->
                  isSigned
                      ? signedLane(a, from + i, half) * signedLane(b, from + i, half)
                      : lane(a, from + i, half) * lane(b, from + i, half));
        }
        throw new IllegalStateException(operation);
      }
    };
  }

  private static long dot(V128 a, V128 b, int lane, int bits) {
    return signedLane(a, 2 * lane, bits) * signedLane(b, 2 * lane, bits)
        + signedLane(a, 2 * lane + 1, bits) * signedLane(b, 2 * lane + 1, bits);
  }

  private static long saturate(long value, int bits, boolean isSigned) {
    long least = isSigned ? -(1L << (bits - 1)) : 0;
    long most = isSigned ? (1L << (bits - 1)) - 1 : (1L << bits) - 1;
    return Math.clamp(value, least, most);
  }

  private static V128 floatBinary(Shape shape, String operation, V128 a, V128 b) {
    int bits = shape.bits();
    return switch (operation) {
      case "eq", "ne", "lt", "gt", "le", "ge" ->
          zip(a, b, bits, true, (x, y) -> -shape.scalar(operation).apply(x, y));
      case "pmin" -> zip(a, b, bits, true, (x, y) -> shape.scalar("lt").apply(y, x) != 0 ? y : x);
      case "pmax" -> zip(a, b, bits, true, (x, y) -> shape.scalar("lt").apply(x, y) != 0 ? y : x);
      default -> zip(a, b, bits, true, (x, y) -> shape.scalar(operation).apply(x, y));
    };
  }

  /// Reads a vector from memory, or a lane of it.
  static V128 load(Instruction instruction, LinearMemory memory, long address, V128 old) {
    Opcode opcode = instruction.opcode;
    int width = 1 << opcode.accessWidthLog2();
    int from = memory.checked(address, instruction.memoryOffset, width);
    return switch (opcode) {
      case V128_LOAD -> new V128(memory.read(from, 8), memory.read(from + 8, 8));
      case V128_LOAD8X8_S,
          V128_LOAD8X8_U,
          V128_LOAD16X4_S,
          V128_LOAD16X4_U,
          V128_LOAD32X2_S,
          V128_LOAD32X2_U -> {
        int bits = Integer.parseInt(opcode.mnemonic().replaceAll("v128.load(\\d+)x.*", "$1"));
        boolean isSigned = opcode.mnemonic().endsWith("_s");
        yield make(
            2 * bits,
            i -> {
              long value = memory.read(from + i * bits / 8, bits / 8);
              return isSigned ? signed(value, bits) : value;
            });
      }
      case V128_LOAD8_SPLAT, V128_LOAD16_SPLAT, V128_LOAD32_SPLAT, V128_LOAD64_SPLAT ->
          make(8 * width, _ -> memory.read(from, width));
      case V128_LOAD32_ZERO, V128_LOAD64_ZERO -> new V128(memory.read(from, width), 0);
      case V128_LOAD8_LANE, V128_LOAD16_LANE, V128_LOAD32_LANE, V128_LOAD64_LANE ->
          withLane(old, instruction.lane, 8 * width, memory.read(from, width));
      default -> throw new IllegalStateException("no load of a vector: " + opcode);
    };
  }

  /// Writes a vector to memory, or a lane of it.
  static void store(Instruction instruction, LinearMemory memory, long address, V128 value) {
    int width = 1 << instruction.opcode.accessWidthLog2();
    int to = memory.checked(address, instruction.memoryOffset, width);
    if (width == 16) {
      memory.write(to, 8, value.low());
      memory.write(to + 8, 8, value.high());
    } else {
      memory.write(to, width, lane(value, instruction.lane, 8 * width));
    }
  }
}
