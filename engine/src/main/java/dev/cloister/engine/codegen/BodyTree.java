package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.FunctionFacts;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A function body as a tree of blocks with estimated sizes of their bytecode.
///
/// Neighbouring instructions are one leaf up to some size, and so are small blocks, so the tree has
/// some ten thousand items for the largest bodies. Nothing here recurses over the nesting of the
/// body, which may be very deep.
final class BodyTree {
  /// Neighbours are put together up to this size: regions may begin and end only between leaves.
  private static final int LEAF_BYTES = 192;

  /// How far up the branches that leave blocks are counted.
  private static final int COUNTED_LEVELS = 32;

  /// A leaf or a node.
  sealed interface Item {
    int start();

    int end();

    int bytes();

    int escapes();
  }

  /// Instructions without structure, the call of a region, or `else`, which separates two bodies.
  ///
  /// @param escapes the number of branches to blocks around it
  /// @param region the region that is called, or null
  record Leaf(
      int start,
      int end,
      int bytes,
      int escapes,
      boolean isSeparator,
      SplitPlan.@Nullable Region region)
      implements Item {}

  /// One instruction with a body.
  static final class Node implements Item {
    final @Nullable Node parent;
    final int start;
    final int loopDepth;

    /// The bytes of the instruction itself and of its end.
    int ownBytes;

    final List<Item> items = new ArrayList<>();
    int end;
    int bytes;
    int escapes;

    /// Whether it became part of a region.
    boolean isTaken;

    /// Whether regions are looked for inside.
    boolean isSearched;

    /// Whether it lies between the dispatch of an interpreter and the loop around that.
    boolean isAroundDispatch;

    /// Whether the dispatch of an interpreter is in it, and in no node of it.
    boolean isDispatch;

    /// The number of values that a branch to it carries, and of those that it leaves; a vector is
    /// two.
    private int labelArity;

    private int resultCount;

    Node(@Nullable Node parent, int start, int loopDepth) {
      this.parent = parent;
      this.start = start;
      this.loopDepth = loopDepth;
    }

    private boolean isLoop() {
      return parent != null && loopDepth > parent.loopDepth;
    }

    @Override
    public int start() {
      return start;
    }

    @Override
    public int end() {
      return end;
    }

    @Override
    public int bytes() {
      return bytes;
    }

    @Override
    public int escapes() {
      return escapes;
    }

    private void addLeaf(int from, int to, int leafBytes, int leafEscapes) {
      if (!items.isEmpty()
          && items.getLast() instanceof Leaf last
          && !last.isSeparator()
          && last.bytes() + leafBytes <= LEAF_BYTES) {
        items.set(
            items.size() - 1,
            new Leaf(
                last.start(),
                to,
                last.bytes() + leafBytes,
                last.escapes() + leafEscapes,
                /* isSeparator= */ false,
                /* region= */ null));
      } else {
        items.add(
            new Leaf(
                from, to, leafBytes, leafEscapes, /* isSeparator= */ false, /* region= */ null));
      }
    }
  }

  private final WasmModule module;

  /// All nodes but those in leaves, parents before their children.
  private final List<Node> nodes = new ArrayList<>();

  private BodyTree(WasmModule module) {
    this.module = module;
  }

  Node root() {
    return nodes.getFirst();
  }

  /// {@return all nodes that were not taken, parents before their children}
  List<Node> nodes() {
    return nodes;
  }

  /// {@return the module offsets between which a region may lie}
  int[] places() {
    IntStream.Builder places = IntStream.builder();
    for (Node node : nodes) {
      for (Item item : node.items) {
        places.add(item.start());
        places.add(item.end());
      }
    }
    return places.build().toArray();
  }

  /// Drops the nodes that were taken and computes all sizes anew.
  void update() {
    nodes.removeIf(node -> node.isTaken);
    for (Node node : nodes) {
      node.bytes = node.ownBytes;
      for (Item item : node.items) {
        if (item instanceof Leaf leaf) {
          node.bytes += leaf.bytes();
        }
      }
    }
    for (int i = nodes.size() - 1; i > 0; i--) {
      Node node = nodes.get(i);
      if (node.parent != null) {
        node.parent.bytes += node.bytes;
      }
    }
  }

  /// What an item reads and writes.
  static final class Effects {
    final BitSet used = new BitSet();
    final BitSet written = new BitSet();
    boolean accessesMemory;
    boolean throwsExceptions;
  }

  /// Adds the effects of an item; the locals in `framed` are not counted.
  void addEffects(Item item, BitSet framed, Effects effects) {
    switch (item) {
      case Node node -> {
        for (Item inner : node.items) {
          addEffects(inner, framed, effects);
        }
      }
      case Leaf leaf -> {
        if (leaf.region() != null) {
          effects.used.or(leaf.region().passed());
          effects.used.or(leaf.region().returned());
          effects.written.or(leaf.region().returned());
          effects.throwsExceptions |= leaf.region().throwsExceptions();
        } else {
          addInstructions(leaf, framed, effects);
        }
      }
    }
  }

