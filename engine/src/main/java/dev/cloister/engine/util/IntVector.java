package dev.cloister.engine.util;

import java.util.Arrays;
import java.util.Objects;

/// A growable list of ints, without boxing. Confined to one thread.
public final class IntVector {

  private static final int INITIAL_CAPACITY = 16;

  private int[] values = new int[INITIAL_CAPACITY];
  private int size;

  /// Returns the number of values.
  public int size() {
    return size;
  }

  /// Returns the value at `index`.
  public int get(int index) {
    return values[Objects.checkIndex(index, size)];
  }

  /// Appends `value`.
  public void add(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  /// Shortens the list to `size` values.
  public void truncate(int size) {
    this.size = Objects.checkIndex(size, this.size + 1);
  }

  /// Removes all values.
  public void clear() {
    size = 0;
  }

  /// Returns a copy of the values.
  public int[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
