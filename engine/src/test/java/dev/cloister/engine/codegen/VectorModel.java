package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.runtime.V128;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntToLongFunction;

/// What the instructions on vectors mean, written down lane by lane from the specification (Spec
/// 4.3.6), by their names. Lanes of floats are left to [Operator].
///
/// Values are [V128], and numbers as 64 bits: an i32 is sign-extended, floats are their bits.
final class VectorModel {
  private static final Map<String, Operator> SCALARS = new HashMap<>();

  static {
    for (Operator operator : Operator.ALL) {
      SCALARS.put(operator.opcode().mnemonic(), operator);
    }
  }

  private final String shape;
  private final String operation;
  private final List<V128> vectors;
  private final long scalar;

  private VectorModel(String shape, String operation, List<V128> vectors, long scalar) {
    this.shape = shape;
    this.operation = operation;
    this.vectors = vectors;
    this.scalar = scalar;
  }

  /// {@return the result of an instruction without immediates: a [V128] or an `Integer`}
  ///
  /// @param scalar the operand that is not a vector, if there is one
  static Object apply(Opcode opcode, List<V128> vectors, long scalar) {
    String mnemonic = opcode.mnemonic();
    int dot = mnemonic.indexOf('.');
    String shape = mnemonic.substring(0, dot);
    return new VectorModel(shape, strict(shape, mnemonic.substring(dot + 1)), vectors, scalar)
        .apply();
  }

  /// {@return the instruction that a relaxed one is the same as}
  private static String strict(String shape, String operation) {
    return switch (operation) {
      case "relaxed_q15mulr_s" -> "q15mulr_sat_s";
      case "relaxed_laneselect" -> "bitselect";
      case "relaxed_madd", "relaxed_nmadd" -> operation;
      default -> {
        String name = operation.startsWith("relaxed_") ? operation.substring(8) : operation;
        yield shape.startsWith("i32") && name.startsWith("trunc_f")
            ? name.replace("trunc_", "trunc_sat_")
            : name;
      }
    };
  }

  private Object apply() {
    return switch (operation) {
      case "any_true" -> (a().low() | a().high()) != 0 ? 1 : 0;
      case "all_true" -> allTrue() ? 1 : 0;
      case "bitmask" -> bitmask();
      default -> vector();
    };
  }

  private V128 vector() {
    if (shape.equals("v128") || operation.equals("bitselect")) {
      return lanes(64, this::bits);
    }
    if (operation.equals("splat")) {
      return lanes(width(), _ -> scalar);
    }
    if (operation.equals("swizzle")) {
      return lanes(8, i -> lane(b(), 8, i) < 16 ? lane(a(), 8, (int) lane(b(), 8, i)) : 0);
    }
    if (shape.startsWith("f")) {
      return floats();
    }
    V128 rearranged = rearranged();
    return rearranged != null ? rearranged : lanes(width(), this::integer);
  }

  // Lanes.

  private static int width(String ofShape) {
    return Integer.parseInt(ofShape.substring(1, ofShape.indexOf('x')));
  }

  private int width() {
    return width(shape);
  }

  private V128 a() {
    return vectors.get(0);
  }

  private V128 b() {
    return vectors.get(1);
  }

  /// {@return a lane, zero-extended}
  static long lane(V128 vector, int width, int index) {
    int bit = index * width;
    long half = bit < 64 ? vector.low() : vector.high();
    return width == 64 ? half : half >>> (bit % 64) & ((1L << width) - 1);
  }

  private static long signed(long lane, int width) {
    return lane << (64 - width) >> (64 - width);
  }

  private static long signedLane(V128 vector, int width, int index) {
    return signed(lane(vector, width, index), width);
  }

  static V128 lanes(int width, IntToLongFunction value) {
    long[] halves = new long[2];
    for (int i = 0; i < 128 / width; i++) {
      long lane = value.applyAsLong(i);
      int bit = i * width;
      halves[bit / 64] |= width == 64 ? lane : (lane & ((1L << width) - 1)) << (bit % 64);
    }
    return new V128(halves[0], halves[1]);
  }

