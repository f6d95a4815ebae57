package dev.cloister.sandbox.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/// Rows of text in columns as wide as they need.
final class TextTable {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  /// Creates a table with a first row of names.
  TextTable(List<String> names) {
    rows.add(names);
  }

  /// Adds a row with a cell for each name.
  void add(List<String> row) {
    rows.add(row);
  }

  /// Writes the table.
  void print(PrintStream out) {
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int column = 0; column < columns; column++) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < columns; column++) {
        line.append(row.get(column));
        line.repeat(' ', widths[column] - row.get(column).length()).append(GAP);
      }
      out.println(line.toString().stripTrailing());
    }
  }
}
