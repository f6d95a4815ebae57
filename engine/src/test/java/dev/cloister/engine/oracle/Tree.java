package dev.cloister.engine.oracle;

import dev.cloister.engine.fixture.CodeBuilder;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/// An instruction with what computes its operands, or a block with what is in it: what random
/// programs are made of, and made smaller by. It says nothing about what it does: the module that
/// it is written to does.
///
/// @param results the types that it leaves on the operand stack
/// @param parts the operands; for a block also its body, and what follows `else` or each `catch`
/// @param begin writes the instruction, or what opens the block
/// @param label for a block, what branches inside name it by
/// @param separators for a block, what writes the instruction before each part after its body
/// @param end for a block, what writes its last instruction, after which it is not open any more
record Tree(
    List<ValueType> results,
    List<List<Tree>> parts,
    Consumer<Writer> begin,
    @Nullable Label label,
    List<Consumer<Writer>> separators,
    Consumer<Writer> end) {

  /// An instruction, or a block with `else` if there is a part for it.
  Tree(
      List<ValueType> results,
      List<List<Tree>> parts,
      Consumer<Writer> begin,
      @Nullable Label label) {
    this(results, parts, begin, label, List.of(to -> to.code().otherwise()), to -> to.code().end());
  }

  /// What branches name.
  static final class Label {}

  /// A tree that cannot be written: a branch without its block. It comes from cutting.
  static final class BrokenTree extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BrokenTree() {
      super("no such block is open", null, false, false);
    }
  }

  /// Writes trees as instructions.
  ///
  /// @param code where to
  /// @param types the indices of types
  /// @param open the open blocks, that of the function first
  record Writer(CodeBuilder code, ToIntFunction<DefinedType> types, List<Label> open) {
    int depth(Label label) {
      int index = open.lastIndexOf(label);
      if (index < 0) {
        throw new BrokenTree();
      }
      return open.size() - 1 - index;
    }

    int type(DefinedType type) {
      return types.applyAsInt(type);
    }
  }

  static Tree op(List<ValueType> results, List<Tree> operands, Consumer<Writer> begin) {
    return new Tree(results, List.of(operands), begin, null);
  }

  static Tree block(
      List<ValueType> results,
      Label label,
      List<Tree> operands,
      Consumer<Writer> begin,
      List<Tree> body) {
    return new Tree(results, List.of(operands, body), begin, label);
  }

  void write(Writer to) {
    parts.getFirst().forEach(operand -> operand.write(to));
    begin.accept(to);
    if (label == null) {
      return;
    }
    to.open.add(label);
    parts.get(1).forEach(child -> child.write(to));
    for (int i = 2; i < parts.size(); i++) {
      separators.get(i - 2).accept(to);
      parts.get(i).forEach(child -> child.write(to));
    }
    to.open.removeLast();
    end.accept(to);
  }

  /// The number of instructions and blocks.
  int size() {
    int size = 1;
    for (List<Tree> part : parts) {
      for (Tree child : part) {
        size += child.size();
      }
    }
    return size;
  }

  Tree withPart(int part, List<Tree> changed) {
    List<List<Tree>> copy = new ArrayList<>(parts);
    copy.set(part, changed);
    return new Tree(results, copy, begin, label, separators, end);
  }
}
