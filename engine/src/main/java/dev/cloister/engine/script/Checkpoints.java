package dev.cloister.engine.script;

import dev.cloister.engine.util.IntVector;
import java.util.Arrays;

/// Places in a table that is written as a list of differences, from which it can be read on.
///
/// Keeping every row of such a table takes many times the room of what it is written in. Kept is
/// one row in some thousand bytes; what lies between is read again when it is asked for.
final class Checkpoints {
  /// How many bytes of a table are read again at most to find a row, if it is well formed.
  static final int INTERVAL_BYTES = 4_096;

  private final int[] keys;
  private final int[] rows;
  private final int width;

  private Checkpoints(int[] keys, int[] rows, int width) {
    this.keys = keys;
    this.rows = rows;
    this.width = width;
  }

  /// {@return the last checkpoint whose key is at most `key`, or -1}
  int floor(int key) {
    int found = Arrays.binarySearch(keys, key);
    if (found < 0) {
      return -found - 2;
    }
    while (found + 1 < keys.length && keys[found + 1] == key) {
      found++;
    }
    return found;
  }

  int key(int checkpoint) {
    return keys[checkpoint];
  }

  /// {@return a value of a checkpoint}
  int value(int checkpoint, int column) {
    return rows[checkpoint * width + column];
  }

  int size() {
    return keys.length;
  }

  /// Collects checkpoints in any order. Confined to one thread.
  static final class Builder {
    private final IntVector keys = new IntVector();
    private final IntVector rows = new IntVector();
    private final int width;

    /// @param width the number of values of each
    Builder(int width) {
      this.width = width;
    }

    int size() {
      return keys.size();
    }

    void add(int key, int... values) {
      if (values.length != width) {
        throw new IllegalArgumentException(values.length + " values instead of " + width);
      }
      keys.add(key);
      for (int value : values) {
        rows.add(value);
      }
    }

    /// {@return the checkpoints, by key; those with the same key in the order of their arrival}
    Checkpoints build() {
      int count = keys.size();
      long[] order = new long[count];
      for (int i = 0; i < count; i++) {
        order[i] = (long) keys.get(i) << 32 | i;
      }
      Arrays.sort(order);
      int[] sortedKeys = new int[count];
      int[] sortedRows = new int[count * width];
      for (int i = 0; i < count; i++) {
        int from = (int) order[i];
        sortedKeys[i] = keys.get(from);
        for (int j = 0; j < width; j++) {
          sortedRows[i * width + j] = rows.get(from * width + j);
        }
      }
      return new Checkpoints(sortedKeys, sortedRows, width);
    }
  }
}
