package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which parts of a function become methods of their own, because a JVM method has at most 64 KiB.
final class SplitPlan {
  /*
   * A *region* is a run of complete instructions and blocks of one nesting level. The body is read
   * into a tree of blocks with estimated sizes of their bytecode. Then regions are taken out until
   * the rest is small enough, those in few loops first and the large ones first among them: a call
   * costs little where it is rare. Where the calls alone are too much, regions are taken that
   * contain calls of others.
   */

  /// A part of the function that becomes a method.
  ///
  /// @param start module offset of its first instruction
  /// @param end module offset behind its last instruction
  /// @param loopDepth the number of loops around it
  /// @param bytes the estimated size of its bytecode
  record Region(int start, int end, int loopDepth, int bytes) {}

  /// Regions smaller than this are only taken when larger ones do not suffice.
  private static final int WANTED_REGION_BYTES = 2_048;

  private static final int MIN_REGION_BYTES = 128;

  private final Map<Integer, List<Region>> regions = new HashMap<>();
  private int size;

  /// {@return a plan without regions}
  static SplitPlan none() {
    return new SplitPlan();
  }

  /// {@return the largest region that begins at a module offset and lies within another one}
  ///
  /// @param within the region whose method is being written, or null in that of the function
  @Nullable Region regionAt(int offset, @Nullable Region within) {
    Region found = null;
    for (Region region : regions.getOrDefault(offset, List.of())) {
      boolean fits = within == null || (!region.equals(within) && region.end() <= within.end());
      if (fits && (found == null || region.end() > found.end())) {
        found = region;
      }
    }
    return found;
  }

  /// {@return the number of regions}
  int size() {
    return size;
  }

  /// Plans a function so that its methods have about `budget` bytes of bytecode at most.
  static SplitPlan of(CodeKind kind, WasmModule module, int functionIndex, int budget) {
    Node root = new TreeReader(kind, module, functionIndex).read();
    SplitPlan plan = new SplitPlan();
    String letters = Sites.locals(module, functionIndex);
    for (int smallest = Math.min(WANTED_REGION_BYTES, budget / 4);
        smallest >= MIN_REGION_BYTES;
        smallest /= 4) {
      while (root.measure() > budget) {
        if (!plan.takeRegions(module, letters, root, budget, smallest)) {
          break;
        }
      }
    }
    return plan;
  }

  /// Takes regions until the rest is small enough or there are no more candidates. What is taken is
  /// a call from then on, which may become part of a larger region the next time.
  ///
  /// @return whether any was taken
  private boolean takeRegions(
      WasmModule module, String letters, Node root, int budget, int smallest) {
    List<Candidate> candidates = new ArrayList<>();
    root.collect(smallest, budget / 2, candidates);
    candidates.sort(
        Comparator.comparingInt((Candidate candidate) -> candidate.region().loopDepth())
            .thenComparing(
                Comparator.comparingInt((Candidate candidate) -> candidate.region().bytes())
                    .reversed()));
    int excess = root.bytes - budget;
    List<Candidate> taken = new ArrayList<>();
    for (Candidate candidate : candidates) {
      int saved = candidate.region().bytes() - callBytes(module, letters, candidate.region());
      if (excess > 0 && saved > 0) {
        taken.add(candidate);
        excess -= saved;
      }
    }
    taken.sort(Comparator.comparingInt(Candidate::from).reversed());
    for (Candidate candidate : taken) {
      Region region = candidate.region();
      regions.computeIfAbsent(region.start(), _ -> new ArrayList<>()).add(region);
      size++;
      List<Object> replaced = candidate.parent().children.subList(candidate.from(), candidate.to());
      replaced.clear();
      replaced.add(
          new Leaf(region.start(), region.end(), callBytes(module, letters, region), false));
    }
    return !taken.isEmpty();
  }

  /// {@return an estimate of what the call of a region costs: arguments, results, exits}
  private static int callBytes(WasmModule module, String letters, Region region) {
    BitSet[] locals = locals(module, region);
    return 100 + 3 * values(letters, locals[0]) + 18 * values(letters, locals[1]);
  }

