package dev.cloister.engine.feature;

import java.util.Locale;

/// An implementation limit of modules, with its default: that of the JavaScript API's appendix,
/// which other engines share.
public enum WasmLimit {
  /// Bytes of the module.
  MODULE_SIZE("module size in bytes", 1 << 30),
  /// Types.
  TYPES("number of types", 1_000_000),
  /// Types in one recursion group.
  REC_GROUP_SIZE("number of types in a recursion group", 1_000_000),
  /// Types above a type.
  SUBTYPING_DEPTH("subtyping depth", 63),
  /// Fields of a structure.
  STRUCT_FIELDS("number of struct fields", 10_000),
  /// Parameters of a function.
  PARAMS("number of parameters", 1_000),
  /// Results of a function.
  RESULTS("number of results", 1_000),
  /// Functions, without imported ones.
  FUNCTIONS("number of functions", 1_000_000),
  /// Custom sections.
  CUSTOM_SECTIONS("number of custom sections", 100_000),
  /// Imports.
  IMPORTS("number of imports", 100_000),
  /// Exports.
  EXPORTS("number of exports", 100_000),
  /// Bytes of a name.
  NAME_SIZE("name size in bytes", 100_000),
  /// Globals, with imported ones.
  GLOBALS("number of globals", 1_000_000),
  /// Tags, with imported ones.
  TAGS("number of tags", 1_000_000),
  /// Tables, with imported ones.
  TABLES("number of tables", 100_000),
  /// Memories, with imported ones.
  MEMORIES("number of memories", 100_000),
  /// Element segments.
  ELEMENT_SEGMENTS("number of element segments", 100_000),
  /// Elements of a segment.
  ELEMENTS("number of elements in a segment", 10_000_000),
  /// Data segments.
  DATA_SEGMENTS("number of data segments", 100_000),
  /// Bytes of a function body.
  FUNCTION_SIZE("function body size in bytes", 7_654_321),
  /// Locals of a function, with its parameters.
  LOCALS("number of locals", 50_000),
  /// Blocks around an instruction.
  NESTING("block nesting depth", 100_000),
  /// Operands on the stack at once.
  OPERANDS("operand stack height", 1_000_000),
  /// Labels of a `br_table`.
  BR_TABLE_SIZE("number of br_table labels", 65_520),
  /// Clauses of a `try_table`.
  TRY_TABLE_SIZE("number of try_table clauses", 65_520),
  /// Operands of an `array.new_fixed`.
  ARRAY_NEW_FIXED("number of array.new_fixed operands", 10_000);

  private final String text;
  private final long standard;

  WasmLimit(String text, long standard) {
    this.text = text;
    this.standard = standard;
  }

  /// Returns the name in configuration files, which ends with `Bytes` if that is what is counted.
  public String key() {
    String[] words = name().toLowerCase(Locale.ROOT).split("_", -1);
    StringBuilder key = new StringBuilder(words[0]);
    for (int i = 1; i < words.length; i++) {
      boolean isUnit = isBytes() && words[i].equals("size");
      String word = isUnit ? "bytes" : words[i];
      key.append(Character.toUpperCase(word.charAt(0))).append(word, 1, word.length());
    }
    return key.toString();
  }

  /// Returns whether bytes are counted.
  public boolean isBytes() {
    return text.endsWith("in bytes");
  }

  /// Returns what is limited, as messages say it.
  public String text() {
    return text;
  }

  /// Returns the limit unless a lower one is configured.
  public long standard() {
    return standard;
  }
}