  private boolean allTrue() {
    for (int i = 0; i < 128 / width(); i++) {
      if (lane(a(), width(), i) == 0) {
        return false;
      }
    }
    return true;
  }

  private int bitmask() {
    int mask = 0;
    for (int i = 0; i < 128 / width(); i++) {
      if (signedLane(a(), width(), i) < 0) {
        mask |= 1 << i;
      }
    }
    return mask;
  }

  private long bits(int half) {
    long first = lane(a(), 64, half);
    long second = vectors.size() > 1 ? lane(b(), 64, half) : 0;
    return switch (operation) {
      case "not" -> ~first;
      case "and" -> first & second;
      case "andnot" -> first & ~second;
      case "or" -> first | second;
      case "xor" -> first ^ second;
      case "bitselect" -> {
        long mask = lane(vectors.get(2), 64, half);
        yield (first & mask) | (second & ~mask);
      }
      default -> throw new IllegalArgumentException(operation);
    };
  }

  // Integers.

  private long integer(int i) {
    int w = width();
    long a = lane(a(), w, i);
    long b = vectors.size() > 1 ? lane(b(), w, i) : scalar;
    long sa = signed(a, w);
    long sb = signed(b, w);
    int count = (int) (b & (w - 1));
    return switch (operation) {
      case "add" -> a + b;
      case "sub" -> a - b;
      case "mul" -> a * b;
      case "neg" -> -a;
      case "abs" -> Math.abs(sa);
      case "popcnt" -> Long.bitCount(a);
      case "shl" -> a << count;
      case "shr_s" -> sa >> count;
      case "shr_u" -> a >>> count;
      case "add_sat_s" -> clampSigned(sa + sb, w);
      case "add_sat_u" -> Math.min(a + b, (1L << w) - 1);
      case "sub_sat_s" -> clampSigned(sa - sb, w);
      case "sub_sat_u" -> Math.max(a - b, 0);
      case "min_s" -> Math.min(sa, sb);
      case "max_s" -> Math.max(sa, sb);
      case "min_u" -> Math.min(a, b);
      case "max_u" -> Math.max(a, b);
      case "avgr_u" -> (a + b + 1) / 2;
      case "q15mulr_sat_s" -> clampSigned((sa * sb + 0x4000) >> 15, w);
      case "eq" -> mask(a == b);
      case "ne" -> mask(a != b);
      case "lt_s" -> mask(sa < sb);
      case "lt_u" -> mask(a < b);
      case "gt_s" -> mask(sa > sb);
      case "gt_u" -> mask(a > b);
      case "le_s" -> mask(sa <= sb);
      case "le_u" -> mask(a <= b);
      case "ge_s" -> mask(sa >= sb);
      case "ge_u" -> mask(a >= b);
      default -> throw new IllegalArgumentException(shape + "." + operation);
    };
  }

  private static long mask(boolean isTrue) {
    return isTrue ? -1 : 0;
  }

  private static long clampSigned(long value, int width) {
    return Math.clamp(value, -1L << (width - 1), (1L << (width - 1)) - 1);
  }

  /// {@return the result of an instruction between shapes, or null if it is not one}
  private V128 rearranged() {
    boolean isSigned = operation.endsWith("_s") || operation.contains("_s_");
    int w = width();
    int from = w / 2;
    int offset = operation.contains("_high_") ? 128 / w : 0;
    return switch (operation.substring(0, (operation + "_").indexOf('_'))) {
      case "extend" -> lanes(w, i -> extended(a(), from, i + offset, isSigned));
      case "extmul" ->
          lanes(
              w,
              i ->
                  extended(a(), from, i + offset, isSigned)
                      * extended(b(), from, i + offset, isSigned));
      case "extadd" ->
          lanes(
              w,
              i -> extended(a(), from, 2 * i, isSigned) + extended(a(), from, 2 * i + 1, isSigned));
      case "narrow" -> lanes(w, i -> narrowed(i, isSigned));
      case "trunc" -> truncated();
      case "dot" -> dot();
      default -> null;
    };
  }

