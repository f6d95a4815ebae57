package dev.cloister.engine.oracle;

import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.types.NumType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/// A numeric instruction and what it means, written down from the specification (Spec 4.3) by way
/// of unbounded integers and decimals, so that it has little in common with the code under test.
///
/// Values are 64 bits: an i32 is sign-extended, floats are their bits.
///
/// @param operands one or two types
/// @param meaning the second operand is 0 where there is only one
public record Operator(
    Opcode opcode, List<NumType> operands, NumType result, LongBinaryOperator meaning) {

  /// The guest's own fault in an operator.
  public static final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public final transient TrapReason reason;

    Fault(TrapReason reason) {
      super(reason.text(), null, false, false);
      this.reason = reason;
    }
  }

  /// All operators that the engine has and that make a number of numbers.
  public static final List<Operator> ALL = all();

  private static final Map<Opcode, Operator> BY_OPCODE = byOpcode();

  private static final BigInteger TWO_31 = BigInteger.TWO.pow(31);
  private static final BigInteger TWO_63 = BigInteger.TWO.pow(63);

  public long apply(long a, long b) {
    return meaning.applyAsLong(a, b);
  }

  /// Whether the bits of a NaN result are fixed, as the operator only moves or edits bits.
  public boolean keepsNanBits() {
    return switch (opcode) {
      case F32_ABS,
          F32_NEG,
          F32_COPYSIGN,
          F64_ABS,
          F64_NEG,
          F64_COPYSIGN,
          F32_REINTERPRET_I32,
          F64_REINTERPRET_I64 ->
          true;
      default -> false;
    };
  }

  /// Whether the result tells the bits of a NaN operand, also its sign.
  public boolean showsNanBits() {
    return switch (opcode) {
      case F32_COPYSIGN, F64_COPYSIGN, I32_REINTERPRET_F32, I64_REINTERPRET_F64 -> true;
      default -> false;
    };
  }

  /// Whether there are operands that it traps for.
  public boolean canTrap() {
    String name = opcode.name();
    return name.contains("_DIV_S")
        || name.contains("_DIV_U")
        || name.contains("_REM_")
        || (name.contains("_TRUNC_F") && !name.contains("_TRUNC_SAT_"));
  }

  @Override
  public String toString() {
    return opcode.mnemonic();
  }

  private static Map<Opcode, Operator> byOpcode() {
    Map<Opcode, Operator> operators = new EnumMap<>(Opcode.class);
    ALL.forEach(operator -> operators.put(operator.opcode(), operator));
    return operators;
  }

  /// Returns the operator of an instruction, or null if it is no scalar numeric one.
  static @Nullable Operator of(Opcode opcode) {
    return BY_OPCODE.get(opcode);
  }

  private static List<Operator> all() {
    List<Operator> all = new ArrayList<>();
    addIntegers(all, I32);
    addIntegers(all, I64);
    addFloats(all, F32);
    addFloats(all, F64);
    addConversions(all);
    return List.copyOf(all);
  }

  private static Opcode opcode(NumType type, String name) {
    return Opcode.valueOf(type.name() + "_" + name);
  }

  private static void add(
      List<Operator> all, NumType type, String name, NumType result, LongBinaryOperator meaning) {
    all.add(new Operator(opcode(type, name), List.of(type, type), result, meaning));
  }

  private static void addUnary(
      List<Operator> all, Opcode opcode, NumType operand, NumType result, LongMeaning meaning) {
    all.add(new Operator(opcode, List.of(operand), result, (a, _) -> meaning.of(a)));
  }

  private interface LongMeaning {
    long of(long operand);
  }

  // Integers.

  private static int width(NumType type) {
    return type == I32 ? 32 : 64;
  }

  /// The number modulo two to the width, sign-extended.
  private static long wrap(BigInteger number, NumType type) {
    return type == I32 ? number.intValue() : number.longValue();
  }

  private static BigInteger signed(long bits) {
    return BigInteger.valueOf(bits);
  }

  private static BigInteger unsigned(long bits, NumType type) {
    BigInteger signed = signed(bits);
    return signed.signum() < 0 ? signed.add(BigInteger.TWO.pow(width(type))) : signed;
  }

  private interface BigMeaning {
    BigInteger of(BigInteger a, BigInteger b);
  }

  private interface BigCondition {
    boolean of(BigInteger a, BigInteger b);
  }

  private static void addIntegers(List<Operator> all, NumType type) {
    addSigned(all, type, "ADD", BigInteger::add);
    addSigned(all, type, "SUB", BigInteger::subtract);
    addSigned(all, type, "MUL", BigInteger::multiply);
    addSigned(all, type, "AND", BigInteger::and);
    addSigned(all, type, "OR", BigInteger::or);
    addSigned(all, type, "XOR", BigInteger::xor);
    addSigned(all, type, "DIV_S", (a, b) -> quotient(a, b, type));
    addSigned(all, type, "REM_S", (a, b) -> a.remainder(nonZero(b)));
    addUnsigned(all, type, "DIV_U", (a, b) -> a.divide(nonZero(b)));
    addUnsigned(all, type, "REM_U", (a, b) -> a.remainder(nonZero(b)));
    int width = width(type);
    addUnsigned(all, type, "SHL", (a, b) -> a.shiftLeft(count(b, width)));
    addUnsigned(all, type, "SHR_U", (a, b) -> a.shiftRight(count(b, width)));
    addSigned(all, type, "SHR_S", (a, b) -> a.shiftRight(count(b, width)));
    addUnsigned(all, type, "ROTL", (a, b) -> rotate(a, count(b, width), width));
    addUnsigned(all, type, "ROTR", (a, b) -> rotate(a, (width - count(b, width)) % width, width));
    addCondition(all, type, "EQ", true, (a, b) -> a.equals(b));
    addCondition(all, type, "NE", true, (a, b) -> !a.equals(b));
    for (boolean isSigned : new boolean[] {true, false}) {
      String suffix = isSigned ? "_S" : "_U";
      addCondition(all, type, "LT" + suffix, isSigned, (a, b) -> a.compareTo(b) < 0);
      addCondition(all, type, "GT" + suffix, isSigned, (a, b) -> a.compareTo(b) > 0);
      addCondition(all, type, "LE" + suffix, isSigned, (a, b) -> a.compareTo(b) <= 0);
      addCondition(all, type, "GE" + suffix, isSigned, (a, b) -> a.compareTo(b) >= 0);
    }
    addUnary(all, opcode(type, "EQZ"), type, I32, a -> a == 0 ? 1 : 0);
    addUnary(all, opcode(type, "CLZ"), type, type, a -> width - unsigned(a, type).bitLength());
    addUnary(
        all,
        opcode(type, "CTZ"),
        type,
        type,
        a -> a == 0 ? width : unsigned(a, type).getLowestSetBit());
    addUnary(all, opcode(type, "POPCNT"), type, type, a -> unsigned(a, type).bitCount());
    addUnary(all, opcode(type, "EXTEND8_S"), type, type, a -> (byte) a);
    addUnary(all, opcode(type, "EXTEND16_S"), type, type, a -> (short) a);
  }

  private static void addSigned(List<Operator> all, NumType type, String name, BigMeaning meaning) {
    add(all, type, name, type, (a, b) -> wrap(meaning.of(signed(a), signed(b)), type));
  }

  private static void addUnsigned(
      List<Operator> all, NumType type, String name, BigMeaning meaning) {
    add(
        all,
        type,
        name,
        type,
        (a, b) -> wrap(meaning.of(unsigned(a, type), unsigned(b, type)), type));
  }

  private static void addCondition(
      List<Operator> all, NumType type, String name, boolean isSigned, BigCondition condition) {
    add(
        all,
        type,
        name,
        I32,
        (a, b) ->
            (isSigned
                    ? condition.of(signed(a), signed(b))
                    : condition.of(unsigned(a, type), unsigned(b, type)))
                ? 1
                : 0);
  }

  private static BigInteger nonZero(BigInteger divisor) {
    if (divisor.signum() == 0) {
      throw new Fault(TrapReason.INTEGER_DIVIDE_BY_ZERO);
    }
    return divisor;
  }

  private static BigInteger quotient(BigInteger a, BigInteger b, NumType type) {
    BigInteger quotient = a.divide(nonZero(b));
    if (quotient.bitLength() >= width(type)) {
      throw new Fault(TrapReason.INTEGER_OVERFLOW);
    }
    return quotient;
  }

  private static int count(BigInteger count, int width) {
    return count.mod(BigInteger.valueOf(width)).intValue();
  }

  private static BigInteger rotate(BigInteger a, int count, int width) {
    return a.shiftLeft(count).or(a.shiftRight(width - count));
  }

  // Floats.

  public static double toDouble(long bits, NumType type) {
    return type == F32 ? Float.intBitsToFloat((int) bits) : Double.longBitsToDouble(bits);
  }

  private static long toBits(double value, NumType type) {
    return type == F32 ? Float.floatToRawIntBits((float) value) : Double.doubleToRawLongBits(value);
  }

  private static long signBit(NumType type) {
    return type == F32 ? Integer.MIN_VALUE : Long.MIN_VALUE;
  }

  private static void addFloats(List<Operator> all, NumType type) {
    // Each of these, rounded from double to float, is what float arithmetic gives.
    addFloat(all, type, "ADD", (a, b) -> a + b);
    addFloat(all, type, "SUB", (a, b) -> a - b);
    addFloat(all, type, "MUL", (a, b) -> a * b);
    addFloat(all, type, "DIV", (a, b) -> a / b);
    addFloat(all, type, "MIN", (a, b) -> areNumbers(a, b) ? isFirst(a, b) ? a : b : a + b);
    addFloat(all, type, "MAX", (a, b) -> areNumbers(a, b) ? isFirst(b, a) ? a : b : a + b);
    long sign = signBit(type);
    add(all, type, "COPYSIGN", type, (a, b) -> (a & ~sign) | (b & sign));
    addUnary(all, opcode(type, "ABS"), type, type, a -> type == F32 ? (int) a & ~sign : a & ~sign);
    addUnary(all, opcode(type, "NEG"), type, type, a -> type == F32 ? (int) (a ^ sign) : a ^ sign);
    addRounding(all, type, "CEIL", RoundingMode.CEILING);
    addRounding(all, type, "FLOOR", RoundingMode.FLOOR);
    addRounding(all, type, "TRUNC", RoundingMode.DOWN);
    addRounding(all, type, "NEAREST", RoundingMode.HALF_EVEN);
    addUnary(
        all, opcode(type, "SQRT"), type, type, a -> toBits(Math.sqrt(toDouble(a, type)), type));
    addFloatCondition(all, type, "EQ", (a, b) -> a == b);
    addFloatCondition(all, type, "NE", (a, b) -> a != b);
    addFloatCondition(all, type, "LT", (a, b) -> a < b);
    addFloatCondition(all, type, "GT", (a, b) -> a > b);
    addFloatCondition(all, type, "LE", (a, b) -> a <= b);
    addFloatCondition(all, type, "GE", (a, b) -> a >= b);
  }

  private static boolean areNumbers(double a, double b) {
    return !Double.isNaN(a) && !Double.isNaN(b);
  }

  /// Whether `a` is what `min` of both is: the smaller one, or the negative zero.
  private static boolean isFirst(double a, double b) {
    return a < b || (a == b && 1 / a == Double.NEGATIVE_INFINITY);
  }

  private interface DoubleCondition {
    boolean of(double a, double b);
  }

  private static void addFloat(
      List<Operator> all, NumType type, String name, DoubleBinaryOperator meaning) {
    add(
        all,
        type,
        name,
        type,
        (a, b) -> toBits(meaning.applyAsDouble(toDouble(a, type), toDouble(b, type)), type));
  }

  private static void addFloatCondition(
      List<Operator> all, NumType type, String name, DoubleCondition condition) {
    add(all, type, name, I32, (a, b) -> condition.of(toDouble(a, type), toDouble(b, type)) ? 1 : 0);
  }

  private static void addRounding(
      List<Operator> all, NumType type, String name, RoundingMode mode) {
    addUnary(
        all,
        opcode(type, name),
        type,
        type,
        a -> {
          double value = toDouble(a, type);
          if (Double.isNaN(value) || Double.isInfinite(value) || value == 0) {
            return toBits(value + value, type); // A NaN becomes quiet.
          }
          double rounded = new BigDecimal(value).setScale(0, mode).doubleValue();
          return toBits(Math.copySign(rounded, value), type);
        });
  }

  // Conversions.

  private static void addConversions(List<Operator> all) {
    addUnary(all, Opcode.I32_WRAP_I64, I64, I32, a -> (int) a);
    addUnary(all, Opcode.I64_EXTEND_I32_S, I32, I64, a -> a);
    addUnary(all, Opcode.I64_EXTEND_I32_U, I32, I64, a -> unsigned(a, I32).longValue());
    addUnary(all, Opcode.I64_EXTEND32_S, I64, I64, a -> (int) a);
    addUnary(all, Opcode.I32_REINTERPRET_F32, F32, I32, a -> (int) a);
    addUnary(all, Opcode.I64_REINTERPRET_F64, F64, I64, a -> a);
    addUnary(all, Opcode.F32_REINTERPRET_I32, I32, F32, a -> a);
    addUnary(all, Opcode.F64_REINTERPRET_I64, I64, F64, a -> a);
    addUnary(all, Opcode.F32_DEMOTE_F64, F64, F32, a -> toBits(toDouble(a, F64), F32));
    addUnary(all, Opcode.F64_PROMOTE_F32, F32, F64, a -> toBits(toDouble(a, F32), F64));
    for (NumType from : List.of(I32, I64)) {
      for (boolean isSigned : new boolean[] {true, false}) {
        String suffix = "CONVERT_" + from.name() + (isSigned ? "_S" : "_U");
        addUnary(
            all,
            opcode(F32, suffix),
            from,
            F32,
            a -> toBits((isSigned ? signed(a) : unsigned(a, from)).floatValue(), F32));
        addUnary(
            all,
            opcode(F64, suffix),
            from,
            F64,
            a -> toBits((isSigned ? signed(a) : unsigned(a, from)).doubleValue(), F64));
        for (NumType real : List.of(F32, F64)) {
          String source = real.name() + (isSigned ? "_S" : "_U");
          addUnary(
              all,
              opcode(from, "TRUNC_" + source),
              real,
              from,
              a -> truncate(toDouble(a, real), from, isSigned));
          addUnary(
              all,
              opcode(from, "TRUNC_SAT_" + source),
              real,
              from,
              a -> saturate(toDouble(a, real), from, isSigned));
        }
      }
    }
  }

  private static BigInteger lowest(NumType type, boolean isSigned) {
    return isSigned ? half(type).negate() : BigInteger.ZERO;
  }

  private static BigInteger highest(NumType type, boolean isSigned) {
    BigInteger bound = isSigned ? half(type) : half(type).add(half(type));
    return bound.subtract(BigInteger.ONE);
  }

  private static BigInteger half(NumType type) {
    return type == I32 ? TWO_31 : TWO_63;
  }

  private static long truncate(double value, NumType type, boolean isSigned) {
    if (Double.isNaN(value)) {
      throw new Fault(TrapReason.INVALID_CONVERSION);
    }
    if (Double.isInfinite(value)) {
      throw new Fault(TrapReason.INTEGER_OVERFLOW);
    }
    BigInteger integer = new BigDecimal(value).toBigInteger();
    if (integer.compareTo(lowest(type, isSigned)) < 0
        || integer.compareTo(highest(type, isSigned)) > 0) {
      throw new Fault(TrapReason.INTEGER_OVERFLOW);
    }
    return wrap(integer, type);
  }

  private static long saturate(double value, NumType type, boolean isSigned) {
    if (Double.isNaN(value)) {
      return 0;
    }
    if (Double.isInfinite(value)) {
      return wrap(value < 0 ? lowest(type, isSigned) : highest(type, isSigned), type);
    }
    BigInteger integer = new BigDecimal(value).toBigInteger();
    return wrap(integer.max(lowest(type, isSigned)).min(highest(type, isSigned)), type);
  }
}
