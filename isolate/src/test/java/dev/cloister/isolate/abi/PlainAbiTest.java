package dev.cloister.isolate.abi;

import static dev.cloister.engine.types.NumType.F32;
import static dev.cloister.engine.types.NumType.F64;
import static dev.cloister.engine.types.NumType.I32;
import static dev.cloister.engine.types.NumType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.types.VecType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class PlainAbiTest {
  static Stream<Arguments> acceptedJson() {
    return Stream.of(
        Arguments.of(I32, 7, 7),
        Arguments.of(I32, -2147483648L, Integer.MIN_VALUE),
        Arguments.of(I32, 4294967295L, -1),
        Arguments.of(I32, 3.0, 3),
        Arguments.of(I32, new BigDecimal("1e2"), 100),
        Arguments.of(I64, 9007199254740991L, 9007199254740991L),
        Arguments.of(I64, -9007199254740991L, -9007199254740991L),
        Arguments.of(I64, "9223372036854775807", Long.MAX_VALUE),
        Arguments.of(I64, "-9223372036854775808", Long.MIN_VALUE),
        Arguments.of(I64, "18446744073709551615", -1L),
        Arguments.of(I64, "0x10", 16L),
        Arguments.of(F32, 0.5, 0.5f),
        Arguments.of(F32, 1, 1f),
        Arguments.of(F32, "nan", Float.NaN),
        Arguments.of(F32, "-inf", Float.NEGATIVE_INFINITY),
        Arguments.of(F64, 0.1, 0.1),
        Arguments.of(F64, new BigDecimal("0.1"), 0.1),
        Arguments.of(F64, BigInteger.TEN.pow(20), 1e20),
        Arguments.of(F64, "inf", Double.POSITIVE_INFINITY),
        Arguments.of(RefType.EXTERNREF, null, null));
  }

  @ParameterizedTest
  @MethodSource("acceptedJson")
  void jsonArgument_ofItsType_isAccepted(
      ValueType type, @Nullable Object json, @Nullable Object value) {
    assertThat(PlainAbi.arguments(taking(type), Collections.singletonList(json)))
        .containsExactly(value);
  }

  static Stream<Arguments> refusedJson() {
    return Stream.of(
        Arguments.of(I32, 4294967296L, "4294967296"),
        Arguments.of(I32, -2147483649L, "-2147483649"),
        Arguments.of(I32, 1.5, "1.5"),
        Arguments.of(I32, "1", "the string \"1\""),
        Arguments.of(I32, null, "null"),
        Arguments.of(I32, true, "true"),
        Arguments.of(I32, List.of(), "an array"),
        Arguments.of(I32, new BigDecimal("1e999999999"), "1E+999999999"),
        Arguments.of(I64, 9007199254740992L, "9007199254740992"),
        Arguments.of(I64, "18446744073709551616", "the string \"18446744073709551616\""),
        Arguments.of(I64, "ff", "the string \"ff\""),
        Arguments.of(I64, "", "the string \"\""),
        Arguments.of(I64, Map.of(), "an object"),
        Arguments.of(F32, 3.5e38, "3.5E38"),
        Arguments.of(F32, "1", "the string \"1\""),
        Arguments.of(F64, new BigDecimal("1e309"), "1E+309"),
        Arguments.of(F64, "NaN", "the string \"NaN\""),
        Arguments.of(F64, null, "null"));
  }

  @ParameterizedTest
  @MethodSource("refusedJson")
  void jsonArgument_thatDoesNotFit_namesIndexExpectedAndActual(
      ValueType type, @Nullable Object json, String shown) {
    assertThatThrownBy(() -> PlainAbi.arguments(taking(I32, type), Arrays.asList(1, json)))
        .isInstanceOfSatisfying(
            ArgumentException.class,
            e -> {
              assertThat(e.index()).isEqualTo(1);
              assertThat(e.expected()).startsWith(type.toString() + ":");
              assertThat(e.actual().replace("the string ", ""))
                  .isEqualTo(shown.replace("the string ", ""));
              assertThat(e).hasMessageContainingAll("argument 1", e.expected(), e.actual());
            });
  }

  @Test
  void wrongNumberOfArguments_isNamed() {
    assertThatThrownBy(() -> PlainAbi.arguments(taking(I32, I32), List.of(1)))
        .isInstanceOfSatisfying(
            ArgumentException.class,
            e -> {
              assertThat(e.index()).isEqualTo(-1);
              assertThat(e.expected()).isEqualTo("2 arguments");
              assertThat(e.actual()).isEqualTo("1");
            });
  }

  @Test
  void types_thatCannotCross_areUnsupported() {
    assertThatThrownBy(() -> PlainAbi.arguments(taking(VecType.V128), List.of("0")))
        .isInstanceOf(UnsupportedTypeException.class)
        .hasMessageContaining("parameter 0");
    assertThatThrownBy(() ->
            PlainAbi.arguments(new FuncType(List.of(), List.of(I32, VecType.V128)), List.of()))
        .isInstanceOf(UnsupportedTypeException.class)
        .hasMessageContaining("result 1");
    assertThatThrownBy(
            () -> PlainAbi.arguments(taking(RefType.FUNCREF.asNonNull()), List.of("null")))
        .isInstanceOf(UnsupportedTypeException.class);
    assertThatThrownBy(() -> PlainAbi.arguments(taking(RefType.EXTERNREF), List.of("x")))
        .isInstanceOf(UnsupportedTypeException.class)
        .hasMessageContaining("argument 0");
  }

  static Stream<Arguments> acceptedText() {
    return Stream.of(
        Arguments.of(I32, "42", 42),
        Arguments.of(I32, "-0x10", -16),
        Arguments.of(I32, "0xffffffff", -1),
        Arguments.of(I64, "0xffffffffffffffff", -1L),
        Arguments.of(I64, "+5", 5L),
        Arguments.of(F32, "1e3", 1000f),
        Arguments.of(F32, ".5", .5f),
        Arguments.of(F64, "1.", 1.0),
        Arguments.of(F64, "-0", -0.0),
        Arguments.of(F64, "0x1.8p1", 3.0),
        Arguments.of(F64, "0x10", 16.0),
        Arguments.of(F64, "nan", Double.NaN),
        Arguments.of(F64, "-inf", Double.NEGATIVE_INFINITY),
        Arguments.of(F64, "Infinity", Double.POSITIVE_INFINITY),
        Arguments.of(RefType.FUNCREF, "null", null));
  }

  @ParameterizedTest
  @MethodSource("acceptedText")
  void textArgument_ofItsType_isAccepted(ValueType type, String text, @Nullable Object value) {
    assertThat(PlainAbi.parse(taking(type), List.of(text))).containsExactly(value);
  }

  static Stream<Arguments> refusedText() {
    return Stream.of(
        Arguments.of(I32, "1.0"),
        Arguments.of(I32, "4294967296"),
        Arguments.of(I32, " 1"),
        Arguments.of(I32, "1_000"),
        Arguments.of(I64, "0x1ffffffffffffffff"),
        Arguments.of(F32, "1e39"),
        Arguments.of(F64, "1e309"),
        Arguments.of(F64, "1f"),
        Arguments.of(F64, "NaN("),
        Arguments.of(F64, ""),
        Arguments.of(F64, "."),
        Arguments.of(F64, "1".repeat(1001)));
  }

  @ParameterizedTest
  @MethodSource("refusedText")
  void textArgument_thatDoesNotFit_isRefused(ValueType type, String text) {
    assertThatThrownBy(() -> PlainAbi.parse(taking(type), List.of(text)))
        .isInstanceOf(ArgumentException.class)
        .hasMessageStartingWith("argument 0: expected " + type);
  }

  @Test
  void results_areShownAsJson() {
    FuncType type =
        new FuncType(List.of(), List.of(I32, I64, F32, F64, F64, F64, F64, RefType.EXTERNREF));

    List<WasmValue> results =
        PlainAbi.results(
            type,
            new @Nullable Object[] {
              -1, Long.MAX_VALUE, 0.1f, 2178309.0, -0.0, Double.NaN, Double.NEGATIVE_INFINITY, null
            });

    assertThat(results.stream().map(WasmValue::json).toList())
        .isEqualTo(
            Arrays.asList(
                -1,
                "9223372036854775807",
                new BigDecimal("0.1"),
                new BigDecimal("2178309"),
                -0.0,
                "nan",
                "-inf",
                null));
    assertThat(results.stream().map(WasmValue::text).toList())
        .containsExactly(
            "-1", "9223372036854775807", "0.1", "2178309", "-0", "NaN", "-Infinity", "null");
  }

  @Test
  void results_thatCannotCross_areUnsupported() {
    FuncType type = new FuncType(List.of(), List.of(RefType.EXTERNREF));

    assertThatThrownBy(() -> PlainAbi.results(type, new @Nullable Object[] {"object"}))
        .isInstanceOf(UnsupportedTypeException.class)
        .hasMessageContaining("result 0");
  }

  private static FuncType taking(ValueType... params) {
    return new FuncType(List.of(params), List.of());
  }
}
