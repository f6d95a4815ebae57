package dev.cloister.engine.script;

import dev.cloister.engine.error.SourcePosition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A source map (ECMA-426) of a module: its generated text is one line, whose columns are offsets
/// in the module.
///
/// The mappings are kept as they are written and read again from a checkpoint on.
final class SourceMap implements SourceTable {
  // The values of a checkpoint.
  private static final int POSITION = 0;
  private static final int SOURCE = 1;
  private static final int LINE = 2;
  private static final int COLUMN = 3;
  private static final int IS_MAPPED = 4;
  private static final int WIDTH = 5;

  private final String root;
  private final List<@Nullable String> sources;
  private final String mappings;
  private final Checkpoints checkpoints;

  private SourceMap(
      String root, List<@Nullable String> sources, String mappings, Checkpoints checkpoints) {
    this.root = root.isEmpty() || root.endsWith("/") ? root : root + "/";
    this.sources = sources;
    this.mappings = mappings;
    this.checkpoints = checkpoints;
  }

  /// {@return a source map}
  ///
  /// @param root what comes before the names of sources
  /// @throws SourceMapException if the mappings are malformed
  static SourceMap of(String root, List<@Nullable String> sources, String mappings)
      throws SourceMapException {
    return new SourceMap(root, sources, mappings, index(mappings, sources.size()));
  }

  private static Checkpoints index(String mappings, int sourceCount) throws SourceMapException {
    Checkpoints.Builder checkpoints = new Checkpoints.Builder(WIDTH);
    Cursor cursor = new Cursor(mappings, 0);
    int last = -Checkpoints.INTERVAL_BYTES;
    int previous = 0;
    int start = 0;
    while (cursor.next()) {
      if (cursor.offset < previous) {
        throw cursor.malformed("mappings that go back");
      }
      if (cursor.position - start > Checkpoints.INTERVAL_BYTES) {
        throw cursor.malformed("many empty mappings");
      }
      previous = cursor.offset;
      start = cursor.position;
      if (cursor.isMapped && (cursor.source < 0 || cursor.source >= sourceCount)) {
        throw cursor.malformed("a mapping to an unknown source");
      }
      if (cursor.position - last >= Checkpoints.INTERVAL_BYTES) {
        last = cursor.position;
        checkpoints.add(
            cursor.offset,
            cursor.position,
            cursor.source,
            cursor.line,
            cursor.column,
            cursor.isMapped ? 1 : 0);
      }
    }
    return checkpoints.build();
  }

  @Override
  public @Nullable SourcePosition find(int offset) {
    int checkpoint = checkpoints.floor(offset);
    if (checkpoint < 0) {
      return null;
    }
    int start = checkpoints.value(checkpoint, POSITION);
    Cursor cursor = new Cursor(mappings, start);
    cursor.offset = checkpoints.key(checkpoint);
    cursor.source = checkpoints.value(checkpoint, SOURCE);
    cursor.line = checkpoints.value(checkpoint, LINE);
    cursor.column = checkpoints.value(checkpoint, COLUMN);
    cursor.isMapped = checkpoints.value(checkpoint, IS_MAPPED) != 0;
    SourcePosition found;
    try {
      do {
        found = position(cursor);
      } while (cursor.next() && cursor.offset <= offset);
    } catch (SourceMapException e) {
      throw new IllegalStateException("the source map was read before", e);
    }
    return found;
  }

  private @Nullable SourcePosition position(Cursor cursor) {
    if (!cursor.isMapped) {
      return null;
    }
    String source = sources.get(cursor.source);
    return source == null || cursor.line < 0
        ? null
        : new SourcePosition(root + source, cursor.line + 1, Math.max(0, cursor.column + 1));
  }

  /// Reads mappings: lists of numbers, differences to the list before, in digits of base 64.
  private static final class Cursor {
    private static final String DIGITS =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    private static final int CONTINUES = 32;

    private final String mappings;
    private final int end;
    int position;
    int offset;
    int source;
    int line;
    int column;
    boolean isMapped;

    Cursor(String mappings, int position) {
      this.mappings = mappings;
      this.position = position;
      this.end = mappings.length();
    }

    SourceMapException malformed(String message) {
      return new SourceMapException(message, position);
    }

    /// Reads the next mapping of the line.
    ///
    /// @return whether there is one
    boolean next() throws SourceMapException {
      while (position < end && mappings.charAt(position) == ',') {
        position++;
      }
      if (!isInMapping()) {
        return false;
      }
      offset += number();
      isMapped = isInMapping();
      if (isMapped) {
        source += number();
        line += number();
        column += number();
        if (isInMapping()) {
          number(); // The name of what is there.
        }
        if (isInMapping()) {
          throw malformed("a mapping of more than five numbers");
        }
      }
      return true;
    }

    private boolean isInMapping() {
      return position < end && mappings.charAt(position) != ',' && mappings.charAt(position) != ';';
    }

    private int number() throws SourceMapException {
      int value = 0;
      int shift = 0;
      while (true) {
        int digit = position < end ? DIGITS.indexOf(mappings.charAt(position)) : -1;
        if (digit < 0 || shift > 30) {
          throw malformed("a mapping that is no number");
        }
        position++;
        value |= (digit & (CONTINUES - 1)) << shift;
        if (digit < CONTINUES) {
          return (value & 1) == 0 ? value >>> 1 : -(value >>> 1);
        }
        shift += 5;
      }
    }
  }
}
