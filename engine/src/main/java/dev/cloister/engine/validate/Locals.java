package dev.cloister.engine.validate;

import dev.cloister.engine.types.ValueType;
import dev.cloister.engine.util.IntVector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/// The locals of a function: their types, and which of those without a default value have been set
/// (Spec A.3.1, `locals_init`).
///
/// A few bytes can declare a million locals, so the types are kept as runs of equal ones; only the
/// first have an entry each.
final class Locals {

  private static final int DIRECT_COUNT = 128;

  /// The types of the first locals; those from `count` on are leftovers of other functions.
  private final ValueType[] direct = new ValueType[DIRECT_COUNT];

  private final List<ValueType> runTypes = new ArrayList<>();
  private int[] runEnds = new int[16];
  private int count;

  private boolean allDefaultable = true;
  private final BitSet initialized = new BitSet();
  private final IntVector initializedInOrder = new IntVector();

  void clear() {
    runTypes.clear();
    count = 0;
    allDefaultable = true;
    initialized.clear();
    initializedInOrder.clear();
  }

  /// Declares the parameters, which have values.
  void addParams(List<ValueType> params) {
    for (int i = 0; i < params.size(); i++) {
      ValueType type = params.get(i);
      addRun(1, type);
      if (!type.isDefaultable()) {
        initialized.set(i);
      }
    }
  }

  /// Declares `size` locals of one type; together with those before they are an int.
  void add(int size, ValueType type) {
    addRun(size, type);
    allDefaultable &= size == 0 || type.isDefaultable();
  }

  private void addRun(int size, ValueType type) {
    for (int i = count; i < Math.min(DIRECT_COUNT, count + size); i++) {
      direct[i] = type;
    }
    count += size;
    int last = runTypes.size() - 1;
    if (last >= 0 && runTypes.get(last).equals(type)) {
      runEnds[last] = count;
      return;
    }
    if (runTypes.size() == runEnds.length) {
      runEnds = Arrays.copyOf(runEnds, runEnds.length * 2);
    }
    runEnds[runTypes.size()] = count;
    runTypes.add(type);
  }

  int count() {
    return count;
  }

  /// Returns the type of local `index`, in `[0, count)`.
  ValueType type(int index) {
    if (index < DIRECT_COUNT) {
      return direct[index];
    }
    // The first run that ends after the index; a run without locals ends where the one before does.
    int low = 0;
    int high = runTypes.size() - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (runEnds[middle] > index) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return runTypes.get(low);
  }

  /// Returns whether local `index` has a value.
  boolean isInitialized(int index) {
    return allDefaultable || type(index).isDefaultable() || initialized.get(index);
  }

  /// Notes that local `index` has a value.
  void setInitialized(int index) {
    if (!isInitialized(index)) {
      initialized.set(index);
      initializedInOrder.add(index);
    }
  }

  /// Returns the number of locals that have been noted.
  int initializedCount() {
    return initializedInOrder.size();
  }

  /// Forgets all but the first `size` locals that have been noted.
  void forgetInitializedAfter(int size) {
    for (int i = size; i < initializedInOrder.size(); i++) {
      initialized.clear(initializedInOrder.get(i));
    }
    initializedInOrder.truncate(size);
  }
}
