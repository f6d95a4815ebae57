package dev.cloister.sandbox.dap;

import dev.cloister.engine.debug.DebugModule;
import dev.cloister.engine.error.SourcePosition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Where the lines of a module's source files are in its code, as far as the module says so.
///
/// A line can be in several places: inlined, or moved by the compiler. A place is the first
/// position of a run of positions with one line.
final class LineIndex {
  /// The most positions of a module that are looked at.
  private static final int MAX_POSITIONS = 4_000_000;

  private final Map<String, NavigableMap<Integer, List<Integer>>> places = new HashMap<>();

  private LineIndex() {}

  /// Reads the whole module.
  static LineIndex of(DebugModule module) {
    LineIndex index = new LineIndex();
    if (module.hasSources()) {
      index.read(module);
    }
    return index;
  }

  /// Returns the files by the names that the debug information has for them.
  NavigableSet<String> files() {
    return new TreeSet<>(places.keySet());
  }

  /// Returns the lines of a file from `from` to `to` that have code.
  List<Integer> lines(String file, int from, int to) {
    @Nullable NavigableMap<Integer, List<Integer>> lines = places.get(file);
    return lines == null
        ? List.of()
        : List.copyOf(lines.subMap(from, /* fromInclusive= */ true, to, true).keySet());
  }

  /// Returns the first line at or behind `line` that has code and its module offsets, or null.
  Map.@Nullable Entry<Integer, List<Integer>> atOrBehind(String file, int line) {
    @Nullable NavigableMap<Integer, List<Integer>> lines = places.get(file);
    return lines == null ? null : lines.ceilingEntry(line);
  }

  private void read(DebugModule module) {
    long start = 0;
    int seen = 0;
    @Nullable SourcePosition before = null;
    while (seen < MAX_POSITIONS) {
      int[] positions = module.possibleBreakpoints(start, Long.MAX_VALUE);
      for (int offset : positions) {
        @Nullable SourcePosition here = module.sourceAt(offset);
        if (here != null && !isSameLine(here, before)) {
          places
              .computeIfAbsent(here.file(), _ -> new TreeMap<>())
              .computeIfAbsent(here.line(), _ -> new ArrayList<>(1))
              .add(offset);
        }
        before = here;
      }
      if (positions.length < DebugModule.MAX_POSSIBLE) {
        return;
      }
      seen += positions.length;
      start = positions[positions.length - 1] + 1L;
    }
  }

  static boolean isSameLine(SourcePosition one, @Nullable SourcePosition other) {
    return other != null && one.line() == other.line() && one.file().equals(other.file());
  }
}