  /// {@return the number of JVM values that locals are}
  private static int values(String letters, BitSet locals) {
    int values = 0;
    for (int i = locals.nextSetBit(0); i >= 0; i = locals.nextSetBit(i + 1)) {
      values += JvmKind.of(letters.charAt(i)).resultSlots();
    }
    return values;
  }

  /// A run of children that may become a region.
  private record Candidate(Region region, Node parent, int from, int to) {}

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

    /// The bytes of the instruction itself and of its end.
    int ownBytes;

    final List<Object> children = new ArrayList<>();
    int end;
    int bytes;

    Node(int start, int loopDepth) {
      this.start = start;
      this.loopDepth = loopDepth;
    }

    /// {@return the bytes of everything in this node, measured anew}
    int measure() {
      bytes = ownBytes;
      for (Object child : children) {
        bytes += child instanceof Node node ? node.measure() : ((Leaf) child).bytes();
      }
      return bytes;
    }

    void collect(int smallest, int largest, List<Candidate> into) {
      Run run = new Run(this, smallest, largest, into);
      for (int i = 0; i < children.size(); i++) {
        switch (children.get(i)) {
          case Leaf leaf -> {
            if (leaf.isSeparator()) {
              run.close(i);
            } else {
              run.add(i, leaf.start(), leaf.end(), leaf.bytes());
            }
          }
          case Node node -> {
            if (node.bytes > largest) {
              run.close(i);
              node.collect(smallest, largest, into);
            } else {
              run.add(i, node.start, node.end, node.bytes);
            }
          }
          default -> throw new IllegalStateException("not a child: " + children.get(i));
        }
      }
      run.close(children.size());
    }
  }

  /// An instruction without a body, the call of a region, or `else`, which separates two bodies.
  private record Leaf(int start, int end, int bytes, boolean isSeparator) {
    static Leaf separator(int start) {
      return new Leaf(start, start, 0, /* isSeparator= */ true);
    }
  }

  /// Neighbours that may become a region together.
  private static final class Run {
    private final Node parent;
    private final int smallest;
    private final int largest;
    private final List<Candidate> into;
    private int from = -1;
    private int start;
    private int end;
    private int bytes;

    Run(Node parent, int smallest, int largest, List<Candidate> into) {
      this.parent = parent;
      this.smallest = smallest;
      this.largest = largest;
      this.into = into;
    }

    void add(int index, int itemStart, int itemEnd, int itemBytes) {
      if (from >= 0 && bytes + itemBytes > largest) {
        close(index);
      }
      if (from < 0) {
        from = index;
        start = itemStart;
        bytes = 0;
      }
      end = itemEnd;
      bytes += itemBytes;
    }

    void close(int index) {
      if (from >= 0 && bytes >= smallest && index > from) {
        Region region = new Region(start, end, parent.loopDepth, bytes);
        into.add(new Candidate(region, parent, from, index));
      }
      from = -1;
    }
  }

  /// Reads a body into a tree.
  private static final class TreeReader {
    private final CodeKind kind;
    private final WasmModule module;
    private final InstructionReader reader;

    TreeReader(CodeKind kind, WasmModule module, int functionIndex) {
      this.kind = kind;
      this.module = module;
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
        int bytes = BytecodeSizes.estimate(kind, module, opcode, reader);
        switch (opcode) {
          case BLOCK, LOOP, IF, TRY, TRY_TABLE -> {
            Node node = new Node(start, current.loopDepth + (opcode == Opcode.LOOP ? 1 : 0));
            node.ownBytes = bytes;
            current.children.add(node);
            open.add(node);
          }
          case ELSE, CATCH, CATCH_ALL -> {
            current.children.add(Leaf.separator(start));
            current.ownBytes += bytes;
          }
          case END, DELEGATE -> {
            current.end = reader.position();
            current.ownBytes += bytes;
            open.removeLast();
          }
          default -> {
            current.children.add(new Leaf(start, reader.position(), bytes, false));
          }
        }
      }
      return root;
    }
  }
}