  private void addInstructions(Leaf leaf, BitSet framed, Effects effects) {
    InstructionReader reader = module.instructions(leaf.start(), leaf.end());
    while (!reader.atEnd()) {
      Opcode opcode = reader.next();
      if (opcode.immediates() == ImmediateKind.LOCAL && !framed.get(reader.index())) {
        effects.used.set(reader.index());
        if (opcode != Opcode.LOCAL_GET) {
          effects.written.set(reader.index());
        }
      }
      int facts = FunctionFacts.of(opcode, reader, module);
      effects.accessesMemory |= (facts & FunctionFacts.ACCESSES_MEMORY) != 0;
      effects.throwsExceptions |= (facts & FunctionFacts.CALLS) != 0 || isThrow(opcode);
    }
  }

  /// Reads the body of a function.
  ///
  /// @param framed the locals that are not in local variables
  static BodyTree of(CodeKind kind, ModulePlan plan, int functionIndex, BitSet framed) {
    BodyTree tree = new BodyTree(plan.module());
    InstructionReader reader = Sites.instructions(plan.module(), functionIndex);
    List<Node> open = new ArrayList<>();
    Node root = new Node(/* parent= */ null, reader.position(), 0);
    root.resultCount = JvmKind.resultSlots(plan.shapeOfFunction(functionIndex).results());
    root.labelArity = root.resultCount;
    root.ownBytes = BytecodeSizes.prolog(plan, functionIndex);
    open.add(root);
    tree.nodes.add(root);
    BytecodeSizes sizes =
        new BytecodeSizes(
            kind,
            plan,
            functionIndex,
            framed,
            depth -> open.get(open.size() - 1 - depth).labelArity);
    while (!reader.atEnd()) {
      int start = reader.position();
      Opcode opcode = reader.next();
      Node current = open.getLast();
      int bytes = sizes.estimate(opcode, reader);
      if (opcode == Opcode.RETURN) {
        bytes += BytecodeSizes.values(root.resultCount);
      }
      switch (opcode) {
        case BLOCK, LOOP, IF, TRY, TRY_TABLE -> {
          Node node = new Node(current, start, current.loopDepth + (opcode == Opcode.LOOP ? 1 : 0));
          CallShape shape = plan.blockShape(reader);
          node.resultCount = JvmKind.resultSlots(shape.results());
          node.labelArity =
              opcode == Opcode.LOOP ? JvmKind.resultSlots(shape.params()) : node.resultCount;
          node.ownBytes = bytes;
          open.add(node);
          tree.nodes.add(node);
          current.items.add(node);
        }
        case ELSE, CATCH, CATCH_ALL -> {
          current.items.add(new Leaf(start, start, 0, 0, /* isSeparator= */ true, null));
          current.ownBytes += bytes + BytecodeSizes.values(current.resultCount);
        }
        case END, DELEGATE -> {
          current.end = reader.position();
          current.ownBytes += bytes + BytecodeSizes.values(current.resultCount);
          open.removeLast();
          if (current.parent != null) {
            tree.collapse(current, current.parent);
          }
        }
        default -> {
          int escapes = sizes.targets(opcode, reader);
          if (opcode == Opcode.BR_TABLE && escapes >= ControlEmitter.BIG_SWITCH_TARGETS) {
            markDispatch(current);
          }
          current.addLeaf(start, reader.position(), bytes, escapes);
          if (escapes > 0) {
            countEscapes(open, opcode, reader, escapes);
          }
        }
      }
    }
    tree.update();
    return tree;
  }

  private static void markDispatch(Node innermost) {
    if (innermost.loopDepth > 0 && !innermost.isLoop()) {
      innermost.isDispatch = true;
      for (Node node = innermost; node != null && !node.isLoop(); node = node.parent) {
        node.isAroundDispatch = true;
      }
    }
  }

  private static boolean isThrow(Opcode opcode) {
    return switch (opcode) {
      case THROW, THROW_REF, RETHROW -> true;
      default -> false;
    };
  }

  private static void countEscapes(
      List<Node> open, Opcode opcode, InstructionReader reader, int escapes) {
    int levels =
        switch (opcode.immediates()) {
          case LABEL, CAST_BRANCH -> reader.index();
          default -> open.size();
        };
    int last = open.size() - 1;
    for (int i = last; i > last - Math.min(Math.min(levels, COUNTED_LEVELS), last); i--) {
      open.get(i).escapes += escapes;
    }
  }

  /// Makes a block that ended a leaf of its parent if it is small.
  private void collapse(Node node, Node parent) {
    int bytes = node.ownBytes;
    if (node.isAroundDispatch) {
      return;
    }
    for (Item item : node.items) {
      if (item instanceof Node || bytes + item.bytes() > LEAF_BYTES) {
        return;
      }
      bytes += item.bytes();
    }
    // It is the last item of its parent and, as it has no nodes, the last node.
    parent.items.removeLast();
    nodes.removeLast();
    parent.addLeaf(node.start, node.end, bytes, node.escapes);
  }
}
