package dev.cloister.engine.script;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Reads source maps (ECMA-426), also those in sections. Confined to one thread.
final class SourceMapParser {
  /// The longest source map that is read, in bytes.
  static final int MAX_BYTES = 16 << 20;

  /// The most source files, of all sections together.
  static final int MAX_SOURCES = 100_000;

  /// The longest name of a source, and the longest root, in characters; longer ones are cut off.
  static final int MAX_NAME_CHARS = 4_096;

  /// How deep sections may be in sections.
  static final int MAX_DEPTH = 4;

  private static final String VERSION = "3";

  private final JsonCursor json;
  private int sourceCount;

  private SourceMapParser(JsonCursor json) {
    this.json = json;
  }

  /// {@return the source map that the text in `bytes` is}
  ///
  /// @throws SourceMapException if it is none
  static SourceTable parse(byte[] bytes) throws SourceMapException {
    if (bytes.length > MAX_BYTES) {
      throw new SourceMapException("a source map of more than " + MAX_BYTES + " bytes", 0);
    }
    String text = new String(bytes, StandardCharsets.UTF_8);
    // What servers put before it so that it is not run as a script.
    int start = text.startsWith(")]}'") ? Math.max(0, text.indexOf('\n')) : 0;
    JsonCursor json = new JsonCursor(text.substring(start));
    SourceTable map = new SourceMapParser(json).map(0);
    if (json.peek() != 0) {
      throw json.malformed("something after the source map");
    }
    return map;
  }

  private SourceTable map(int depth) throws SourceMapException {
    String version = "";
    String root = "";
    List<@Nullable String> sources = List.of();
    String mappings = null;
    SourceTable sections = null;
    for (boolean more = json.enter('{', '}'); more; more = json.next('}')) {
      switch (json.name()) {
        case "version" -> version = json.word();
        case "sourceRoot" -> root = Objects.requireNonNullElse(stringOrNull(), "");
        case "sources" -> sources = strings();
        case "mappings" -> mappings = json.string();
        case "sections" -> sections = sections(depth + 1);
        default -> json.skip();
      }
    }
    if (!version.equals(VERSION)) {
      throw json.malformed("a source map of version \"" + version + "\"");
    }
    if (sections != null) {
      if (mappings != null) {
        throw json.malformed("a source map with sections and with mappings");
      }
      return sections;
    }
    if (mappings == null) {
      throw json.malformed("a source map without mappings");
    }
    return SourceMap.of(root, sources, mappings);
  }

  private SourceTable sections(int depth) throws SourceMapException {
    if (depth > MAX_DEPTH) {
      throw json.malformed("sections in sections deeper than " + MAX_DEPTH);
    }
    SourceMapSections.Builder sections = new SourceMapSections.Builder();
    for (boolean more = json.enter('[', ']'); more; more = json.next(']')) {
      section(sections, depth);
    }
    return sections.build();
  }

  private void section(SourceMapSections.Builder sections, int depth) throws SourceMapException {
    int line = -1;
    int column = -1;
    SourceTable map = null;
    for (boolean more = json.enter('{', '}'); more; more = json.next('}')) {
      switch (json.name()) {
        case "offset" -> {
          for (boolean in = json.enter('{', '}'); in; in = json.next('}')) {
            switch (json.name()) {
              case "line" -> line = number();
              case "column" -> column = number();
              default -> json.skip();
            }
          }
        }
        case "map" -> map = map(depth);
        default -> json.skip();
      }
    }
    if (line < 0 || column < 0) {
      throw json.malformed("a section without an offset");
    }
    if (map == null) {
      throw json.malformed("a section without a map");
    }
    if (!sections.add(line, column, map)) {
      throw json.malformed("sections that go back");
    }
  }

  private int number() throws SourceMapException {
    String word = json.word();
    try {
      int number = Integer.parseInt(word, 10);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException _) {
      // Not in the range of an offset, if it is a number at all.
    }
    throw json.malformed("no line or column: " + word.substring(0, Math.min(word.length(), 20)));
  }

  private @Nullable String stringOrNull() throws SourceMapException {
    if (json.peek() == '"') {
      String text = json.string();
      return text.substring(0, Math.min(text.length(), MAX_NAME_CHARS));
    }
    String word = json.word();
    if (!word.equals("null")) {
      throw json.malformed("expected a string");
    }
    return null;
  }

  private List<@Nullable String> strings() throws SourceMapException {
    List<@Nullable String> strings = new ArrayList<>();
    for (boolean more = json.enter('[', ']'); more; more = json.next(']')) {
      strings.add(stringOrNull());
      if (++sourceCount > MAX_SOURCES) {
        throw json.malformed("more than " + MAX_SOURCES + " sources");
      }
    }
    return strings;
  }
}