  private static long extended(V128 vector, int width, int index, boolean isSigned) {
    return isSigned ? signedLane(vector, width, index) : lane(vector, width, index);
  }

  private long narrowed(int i, boolean isSigned) {
    int w = width();
    int half = 64 / w;
    long value = signedLane(i < half ? a() : b(), 2 * w, i % half);
    return isSigned ? clampSigned(value, w) : Math.clamp(value, 0, (1L << w) - 1);
  }

  private V128 dot() {
    if (operation.equals("dot_i16x8_s")) {
      return dot(32, 16, a(), b());
    }
    V128 products = dot(16, 8, a(), b());
    return operation.contains("_add_")
        ? lanes(
            32,
            i ->
                signedLane(products, 16, 2 * i)
                    + signedLane(products, 16, 2 * i + 1)
                    + lane(vectors.get(2), 32, i))
        : products;
  }

  private static V128 dot(int width, int from, V128 a, V128 b) {
    return lanes(
        width,
        i ->
            signedLane(a, from, 2 * i) * signedLane(b, from, 2 * i)
                + signedLane(a, from, 2 * i + 1) * signedLane(b, from, 2 * i + 1));
  }

  private V128 truncated() {
    boolean isDouble = operation.contains("f64x2");
    String source = isDouble ? "f64" : "f32";
    String signedness = operation.contains("_u") ? "_u" : "_s";
    return lanes(
        32,
        i ->
            isDouble && i > 1
                ? 0
                : scalar("i32.trunc_sat_" + source + signedness, floatLane(a(), i, isDouble), 0));
  }

  private static long scalar(String mnemonic, long a, long b) {
    return Objects.requireNonNull(SCALARS.get(mnemonic), mnemonic).apply(a, b);
  }

  // Floats.

  private static long floatLane(V128 vector, int index, boolean isDouble) {
    return isDouble ? lane(vector, 64, index) : signedLane(vector, 32, index);
  }

  private V128 floats() {
    boolean isDouble = width() == 64;
    String type = isDouble ? "f64" : "f32";
    return lanes(
        width(),
        i ->
            switch (operation) {
              case "demote_f64x2_zero" -> i > 1 ? 0 : scalar("f32.demote_f64", lane(a(), 64, i), 0);
              case "promote_low_f32x4" -> scalar("f64.promote_f32", signedLane(a(), 32, i), 0);
              case "convert_i32x4_s", "convert_low_i32x4_s" ->
                  scalar(type + ".convert_i32_s", signedLane(a(), 32, i), 0);
              case "convert_i32x4_u", "convert_low_i32x4_u" ->
                  scalar(type + ".convert_i32_u", signedLane(a(), 32, i), 0);
              default -> floatLane(type, i, isDouble);
            });
  }

  private long floatLane(String type, int i, boolean isDouble) {
    long a = floatLane(a(), i, isDouble);
    long b = vectors.size() > 1 ? floatLane(b(), i, isDouble) : 0;
    return switch (operation) {
      case "pmin" -> scalar(type + ".lt", b, a) != 0 ? b : a;
      case "pmax" -> scalar(type + ".lt", a, b) != 0 ? b : a;
      case "eq", "ne", "lt", "gt", "le", "ge" -> -scalar(type + "." + operation, a, b);
      case "relaxed_madd", "relaxed_nmadd" -> {
        long product = scalar(type + ".mul", a, b);
        long c = floatLane(vectors.get(2), i, isDouble);
        yield operation.equals("relaxed_madd")
            ? scalar(type + ".add", product, c)
            : scalar(type + ".sub", c, product);
      }
      default -> scalar(type + "." + operation, a, b);
    };
  }
}
