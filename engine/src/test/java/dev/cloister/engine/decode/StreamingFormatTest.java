package dev.cloister.engine.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.fixture.BinaryWriter;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The behaviours that V8 tests of its streaming decoder (`streaming-decoder-unittest.cc`, 34
/// cases): each module as a whole, byte by byte, and cut in two at every place, with the one
/// outcome that is expected.
final class StreamingFormatTest {
  private static final int[] HEADER = {0, 'a', 's', 'm', 1, 0, 0, 0};

  // A type section with `() -> ()`, and a function section with one and with two functions of it.
  private static final int[] TYPES = {1, 4, 1, 0x60, 0, 0};
  private static final int[] ONE = {3, 2, 1, 0};
  private static final int[] TWO = {3, 3, 2, 0, 0};
  private static final int[] EMPTY_BODY = {2, 0, 0x0B};

  private static byte[] bytes(int[]... parts) {
    BinaryWriter writer = new BinaryWriter();
    for (int[] part : parts) {
      writer.bytes(part);
    }
    return writer.toByteArray();
  }

  private static int[] of(int... bytes) {
    return bytes;
  }

  private static Arguments module(String name, String outcome, int[]... parts) {
    return Arguments.of(name, bytes(parts), outcome);
  }

  static Stream<Arguments> modules() {
    return Stream.of(
        // Header.
        module("EmptyStream", "unexpected end (@+0x0)"),
        module("IncompleteModuleHeader", "unexpected end (@+0x6)", of(0, 'a', 's', 'm', 1, 0)),
        module("MagicAndVersion", "valid", HEADER),
        module("BadMagic", "magic header not detected (@+0x0)", of(0, 'a', 's', 'n', 1, 0, 0, 0)),
        module("BadVersion", "unknown binary version 2", of(0, 'a', 's', 'm', 2, 0, 0, 0)),
        // Sections.
        module("OneSection", "valid", HEADER, of(0, 6, 1, 'x', 1, 2, 3, 4)),
        module("OneSection_b", "length out of bounds", HEADER, of(0, 6, 1, 'x', 1, 2)),
        module("OneShortSection", "valid", HEADER, of(0, 2, 1, 'x')),
        module("OneShortSection_b", "length out of bounds", HEADER, of(0, 2, 1)),
        module("OneEmptySection", "unexpected end of section or function", HEADER, of(0, 0)),
        module(
            "ThreeSectionsOnlyCustom",
            "valid",
            HEADER,
            of(0, 2, 1, 'a'),
            of(0, 2, 1, 'b'),
            of(0, 2, 1, 'c')),
        module(
            "SectionLengthInSeveralBytes",
            "valid",
            HEADER,
            of(0, 0x82, 0x80, 0x80, 0x80, 0, 1, 'x')),
        module(
            "SectionLengthTooLong",
            "integer representation too long",
            HEADER,
            of(0, 0x82, 0x80, 0x80, 0x80, 0x80, 0)),
        module("SectionIdOnly", "unexpected end (@+0x9)", HEADER, of(1)),
        module("InvalidSectionCode", "malformed section id 14", HEADER, of(14, 0)),
        module("SectionTooHigh", "length out of bounds", HEADER, of(1, 5, 1, 0x60, 0, 0)),
        module(
            "SectionTooLow", "unexpected end of section or function", HEADER, of(1, 3, 1, 0x60, 0)),
        module(
            "SectionWithBytesAfterItsContent",
            "section size mismatch",
            HEADER,
            of(1, 5, 1, 0x60, 0, 0, 0)),
        module("SectionOrder", "unexpected content after last section", HEADER, TYPES, TYPES),
        // The code section.
        module("OneFunction", "valid", HEADER, TYPES, ONE, of(10, 4, 1), EMPTY_BODY),
        module("TwoFunctions", "valid", HEADER, TYPES, TWO, of(10, 7, 2), EMPTY_BODY, EMPTY_BODY),
        module(
            "FunctionLengthInSeveralBytes",
            "valid",
            HEADER,
            TYPES,
            ONE,
            of(10, 6, 1, 0x82, 0x80, 0, 0, 0x0B)),
        module(
            "NumberOfFunctionsInSeveralBytes",
            "valid",
            HEADER,
            TYPES,
            ONE,
            of(10, 6, 0x81, 0x80, 0),
            EMPTY_BODY),
        module("EmptyCodeSection", "valid", HEADER, of(10, 1, 0)),
        module(
            "EmptyCodeSectionWithFunctions",
            "function and code section have inconsistent lengths: 1 and 0",
            HEADER,
            TYPES,
            ONE,
            of(10, 1, 0)),
        module(
            "FunctionsWithoutCodeSection",
            "function and code section have inconsistent lengths: 1 and 0",
            HEADER,
            TYPES,
            ONE),
        module(
            "CodeSectionWithoutFunctions",
            "function and code section have inconsistent lengths: 0 and 1",
            HEADER,
            of(10, 4, 1),
            EMPTY_BODY),
        module("CodeSectionOfNoBytes", "unexpected end of section or function", HEADER, of(10, 0)),
        module(
            "CodeSectionLengthZero_WithFunctions",
            "unexpected end of section or function",
            HEADER,
            TYPES,
            ONE,
            of(10, 0)),
        module(
            "NumberOfFunctionsTooHigh",
            "function and code section have inconsistent lengths: 1 and 2",
            HEADER,
            TYPES,
            ONE,
            of(10, 4, 2),
            EMPTY_BODY),
        module(
            "NumberOfFunctionsTooLow",
            "function and code section have inconsistent lengths: 2 and 1",
            HEADER,
            TYPES,
            TWO,
            of(10, 7, 1),
            EMPTY_BODY,
            EMPTY_BODY),
        module(
            "CodeSectionTooLong",
            "section size mismatch",
            HEADER,
            TYPES,
            ONE,
            of(10, 5, 1),
            EMPTY_BODY,
            of(0)),
        module(
            "CodeSectionTooShort",
            "unexpected end of section or function",
            HEADER,
            TYPES,
            ONE,
            of(10, 3, 1),
            EMPTY_BODY),
        module(
            "CodeSectionLengthEndsInNumberOfFunctions",
            "unexpected end of section or function",
            HEADER,
            TYPES,
            ONE,
            of(10, 1, 0x81, 0),
            EMPTY_BODY),
        module(
            "CodeSectionLengthEndsInFunctionLength",
            "unexpected end of section or function",
            HEADER,
            TYPES,
            ONE,
            of(10, 2, 1, 0x82, 0, 0, 0x0B)),
        module(
            "FunctionLengthZero",
            "unexpected end of section or function",
            HEADER,
            TYPES,
            ONE,
            of(10, 2, 1, 0)),
        module(
            "TwoCodeSections",
            "unexpected content after last section",
            HEADER,
            TYPES,
            ONE,
            of(10, 4, 1),
            EMPTY_BODY,
            of(10, 4, 1),
            EMPTY_BODY),
        module(
            "UnknownSectionsAroundTheCodeSection",
            "valid",
            HEADER,
            TYPES,
            ONE,
            of(0, 2, 1, 'a'),
            of(10, 4, 1),
            EMPTY_BODY,
            of(0, 2, 1, 'b')),
        module(
            "UnknownSectionSandwich",
            "unexpected content after last section",
            HEADER,
            TYPES,
            ONE,
            of(10, 4, 1),
            EMPTY_BODY,
            of(0, 2, 1, 'x'),
            of(10, 4, 1),
            EMPTY_BODY),
        module(
            "CutInTheLastBody",
            "length out of bounds: code section extends 1 bytes past the end",
            HEADER,
            TYPES,
            ONE,
            of(10, 4, 1, 2, 0)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("modules")
  void module_hasItsOutcome_howeverItIsCut(String name, byte[] module, String outcome) {
    String whole = verdict(module, module.length);
    assertThat(whole).as(name).contains(outcome);
    assertThat(Decoding.sync(module, WasmFeatures.ALL, WasmLimits.defaults()).verdict())
        .isEqualTo(whole);
    assertThat(verdict(module, 1)).as("byte by byte").isEqualTo(whole);
    for (int cut = 1; cut < module.length; cut++) {
      int first = cut;
      assertThat(
              Decoding.stream(
                      module,
                      WasmFeatures.ALL,
                      WasmLimits.defaults(),
                      at -> at == 0 ? first : module.length)
                  .verdict())
          .as("cut at %s", cut)
          .isEqualTo(whole);
    }
  }

  private static String verdict(byte[] module, int size) {
    return Decoding.stream(module, WasmFeatures.ALL, WasmLimits.defaults(), _ -> Math.max(1, size))
        .verdict();
  }
}
