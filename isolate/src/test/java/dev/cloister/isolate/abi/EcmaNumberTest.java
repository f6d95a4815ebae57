package dev.cloister.isolate.abi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Strategy: vectors that V8 printed, one for each branch of the rule; then random values, of which
/// the text must read back as the same number and no shorter digits may.
final class EcmaNumberTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0.0, -0",
    "1, 1",
    "-1, -1",
    "2178309, 2178309",
    "0.1, 0.1",
    "0.30000000000000004, 0.30000000000000004",
    "123456789.125, 123456789.125",
    "100, 100",
    "1e20, 100000000000000000000",
    "123456789012345680000, 123456789012345680000",
    "1e21, 1e+21",
    "1.5e21, 1.5e+21",
    "-1.2345e25, -1.2345e+25",
    "0.000001, 0.000001",
    "0.0000012, 0.0000012",
    "1e-7, 1e-7",
    "1.5e-7, 1.5e-7",
    "4.9E-324, 5e-324",
    "1.0E23, 1e+23",
    "2.0E23, 2e+23",
    "9.007199254740993E15, 9007199254740992",
    "1.7976931348623157E308, 1.7976931348623157e+308",
    "2.2250738585072014E-308, 2.2250738585072014e-308",
    "5e-324, 5e-324",
    "8.41E21, 8.41e+21",
    "2.0E-3, 0.002",
    "9.5367431640625E-7, 9.5367431640625e-7",
  })
  void f64_isWrittenAsEcmaScriptDoes(double value, String text) {
    assertThat(EcmaNumber.format(value)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0.1, 0.1",
    "-0.0, -0",
    "16777216, 16777216",
    "3.4028235E38, 3.4028235e+38",
    "1.4E-45, 1e-45",
    "1.17549435E-38, 1.1754944e-38",
    "0.3, 0.3",
    "1e10, 10000000000",
    "2178309, 2178309",
    "1e21, 1e+21",
    "33554432, 33554432",
  })
  void f32_isWrittenWithTheDigitsItNeeds(float value, String text) {
    assertThat(EcmaNumber.format(value)).isEqualTo(text);
  }

  @Test
  void specialValues_haveTheirNames() {
    assertThat(EcmaNumber.format(Double.NaN)).isEqualTo("NaN");
    assertThat(EcmaNumber.format(Double.POSITIVE_INFINITY)).isEqualTo("Infinity");
    assertThat(EcmaNumber.format(Float.NEGATIVE_INFINITY)).isEqualTo("-Infinity");
  }

  @Test
  void randomValues_readBackAndHaveNoShorterForm() {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("EcmaNumberTest seed=" + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      double f64 = Double.longBitsToDouble(random.nextLong());
      if (Double.isFinite(f64)) {
        String text = EcmaNumber.format(f64);
        assertThat(Double.parseDouble(text)).as("seed %d", seed).isEqualTo(f64);
        assertThat(digits(text)).isLessThanOrEqualTo(digits(Double.toString(f64)));
      }
      float f32 = Float.intBitsToFloat(random.nextInt());
      if (Float.isFinite(f32)) {
        String text = EcmaNumber.format(f32);
        assertThat(Float.parseFloat(text)).as("seed %d", seed).isEqualTo(f32);
        assertThat(digits(text)).isLessThanOrEqualTo(digits(Float.toString(f32)));
      }
    }
  }

  /// The number of significant digits, those of whole numbers without zeros at the end.
  private static int digits(String text) {
    String mantissa = text.replaceAll("[eE].*", "").replaceAll("[-.]", "");
    return mantissa.replaceAll("^0+", "").replaceAll("0+$", "").length();
  }
}
