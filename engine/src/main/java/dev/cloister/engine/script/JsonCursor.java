package dev.cloister.engine.script;

/// A cursor over a text in JSON (RFC 8259), for the few things that are read in it.
///
/// It goes forward only, and takes no more stack than its bound on nesting allows. Confined to one
/// thread.
final class JsonCursor {
  /// The deepest nesting that is passed over.
  static final int MAX_DEPTH = 64;

  private final String text;
  private int position;

  JsonCursor(String text) {
    this.text = text;
  }

  int position() {
    return position;
  }

  SourceMapException malformed(String message) {
    return new SourceMapException(message, position);
  }

  private void skipSpace() {
    while (position < text.length() && " \t\r\n".indexOf(text.charAt(position)) >= 0) {
      position++;
    }
  }

  /// {@return the next character that is no space, or 0 at the end} It is not taken.
  char peek() {
    skipSpace();
    return position < text.length() ? text.charAt(position) : 0;
  }

  /// Takes the next character if it is `expected`.
  boolean takes(char expected) {
    if (peek() == expected) {
      position++;
      return true;
    }
    return false;
  }

  /// Takes the next character, which must be `expected`.
  void expect(char expected) throws SourceMapException {
    if (!takes(expected)) {
      throw malformed("expected '" + expected + "'");
    }
  }

  /// Starts an object or an array.
  ///
  /// @return whether it has anything in it; if not it is over
  boolean enter(char open, char close) throws SourceMapException {
    expect(open);
    return !takes(close);
  }

  /// Goes to the next member of an object, or of an array.
  ///
  /// @return whether there is one; if not it is over
  boolean next(char close) throws SourceMapException {
    if (takes(',')) {
      return true;
    }
    expect(close);
    return false;
  }

  /// Takes the name of a member and the colon behind it.
  String name() throws SourceMapException {
    String name = string();
    expect(':');
    return name;
  }

  /// Takes a string.
  String string() throws SourceMapException {
    expect('"');
    int start = position;
    while (position < text.length()) {
      char next = text.charAt(position);
      if (next == '"') {
        return text.substring(start, position++);
      }
      if (next == '\\') {
        return escaped(start);
      }
      position++;
    }
    throw malformed("a string without an end");
  }

  private String escaped(int start) throws SourceMapException {
    StringBuilder out = new StringBuilder(text.substring(start, position));
    while (position < text.length()) {
      char next = text.charAt(position++);
      if (next == '"') {
        return out.toString();
      }
      out.append(next == '\\' ? escape() : next);
    }
    throw malformed("a string without an end");
  }

  private char escape() throws SourceMapException {
    char kind = position < text.length() ? text.charAt(position++) : 0;
    return switch (kind) {
      case '"', '\\', '/' -> kind;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicode();
      default -> throw malformed("an unknown escape");
    };
  }

  private char unicode() throws SourceMapException {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int digit = position < text.length() ? Character.digit(text.charAt(position++), 16) : -1;
      if (digit < 0) {
        throw malformed("an unknown escape");
      }
      value = value << 4 | digit;
    }
    return (char) value;
  }

  /// Passes over a value.
  void skip() throws SourceMapException {
    skip(0);
  }

  private void skip(int depth) throws SourceMapException {
    if (depth == MAX_DEPTH) {
      throw malformed("nested deeper than " + MAX_DEPTH);
    }
    switch (peek()) {
      case '{' -> {
        for (boolean more = enter('{', '}'); more; more = next('}')) {
          name();
          skip(depth + 1);
        }
      }
      case '[' -> {
        for (boolean more = enter('[', ']'); more; more = next(']')) {
          skip(depth + 1);
        }
      }
      case '"' -> string();
      default -> word();
    }
  }

  /// Takes a number, or one of the words for truth values and null.
  String word() throws SourceMapException {
    peek();
    int start = position;
    while (position < text.length() && isOfWord(text.charAt(position))) {
      position++;
    }
    if (position == start) {
      throw malformed("expected a value");
    }
    return text.substring(start, position);
  }

  private static boolean isOfWord(char c) {
    return (c >= '0' && c <= '9')
        || (c >= 'a' && c <= 'z')
        || c == '-'
        || c == '+'
        || c == '.'
        || c == 'E';
  }
}
