package dev.cloister.sandbox.problem;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/// Finds the name a user probably meant.
public final class NearestName {
  private static final int MAX_EDITS = 3;

  private NearestName() {}

  /// Returns the name closest to `text` if at most three edits lie between them, else null.
  public static @Nullable String of(String text, Collection<String> names) {
    @Nullable String nearest = null;
    int fewest = MAX_EDITS + 1;
    for (String name : names) {
      int edits = edits(text, name);
      if (edits < fewest) {
        fewest = edits;
        nearest = name;
      }
    }
    return nearest;
  }

  /// The Levenshtein distance, row by row.
  private static int edits(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int column = 0; column <= to.length(); column++) {
      row[column] = column;
    }
    for (int line = 1; line <= from.length(); line++) {
      int diagonal = row[0];
      row[0] = line;
      for (int column = 1; column <= to.length(); column++) {
        int replaced = diagonal + (from.charAt(line - 1) == to.charAt(column - 1) ? 0 : 1);
        diagonal = row[column];
        row[column] = Math.min(replaced, Math.min(row[column], row[column - 1]) + 1);
      }
    }
    return row[to.length()];
  }
}
