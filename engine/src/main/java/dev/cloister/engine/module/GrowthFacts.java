package dev.cloister.engine.module;

import dev.cloister.engine.util.IntVector;
import java.util.Arrays;
import java.util.BitSet;

/// Finds the functions during whose calls a memory may grow.
///
/// These are the ones that execute `memory.grow`, those that call what is not known (imports, table
/// elements, references), and whatever calls one of them directly. Filled while bodies are
/// validated. Guarded by the builder.
final class GrowthFacts {
  private final BitSet mayGrow = new BitSet();

  /// Two ints, caller and callee, for each direct call of other functions; each pair only once.
  private final IntVector calls = new IntVector();

  /// For each function, one more than the caller that was the last to call it.
  private int[] lastCaller = new int[0];

  /// Notes that a memory may grow while function `index` runs, whatever it calls.
  void noteGrowth(int index) {
    mayGrow.set(index);
  }

  /// Notes that own function `caller` calls function `callee` directly. All calls of a caller are
  /// noted before those of the next one.
  void noteCall(int caller, int callee) {
    if (callee >= lastCaller.length) {
      lastCaller = Arrays.copyOf(lastCaller, Math.max(callee + 1, 2 * lastCaller.length));
    }
    if (lastCaller[callee] != caller + 1) {
      lastCaller[callee] = caller + 1;
      calls.add(caller);
      calls.add(callee);
    }
  }

  /// {@return the functions, those of `functionCount`, during whose calls a memory may grow}
  BitSet find(int functionCount) {
    if (mayGrow.isEmpty()) {
      return mayGrow;
    }
    // The callers of function f are callers[first[f]] up to callers[first[f + 1] - 1].
    int[] first = new int[functionCount + 2];
    for (int i = 1; i < calls.size(); i += 2) {
      first[calls.get(i) + 2]++;
    }
    for (int f = 2; f < first.length; f++) {
      first[f] += first[f - 1];
    }
    int[] callers = new int[calls.size() / 2];
    for (int i = 0; i < calls.size(); i += 2) {
      callers[first[calls.get(i + 1) + 1]++] = calls.get(i);
    }
    BitSet found = (BitSet) mayGrow.clone();
    IntVector pending = new IntVector();
    mayGrow.stream().forEach(pending::add);
    for (int next = 0; next < pending.size(); next++) {
      int callee = pending.get(next);
      for (int i = first[callee]; i < first[callee + 1]; i++) {
        if (!found.get(callers[i])) {
          found.set(callers[i]);
          pending.add(callers[i]);
        }
      }
    }
    return found;
  }
}
