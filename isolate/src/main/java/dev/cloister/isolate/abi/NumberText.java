package dev.cloister.isolate.abi;

import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads numbers as people write them in arguments.
final class NumberText {
  private static final Pattern INTEGER = Pattern.compile("([+-]?)(0[xX])?([0-9a-fA-F]{1,40})");
  private static final Pattern DECIMAL_FLOAT =
      Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]{1,6})?");
  private static final Pattern HEX_FLOAT =
      Pattern.compile(
          "[+-]?0[xX]([0-9a-fA-F]+\\.?[0-9a-fA-F]*|\\.[0-9a-fA-F]+)([pP][+-]?[0-9]{1,6})?");

  /// The longest text that is looked at.
  private static final int MAX_LENGTH = 1_000;

  private NumberText() {}

  /// The integer that `text` spells in decimal or, after `0x`, hexadecimal digits; null if it does
  /// not.
  static @Nullable BigInteger integer(String text) {
    Matcher matcher = INTEGER.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    try {
      BigInteger magnitude = new BigInteger(matcher.group(3), matcher.group(2) == null ? 10 : 16);
      return matcher.group(1).equals("-") ? magnitude.negate() : magnitude;
    } catch (NumberFormatException _) {
      return null; // hexadecimal digits without 0x
    }
  }

  /// The f64 nearest to what `text` spells, infinite if it is too large; null if it is no number.
  static @Nullable Double f64(String text) {
    String spelled = javaSpelling(text);
    return spelled == null ? null : Double.valueOf(spelled);
  }

  /// The f32 nearest to what `text` spells, infinite if it is too large; null if it is no number.
  static @Nullable Float f32(String text) {
    String spelled = javaSpelling(text);
    return spelled == null ? null : Float.valueOf(spelled);
  }

  private static @Nullable String javaSpelling(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "nan", "+nan", "-nan" -> "NaN";
      case "inf", "+inf", "infinity", "+infinity" -> "Infinity";
      case "-inf", "-infinity" -> "-Infinity";
      default -> finiteSpelling(text);
    };
  }

  private static @Nullable String finiteSpelling(String text) {
    if (text.length() > MAX_LENGTH) {
      return null;
    }
    if (DECIMAL_FLOAT.matcher(text).matches()) {
      return text;
    }
    Matcher hex = HEX_FLOAT.matcher(text);
    if (!hex.matches()) {
      return null;
    }
    return hex.group(2) == null ? text + "p0" : text; // Java wants the exponent
  }

  /// Whether `text` names an infinity, so that an infinite value is what was asked for.
  static boolean isInfinity(String text) {
    return text.toLowerCase(Locale.ROOT).matches("[+-]?inf(inity)?");
  }
}
