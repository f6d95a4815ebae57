package dev.cloister.engine.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.fixture.Seed;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Source maps, well formed and not. Their columns are offsets.
final class SourceMapTest {
  private static final String DIGITS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  private static SourceTable parse(String json) throws SourceMapException {
    return SourceMapParser.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  private static String json(String mappings) {
    return "{\"version\":3,\"sources\":[\"a.c\",\"b.c\"],\"mappings\":\"" + mappings + "\"}";
  }

  /// Writes a number as mappings have it.
  private static String number(int value) {
    StringBuilder out = new StringBuilder();
    int left = value < 0 ? -value << 1 | 1 : value << 1;
    do {
      int digit = left & 31;
      left >>>= 5;
      out.append(DIGITS.charAt(left == 0 ? digit : digit | 32));
    } while (left != 0);
    return out.toString();
  }

  private static String mapping(int... numbers) {
    StringBuilder out = new StringBuilder();
    for (int number : numbers) {
      out.append(number(number));
    }
    return out.toString();
  }

  @Test
  void mappings_areFoundByOffset() throws SourceMapException {
    SourceTable map =
        parse(
            json(
                String.join(
                    ",",
                    mapping(10, 0, 0, 0),
                    mapping(5, 1, 41, 7, 3),
                    mapping(20),
                    mapping(1, -1, -40, -7))));
    assertThat(map.find(9)).isNull();
    assertThat(map.find(10)).isEqualTo(new SourcePosition("a.c", 1, 1));
    assertThat(map.find(14)).isEqualTo(new SourcePosition("a.c", 1, 1));
    assertThat(map.find(15)).isEqualTo(new SourcePosition("b.c", 42, 8));
    assertThat(map.find(34)).isEqualTo(new SourcePosition("b.c", 42, 8));
    assertThat(map.find(35)).as("mapped to nothing").isNull();
    assertThat(map.find(36)).isEqualTo(new SourcePosition("a.c", 2, 1));
    assertThat(map.find(Integer.MAX_VALUE)).isEqualTo(new SourcePosition("a.c", 2, 1));
  }

  @Test
  void linesAfterTheFirst_areOfNoUse() throws SourceMapException {
    SourceTable map = parse(json(mapping(3, 0, 0, 0) + ";" + mapping(9, 0, 9, 0)));
    assertThat(map.find(20)).isEqualTo(new SourcePosition("a.c", 1, 1));
  }

  @Test
  void text_inItsWholeVariety_isRead() throws SourceMapException {
    SourceTable map =
        parse(
            ")]}'\n { \"names\" : [\"x\", {\"y\": [1, -2.5e+3, true, null]}, []], \"file\": null,"
                + " \"sourceRoot\" : \"file:\\/\\/\\u002Fsrc\" ,\t\"version\": 3,"
                + " \"sources\": [ \"\\\"\\\\\\b\\f\\n\\r\\t\\u00e4.c\", null ],"
                + " \"mappings\": \""
                + mapping(0, 0, 0, 0)
                + ","
                + mapping(5, 1, 0, 0)
                + "\", \"x\": {} }\r\n");
    assertThat(map.find(0)).isEqualTo(new SourcePosition("file:///src/\"\\\b\f\n\r\tä.c", 1, 1));
    assertThat(map.find(5)).as("a source without a name").isNull();
  }

  @Test
  void manyMappings_areFoundAsOneByOne() throws SourceMapException {
    Random random = Seed.random();
    StringBuilder mappings = new StringBuilder();
    TreeMap<Integer, @Nullable SourcePosition> expected = new TreeMap<>();
    int offset = 0;
    int source = 0;
    int line = 0;
    int column = 0;
    for (int i = 0; i < 20_000; i++) {
      int advance = random.nextInt(5);
      offset += advance;
      if (random.nextInt(10) == 0) {
        mappings.append(mapping(advance));
        expected.put(offset, null);
      } else {
        int otherSource = random.nextInt(2);
        int otherLine = random.nextInt(3_000);
        int otherColumn = random.nextInt(100);
        mappings.append(
            mapping(advance, otherSource - source, otherLine - line, otherColumn - column));
        source = otherSource;
        line = otherLine;
        column = otherColumn;
        expected.put(offset, new SourcePosition(source == 0 ? "a.c" : "b.c", line + 1, column + 1));
      }
      mappings.append(random.nextInt(50) == 0 ? ",," : ",");
    }
    SourceTable map = parse(json(mappings.toString()));
    for (int i = expected.firstKey(); i <= offset; i++) {
      Map.Entry<Integer, @Nullable SourcePosition> entry = expected.floorEntry(i);
      assertThat(map.find(i)).as("at %d", i).isEqualTo(entry == null ? null : entry.getValue());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "|expected '{'",
        "{|expected '\"'",
        "[]|expected '{'",
        "{}|a source map of version \"\"",
        "{\"version\":3}|a source map without mappings",
        "{\"version\":2,\"mappings\":\"\"}|a source map of version \"2\"",
        "{\"version\":3,\"mappings\":\"\"}x|something after the source map",
        "{\"version\":3,\"mappings\":\"\"|expected '}'",
        "{\"version\":3,\"mappings\":\"|a string without an end",
        "{\"version\":3,\"mappings\":\"\\|an unknown escape",
        "{\"version\":3,\"mappings\":\"\\u00g0\"}|an unknown escape",
        "{\"version\":3,\"mappings\":\"\\n|a string without an end",
        "{\"version\":3,\"sections\":{}}|expected '['",
        "{\"version\":3,\"sections\":[],\"mappings\":\"\"}|a source map with sections and with",
        "{\"version\":3,\"sections\":[{}]}|a section without an offset",
        "{\"version\":3,\"sections\":[{\"offset\":{\"line\":0}}]}|a section without an offset",
        "{\"version\":3,\"sections\":[{\"offset\":{\"line\":0,\"column\":1}}]}"
            + "|a section without a map",
        "{\"version\":3,\"sections\":[{\"offset\":{\"line\":-1}}]}|no line or column: -1",
        "{\"version\":3,\"sections\":[{\"offset\":{\"column\":2147483648}}]}|no line or column: 2",
        "{\"version\":3,\"sections\":[{\"map\":{}}]}|a source map of version \"\"",
        "{\"version\":3,\"sources\":[7],\"mappings\":\"\"}|expected a string",
        "{\"version\":3,\"x\":,\"mappings\":\"\"}|expected a value",
        "{\"version\":3,\"mappings\":\"AAAA\"}|a mapping to an unknown source",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"ADAA\"}|a mapping to an unknown source",
        "{\"version\":3,\"mappings\":\"!\"}|a mapping that is no number",
        "{\"version\":3,\"mappings\":\"g\"}|a mapping that is no number",
        "{\"version\":3,\"mappings\":\"ggggggggA\"}|a mapping that is no number",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAA\"}|a mapping that is no number",
        "{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAAAA\"}|a mapping of more than five",
        "{\"version\":3,\"mappings\":\"E,D\"}|mappings that go back",
      })
  void malformedMap_saysWhat(@Nullable String json, String message) {
    assertThatThrownBy(() -> parse(json == null ? "" : json))
        .isInstanceOf(SourceMapException.class)
        .hasMessageStartingWith(message);
  }

  /// A section of a map whose only source is named like the column.
  private static String section(int line, int column, String mappings) {
    return "{\"offset\":{\"line\":%d,\"column\":%d},\"map\":{\"version\":3,\"sources\":[\"%d.c\"],"
            .formatted(line, column, column)
        + "\"mappings\":\""
        + mappings
        + "\"}}";
  }

  private static String inSections(String... sections) {
    return "{\"version\":3,\"file\":\"x.wasm\",\"sections\":[" + String.join(",", sections) + "]}";
  }

  @Test
  void sections_beginAtTheirOffsets_andEndWhereTheNextBegins() throws SourceMapException {
    SourceTable map =
        parse(
            inSections(
                section(0, 100, mapping(0, 0, 0, 0) + "," + mapping(60, 0, 9, 0)),
                section(0, 150, mapping(5, 0, 2, 0)),
                section(1, 0, mapping(0, 0, 7, 0))));

    assertThat(map.find(99)).isNull();
    assertThat(map.find(100)).isEqualTo(new SourcePosition("100.c", 1, 1));
    assertThat(map.find(149)).isEqualTo(new SourcePosition("100.c", 1, 1));
    assertThat(map.find(150)).as("before the first mapping of the section").isNull();
    assertThat(map.find(155)).isEqualTo(new SourcePosition("150.c", 3, 1));
    assertThat(map.find(1_000)).isEqualTo(new SourcePosition("150.c", 3, 1));
    assertThat(parse(inSections()).find(0)).isNull();
  }

  @Test
  void sections_thatGoBack_areRefused() {
    String empty = "";
    for (String[] wrong :
        new String[][] {
          {section(0, 10, empty), section(0, 10, empty)},
          {section(0, 10, empty), section(0, 9, empty)},
          {section(1, 0, empty), section(0, 9, empty)}
        }) {
      assertThatThrownBy(() -> parse(inSections(wrong)))
          .isInstanceOf(SourceMapException.class)
          .hasMessageStartingWith("sections that go back");
    }
  }

  @Test
  void sections_inSections_areBounded() throws SourceMapException {
    String map =
        "{\"version\":3,\"sources\":[\"a.c\"],\"mappings\":\"" + mapping(0, 0, 0, 0) + "\"}";
    for (int i = 0; i < SourceMapParser.MAX_DEPTH; i++) {
      map = inSections("{\"map\":" + map + ",\"offset\":{\"line\":0,\"column\":10}}");
    }
    assertThat(parse(map).find(10 * SourceMapParser.MAX_DEPTH))
        .isEqualTo(new SourcePosition("a.c", 1, 1));
    String deeper = inSections("{\"map\":" + map + ",\"offset\":{\"line\":0,\"column\":10}}");
    assertThatThrownBy(() -> parse(deeper))
        .isInstanceOf(SourceMapException.class)
        .hasMessageStartingWith("sections in sections deeper than " + SourceMapParser.MAX_DEPTH);
  }

  /// The bound holds for all sections together.
  @Test
  void sources_ofAllSections_areBounded() {
    String half = "\"a\",".repeat(SourceMapParser.MAX_SOURCES / 2) + "\"a\"";
    String part = "{\"map\":{\"version\":3,\"mappings\":\"\",\"sources\":[" + half + "]},";
    assertThatThrownBy(() ->
            parse(
                inSections(
                    part + "\"offset\":{\"line\":0,\"column\":0}}",
                    part + "\"offset\":{\"line\":0,\"column\":1}}")))
        .isInstanceOf(SourceMapException.class)
        .hasMessageStartingWith("more than " + SourceMapParser.MAX_SOURCES + " sources");
  }

  @Test
  void nesting_isBounded() throws SourceMapException {
    String open = "[".repeat(JsonCursor.MAX_DEPTH - 1);
    String close = "]".repeat(JsonCursor.MAX_DEPTH - 1);
    assertThat(parse("{\"x\":" + open + close + ",\"version\":3,\"mappings\":\"\"}").find(0))
        .isNull();
    assertThatThrownBy(() -> parse("{\"x\":[[" + open + close + "]]}"))
        .isInstanceOf(SourceMapException.class)
        .hasMessageStartingWith("nested deeper than " + JsonCursor.MAX_DEPTH);
  }

  @Test
  void sources_areBounded() {
    String sources = "\"a\",".repeat(SourceMapParser.MAX_SOURCES) + "\"a\"";
    assertThatThrownBy(() -> parse("{\"version\":3,\"sources\":[" + sources + "]}"))
        .isInstanceOf(SourceMapException.class)
        .hasMessageStartingWith("more than " + SourceMapParser.MAX_SOURCES + " sources");
  }

  @Test
  void names_areCutOff() throws SourceMapException {
    String longName = "s".repeat(1_000_000);
    SourceTable map =
        parse(
            "{\"version\":3,\"sourceRoot\":\""
                + longName
                + "\",\"sources\":[\""
                + longName
                + "\"],\"mappings\":\"AAAA\"}");
    SourcePosition found = Objects.requireNonNull(map.find(0));
    assertThat(found.file()).hasSize(2 * SourceMapParser.MAX_NAME_CHARS + 1);
  }

  @Test
  void size_isBounded() {
    assertThatThrownBy(() -> SourceMapParser.parse(new byte[SourceMapParser.MAX_BYTES + 1]))
        .isInstanceOf(SourceMapException.class)
        .hasMessageStartingWith(
            "a source map of more than " + SourceMapParser.MAX_BYTES + " bytes");
  }

  @Test
  void emptyMappings_areBounded() throws SourceMapException {
    assertThat(parse(json(",".repeat(100) + "AAAA")).find(0)).isNotNull();
    assertThatThrownBy(() -> parse(json("AAAA" + ",".repeat(5_000) + "A")))
        .isInstanceOf(SourceMapException.class)
        .hasMessageStartingWith("many empty mappings");
  }

  @Test
  void damagedMaps_areReadOrRefused() {
    Random random = Seed.random();
    byte[] good =
        json(mapping(10, 0, 0, 0) + "," + mapping(5, 1, 41, 7, 3) + "," + mapping(20))
            .getBytes(StandardCharsets.UTF_8);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = good.clone();
      for (int n = random.nextInt(3); n >= 0; n--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(32, 127);
      }
      damaged =
          random.nextInt(4) == 0 ? Arrays.copyOf(damaged, random.nextInt(damaged.length)) : damaged;
      try {
        SourceTable map = SourceMapParser.parse(damaged);
        for (int offset = 0; offset < 40; offset++) {
          SourcePosition found = map.find(offset);
          assertThat(found == null || found.line() > 0).isTrue();
        }
      } catch (SourceMapException _) {
        refused++;
      }
    }
    assertThat(refused).isBetween(1, 19_999);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "data:application/json;base64,eyJhIjoxfQ==|{\"a\":1}",
        "DATA:;base64,e30=|{}",
        "data:application/json;charset=utf-8,%7B%22%c3%a4%22:1%7d|{\"ä\":1}",
        "data:,{}|{}",
      })
  void dataUrl_givesItsContent(String url, String content) {
    assertThat(DataUrl.content(url)).asString(StandardCharsets.UTF_8).isEqualTo(content);
  }

  @ParameterizedTest
  @ValueSource(strings = {"data:", "data:;base64,e", "data:,%7", "data:,%zz", "datA", "x,y"})
  void dataUrl_malformed_givesNothing(String url) {
    assertThat(DataUrl.content(url)).isNull();
  }
}
