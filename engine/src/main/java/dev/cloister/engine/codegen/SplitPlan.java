package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which parts of a function become methods of their own, because a JVM method has at most 64 KiB.
/*
 * A *region* is a run of complete instructions and blocks of one nesting level. The body is read
 * into a tree of blocks with estimated sizes of their bytecode. Then regions are taken out until
 * the rest is small enough, those in few loops first and the large ones first among them: a call
 * costs little where it is rare. A region is never so large that it would have to be split again.
 */
final class SplitPlan {
  /// A part of the function that becomes a method.
  ///
  /// @param start module offset of its first instruction
  /// @param end module offset behind its last instruction
  /// @param loopDepth the number of loops around it
  /// @param bytes the estimated size of its bytecode
  record Region(int start, int end, int loopDepth, int bytes) {}

  /// Regions smaller than this are only taken when larger ones do not suffice.
  private static final int WANTED_REGION_BYTES = 2_048;

  private static final int MIN_REGION_BYTES = 64;

  /// What a call of a region costs the method that it is taken from, at least.
  private static final int CALL_BYTES = 48;

  private final Map<Integer, Region> regions = new HashMap<>();

  /// {@return a plan without regions}
  static SplitPlan none() {
    return new SplitPlan();
  }

  /// {@return the region that begins at a module offset}
  @Nullable Region regionAt(int offset) {
    return regions.get(offset);
  }

  /// {@return the number of regions}
  int size() {
    return regions.size();
  }

  /// Plans a function so that its methods have about `budget` bytes of bytecode at most.
  static SplitPlan of(WasmModule module, int functionIndex, int budget) {
    Node root = new TreeReader(module, functionIndex).read();
    SplitPlan plan = new SplitPlan();
    int excess = root.bytes - budget;
    int largest = budget / 2;
    for (int smallest = Math.min(WANTED_REGION_BYTES, largest / 2);
        excess > 0 && smallest >= MIN_REGION_BYTES;
        smallest /= 4) {
      List<Region> candidates = new ArrayList<>();
      root.collect(plan, smallest, largest, candidates);
      candidates.sort(
          Comparator.comparingInt(Region::loopDepth)
              .thenComparing(Comparator.comparingInt(Region::bytes).reversed()));
      for (Region region : candidates) {
        if (excess > 0) {
          plan.regions.put(region.start(), region);
          excess -= region.bytes() - CALL_BYTES;
        }
      }
      root.removeTaken(plan);
    }
    return plan;
  }

  /// {@return the locals that a region reads or writes, and those that it writes}
  static BitSet[] locals(WasmModule module, Region region) {
    BitSet used = new BitSet();
    BitSet written = new BitSet();
    InstructionReader reader = module.instructions(region.start(), region.end());
    while (!reader.atEnd()) {
      switch (reader.next()) {
        case LOCAL_GET -> used.set(reader.index());
        case LOCAL_SET, LOCAL_TEE -> {
          used.set(reader.index());
          written.set(reader.index());
        }
        default -> {}
      }
    }
    return new BitSet[] {used, written};
  }

  /// One instruction with a body: children are its instructions and blocks in order.
  private static final class Node {
    final int start;
    final int loopDepth;
    final List<Object> children = new ArrayList<>();
    int end;
    int bytes;

    Node(int start, int loopDepth) {
      this.start = start;
      this.loopDepth = loopDepth;
    }

    void collect(SplitPlan plan, int smallest, int largest, List<Region> into) {
      Run run = new Run(loopDepth, smallest, into);
      for (Object child : children) {
        switch (child) {
          case Leaf leaf -> {
            if (leaf.isSeparator()) {
              run.close();
            } else {
              run.add(leaf.start(), leaf.end(), leaf.bytes(), largest);
            }
          }
          case Node node -> {
            if (node.bytes > largest || plan.containsRegionIn(node)) {
              run.close();
              node.collect(plan, smallest, largest, into);
            } else {
              run.add(node.start, node.end, node.bytes, largest);
            }
          }
          default -> throw new IllegalStateException("not a child: " + child);
        }
      }
      run.close();
    }

    /// Replaces what is in regions already by separators, so that it is not taken twice.
    void removeTaken(SplitPlan plan) {
      for (int i = 0; i < children.size(); i++) {
        int childStart =
            children.get(i) instanceof Node node ? node.start : ((Leaf) children.get(i)).start();
        if (plan.isTaken(childStart)) {
          children.set(i, Leaf.separator(childStart));
        } else if (children.get(i) instanceof Node node) {
          node.removeTaken(plan);
        }
      }
    }
  }

  private boolean isTaken(int offset) {
    for (Region region : regions.values()) {
      if (offset >= region.start() && offset < region.end()) {
        return true;
      }
    }
    return false;
  }

  private boolean containsRegionIn(Node node) {
    for (Region region : regions.values()) {
      if (region.start() >= node.start && region.end() <= node.end) {
        return true;
      }
    }
    return false;
  }

  /// An instruction without a body, or `else`, which separates two bodies.
  private record Leaf(int start, int end, int bytes, boolean isSeparator) {
    static Leaf separator(int start) {
      return new Leaf(start, start, 0, /* isSeparator= */ true);
    }
  }

  /// Neighbours that may become a region together.
  private static final class Run {
    private final int loopDepth;
    private final int smallest;
    private final List<Region> into;
    private int start = -1;
    private int end;
    private int bytes;

    Run(int loopDepth, int smallest, List<Region> into) {
      this.loopDepth = loopDepth;
      this.smallest = smallest;
      this.into = into;
    }

    void add(int itemStart, int itemEnd, int itemBytes, int largest) {
      if (start >= 0 && bytes + itemBytes > largest) {
        close();
      }
      if (start < 0) {
        start = itemStart;
        bytes = 0;
      }
      end = itemEnd;
      bytes += itemBytes;
    }

    void close() {
      if (start >= 0 && bytes >= smallest) {
        into.add(new Region(start, end, loopDepth, bytes));
      }
      start = -1;
    }
  }

  /// Reads a body into a tree.
  private static final class TreeReader {
    private final InstructionReader reader;

    TreeReader(WasmModule module, int functionIndex) {
      this.reader = Sites.instructions(module, functionIndex);
    }

    Node read() {
      List<Node> open = new ArrayList<>();
      Node root = new Node(reader.position(), 0);
      open.add(root);
      while (!reader.atEnd()) {
        int start = reader.position();
        Opcode opcode = reader.next();
        Node current = open.getLast();
        int bytes = BytecodeSizes.estimate(opcode, reader);
        switch (opcode) {
          case BLOCK, LOOP, IF, TRY, TRY_TABLE -> {
            Node node = new Node(start, current.loopDepth + (opcode == Opcode.LOOP ? 1 : 0));
            node.bytes = bytes;
            current.children.add(node);
            open.add(node);
          }
          case ELSE, CATCH, CATCH_ALL -> {
            current.children.add(Leaf.separator(start));
            current.bytes += bytes;
          }
          case END, DELEGATE -> {
            current.end = reader.position();
            current.bytes += bytes;
            open.removeLast();
            if (!open.isEmpty()) {
              open.getLast().bytes += current.bytes;
            }
          }
          default -> {
            current.children.add(new Leaf(start, reader.position(), bytes, false));
            current.bytes += bytes;
          }
        }
      }
      return root;
    }
  }
}
