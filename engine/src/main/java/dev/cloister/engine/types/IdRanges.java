package dev.cloister.engine.types;

import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/// Numbers from 0 on that are handed out in runs and come back in the same runs.
///
/// What came back is joined with free neighbours and handed out again before new numbers are, from
/// the shortest run that is long enough. So the highest number grows with what is in use at once,
/// not with what ever was. Not safe for several threads.
final class IdRanges {
  /// The free runs by their first number.
  private final TreeMap<Integer, Integer> sizes = new TreeMap<>();

  /// The free runs as `size << 32 | first`.
  private final TreeSet<Long> bySize = new TreeSet<>();

  private int next;

  /// {@return the first of `count` numbers in a row that are not in use}
  ///
  /// @throws IllegalStateException if there are no more
  int take(int count) {
    Long found = bySize.ceiling((long) count << 32);
    if (found != null) {
      int first = found.intValue();
      int size = removeFree(first);
      if (size > count) {
        addFree(first + count, size - count);
      }
      return first;
    }
    if (next > Integer.MAX_VALUE - count) {
      throw new IllegalStateException("type ids are used up");
    }
    int first = next;
    next += count;
    return first;
  }

  /// Takes numbers back.
  void giveBack(int first, int count) {
    if (count == 0) {
      return;
    }
    int from = first;
    int size = count;
    Map.Entry<Integer, Integer> below = sizes.lowerEntry(first);
    if (below != null && below.getKey() + below.getValue() == first) {
      from = below.getKey();
      size += removeFree(from);
    }
    if (sizes.containsKey(first + count)) {
      size += removeFree(first + count);
    }
    if (from + size == next) {
      next = from;
    } else {
      addFree(from, size);
    }
  }

  /// {@return one more than the highest number in use}
  int end() {
    return next;
  }

  private void addFree(int first, int size) {
    sizes.put(first, size);
    bySize.add((long) size << 32 | first);
  }

  private int removeFree(int first) {
    Integer size = sizes.remove(first);
    if (size == null) {
      throw new IllegalStateException("no free run begins at " + first);
    }
    bySize.remove((long) size << 32 | first);
    return size;
  }
}
