package dev.cloister.engine.module;

import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/// Constant expressions that follow each other without a gap, held as their ends.
public final class ConstExprList extends AbstractList<ConstExpr> implements RandomAccess {

  private final int start;
  private final int[] ends;

  /// Creates the list; the first expression starts at `start`, expression `i` ends at `ends[i]`.
  /// The array is not copied.
  public ConstExprList(int start, int[] ends) {
    this.start = start;
    this.ends = ends;
  }

  @Override
  public ConstExpr get(int index) {
    Objects.checkIndex(index, ends.length);
    return new ConstExpr(index == 0 ? start : ends[index - 1], ends[index]);
  }

  @Override
  public int size() {
    return ends.length;
  }
}
