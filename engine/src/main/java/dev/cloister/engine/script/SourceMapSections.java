package dev.cloister.engine.script;

import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.util.IntVector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A source map in sections (ECMA-426 *index map*), as programs write that link modules: each has a
/// map of its own, which begins at an offset of the module and ends where the next one begins.
final class SourceMapSections implements SourceTable {
  private final int[] starts;
  private final List<SourceTable> maps;

  private SourceMapSections(int[] starts, List<SourceTable> maps) {
    this.starts = starts;
    this.maps = maps;
  }

  @Override
  public @Nullable SourcePosition find(int offset) {
    int found = Arrays.binarySearch(starts, offset);
    int section = found < 0 ? -found - 2 : found;
    return section < 0 ? null : maps.get(section).find(offset - starts[section]);
  }

  /// Collects sections in ascending order. Confined to one thread.
  static final class Builder {
    private final IntVector starts = new IntVector();
    private final List<SourceTable> maps = new ArrayList<>();
    private int lastLine;
    private int lastColumn = -1;

    /// Adds a section. Those of other lines than the first are of no use.
    ///
    /// @return whether it is behind the one before
    boolean add(int line, int column, SourceTable map) {
      if (line < lastLine || (line == lastLine && column <= lastColumn)) {
        return false;
      }
      lastLine = line;
      lastColumn = column;
      if (line == 0) {
        starts.add(column);
        maps.add(map);
      }
      return true;
    }

    SourceMapSections build() {
      return new SourceMapSections(starts.toArray(), List.copyOf(maps));
    }
  }
}
