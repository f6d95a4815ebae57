package dev.cloister.engine.oracle;

import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Makes a program that fails smaller: leaves out statements, puts zeros and operands in the place
/// of what computes a value, as long as it still fails.
final class Shrinker {
  private final Predicate<Program> fails;
  private final long end;
  private Program smallest;

  private Shrinker(Program program, Predicate<Program> fails, long end) {
    this.smallest = program;
    this.fails = fails;
    this.end = end;
  }

  /// Returns a program that fails as well, after `seconds` at most.
  ///
  /// @param fails false also for programs that cannot be run
  static Program shrink(Program program, long seconds, Predicate<Program> fails) {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    Shrinker shrinker = new Shrinker(program, fails, end);
    int size;
    do {
      size = shrinker.smallest.size();
      shrinker.pass();
    } while (shrinker.smallest.size() < size && System.nanoTime() < end);
    return shrinker.smallest;
  }

  private void pass() {
    for (int f = smallest.functions().size() - 1; f >= 0; f--) {
      Program.Function function = smallest.functions().get(f);
      adopt(smallest.withFunction(f, function.withBody(List.of(zeros(function.type().results())))));
      for (int n = 0; n < smallest.functions().get(f).size(); n++) {
        // Once more at the same place, as long as there is something to take away.
        while (System.nanoTime() < end && shrinkAt(f, n)) {}
      }
    }
  }

  private static Tree zeros(List<ValueType> types) {
    return Tree.op(types, List.of(), to -> types.forEach(type -> Program.zero(type, to.code())));
  }

  private boolean shrinkAt(int f, int n) {
    Program.Function function = smallest.functions().get(f);
    Tree tree = find(function.body(), n);
    if (tree == null) {
      return false;
    }
    List<List<Tree>> replacements = new ArrayList<>();
    if (tree.results().isEmpty()) {
      replacements.add(List.of());
    } else if (tree.size() > 1) {
      replacements.add(List.of(zeros(tree.results())));
    }
    for (int i = 0; i < tree.parts().size(); i++) {
      List<Tree> part = tree.parts().get(i);
      for (Tree child : part) {
        if (child.results().equals(tree.results())) {
          replacements.add(List.of(child));
        }
      }
      if (tree.label() != null && i > 0) {
        replacements.add(part);
      }
    }
    for (List<Tree> replacement : replacements) {
      List<Tree> body = replace(function.body(), n, replacement);
      if (adopt(smallest.withFunction(f, function.withBody(body)))) {
        return true;
      }
    }
    return false;
  }

  private boolean adopt(Program candidate) {
    if (candidate.size() < smallest.size() && fails.test(candidate)) {
      smallest = candidate;
      return true;
    }
    return false;
  }

  /// Finds node `n` in the order of preorder.
  private static @Nullable Tree find(List<Tree> trees, int n) {
    int left = n;
    for (Tree tree : trees) {
      int size = tree.size();
      if (left == 0) {
        return tree;
      }
      if (left < size) {
        return find(tree.parts().stream().flatMap(List::stream).toList(), left - 1);
      }
      left -= size;
    }
    return null;
  }

  private static List<Tree> replace(List<Tree> trees, int n, List<Tree> replacement) {
    List<Tree> replaced = new ArrayList<>();
    int left = n;
    for (Tree tree : trees) {
      int size = tree.size();
      if (left == 0) {
        replaced.addAll(replacement);
      } else if (left > 0 && left < size) {
        replaced.add(replaceInside(tree, left - 1, replacement));
      } else {
        replaced.add(tree);
      }
      left -= size;
    }
    return replaced;
  }

  private static Tree replaceInside(Tree tree, int n, List<Tree> replacement) {
    int left = n;
    for (int i = 0; i < tree.parts().size(); i++) {
      List<Tree> part = tree.parts().get(i);
      int size = part.stream().mapToInt(Tree::size).sum();
      if (left < size) {
        return tree.withPart(i, replace(part, left, replacement));
      }
      left -= size;
    }
    throw new IllegalStateException("no such node");
  }
}
