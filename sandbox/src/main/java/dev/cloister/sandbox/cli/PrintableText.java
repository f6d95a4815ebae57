package dev.cloister.sandbox.cli;

/// Text that came from a module, made safe for a terminal: names in a module may hold anything, and
/// nothing of it may steer the terminal or reorder the line.
final class PrintableText {
  private PrintableText() {}

  /// `text` with control and format characters spelled out by their code point.
  static String of(String text) {
    StringBuilder printable = new StringBuilder(text.length());
    text.codePoints()
        .forEach(point -> {
          if (Character.isISOControl(point)
              || Character.getType(point) == Character.FORMAT
              || Character.getType(point) == Character.LINE_SEPARATOR
              || Character.getType(point) == Character.PARAGRAPH_SEPARATOR) {
            printable.append("\\u{").append(Integer.toHexString(point)).append('}');
          } else {
            printable.appendCodePoint(point);
          }
        });
    return printable.toString();
  }
}
