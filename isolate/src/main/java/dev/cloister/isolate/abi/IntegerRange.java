package dev.cloister.isolate.abi;

import java.math.BigInteger;

/// The integers that a parameter of an integer type accepts: signed and unsigned forms alike.
enum IntegerRange {
  /// From -2^31 to 2^32-1.
  I32(32, "i32: an integer from -2147483648 to 4294967295"),
  /// From -2^63 to 2^64-1.
  I64(64, "i64: an integer from -9223372036854775808 to 18446744073709551615");

  private final BigInteger minimum;
  private final BigInteger maximum;
  private final String description;

  IntegerRange(int bits, String description) {
    this.minimum = BigInteger.TWO.pow(bits - 1).negate();
    this.maximum = BigInteger.TWO.pow(bits).subtract(BigInteger.ONE);
    this.description = description;
  }

  boolean contains(BigInteger value) {
    return value.compareTo(minimum) >= 0 && value.compareTo(maximum) <= 0;
  }

  String description() {
    return description;
  }
}
