package dev.cloister.isolate.abi;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.function.Predicate;

/// Floats as text in the form of ECMAScript's `Number::toString`.
///
/// Two things differ from ECMAScript: the zero with a sign keeps it (`-0`), and an f32 gets the
/// shortest digits that tell it from other f32 values.
///
/// Source: ECMA-262, 6.1.6.1.20.
public final class EcmaNumber {
  /*
   * Double.toString finds the shortest decimal that reads back as the same number, but writes at
   * least two digits and may use the second to come closer (4.9E-324 where 5e-324 is enough). So
   * whenever it has two digits, the two decimals of one digit around it are tried.
   */

  /// The highest power of ten that is still written without an exponent.
  private static final int MAX_PLAIN_DIGITS = 21;

  /// The lowest position of the first digit that is still written without an exponent.
  private static final int MIN_PLAIN_POSITION = -6;

  private EcmaNumber() {}

  /// The text of an f64.
  public static String format(double value) {
    if (!Double.isFinite(value) || value == 0) {
      return special(value);
    }
    return format(
        new BigDecimal(Double.toString(value)), decimal -> decimal.doubleValue() == value);
  }

  /// The text of an f32, with the digits it needs as an f32.
  public static String format(float value) {
    if (!Float.isFinite(value) || value == 0) {
      return special(value);
    }
    return format(new BigDecimal(Float.toString(value)), decimal -> decimal.floatValue() == value);
  }

  private static String special(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    return value < 0 ? "-Infinity" : "Infinity";
  }

  private static String format(BigDecimal decimal, Predicate<BigDecimal> isSameNumber) {
    BigDecimal shortest = shorten(decimal.stripTrailingZeros(), isSameNumber);
    BigInteger unscaled = shortest.unscaledValue();
    String digits = unscaled.abs().toString();
    int position = digits.length() - shortest.scale();
    return (unscaled.signum() < 0 ? "-" : "") + layOut(digits, position);
  }

  private static BigDecimal shorten(BigDecimal decimal, Predicate<BigDecimal> isSameNumber) {
    if (decimal.precision() != 2) {
      return decimal;
    }
    for (RoundingMode mode : new RoundingMode[] {RoundingMode.HALF_EVEN, RoundingMode.UP}) {
      BigDecimal shorter = decimal.round(new MathContext(1, mode)).stripTrailingZeros();
      if (isSameNumber.test(shorter)) {
        return shorter;
      }
    }
    return decimal;
  }

  /// Lays out `digits` with the decimal point after the first `position` of them.
  private static String layOut(String digits, int position) {
    int count = digits.length();
    if (count <= position && position <= MAX_PLAIN_DIGITS) {
      return digits + "0".repeat(position - count);
    }
    if (0 < position && position <= MAX_PLAIN_DIGITS) {
      return digits.substring(0, position) + "." + digits.substring(position);
    }
    if (MIN_PLAIN_POSITION < position && position <= 0) {
      return "0." + "0".repeat(-position) + digits;
    }
    int exponent = position - 1;
    String mantissa = count == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return mantissa + (exponent < 0 ? "e-" : "e+") + Math.abs(exponent);
  }
}
