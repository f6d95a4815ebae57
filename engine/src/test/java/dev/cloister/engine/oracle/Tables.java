package dev.cloister.engine.oracle;

import dev.cloister.engine.error.TrapReason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Operations on tables (Spec 4.6.8).
final class Tables {
  private static final long MAX_ELEMENTS = 100_000;

  private Tables() {}

  static @Nullable Object get(Guest.Table table, long index) {
    return table.elements.get(checked(table, index, 1));
  }

  static void set(Guest.Table table, long index, @Nullable Object value) {
    table.elements.set(checked(table, index, 1), value);
  }

  static long grow(Guest.Table table, @Nullable Object value, long delta) {
    long former = table.elements.size();
    long most = MAX_ELEMENTS;
    if (table.type.limits().hasMax() && Long.compareUnsigned(table.type.limits().max(), most) < 0) {
      most = table.type.limits().max();
    }
    if (Long.compareUnsigned(delta, most - former) > 0) {
      return -1;
    }
    for (long i = 0; i < delta; i++) {
      table.elements.add(value);
    }
    return former;
  }

  static void fill(Guest.Table table, long from, @Nullable Object value, long length) {
    int first = checked(table, from, length);
    for (int i = 0; i < length; i++) {
      table.elements.set(first + i, value);
    }
  }

  static void copy(Guest.Table target, long to, Guest.Table source, long from, long length) {
    int read = checked(source, from, length);
    init(
        target, to, new ArrayList<>(source.elements.subList(read, read + (int) length)), 0, length);
  }

  static void init(
      Guest.Table target, long to, List<@Nullable Object> segment, long from, long length) {
    int read = Oracle.range(from, length, segment.size(), TrapReason.TABLE_OUT_OF_BOUNDS);
    int written = checked(target, to, length);
    for (int i = 0; i < length; i++) {
      target.elements.set(written + i, segment.get(read + i));
    }
  }

  private static int checked(Guest.Table table, long from, long length) {
    return Oracle.range(from, length, table.elements.size(), TrapReason.TABLE_OUT_OF_BOUNDS);
  }
}
