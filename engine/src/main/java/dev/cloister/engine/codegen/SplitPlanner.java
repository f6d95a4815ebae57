package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.ImmediateKind;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.module.FunctionFacts;
import dev.cloister.engine.runtime.CodeKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Decides how a function becomes JVM methods; see [SplitPlan].
final class SplitPlanner {
  /*
   * Regions are taken out of the tree of blocks until the rest is small enough, those in few loops
   * first and the large ones first among them: a call costs little where it is rare. Where the
   * calls alone are too much, regions are taken that contain calls of others.
   *
   * The dispatch of an interpreter, a `br_table` with many targets in a loop, stays in the method
   * of its loop if that is possible at all, and with it the short cases: the blocks around it all
   * contain it, so a region made of one of them would be called for each instruction of the
   * interpreted program. What is taken then are cases.
   *
   * A region gets the locals that it may read as arguments, and gives back those that it writes and
   * that may be read afterwards: most locals of an interpreter are for one case alone. If that does
   * not work, because it uses too many or because passing them takes more code than is saved, only
   * the locals that are used most,
   * loops counted, are local variables, and the others are elements of arrays that all methods of
   * the function share. Functions with very many locals have them there from the start: the JVM
   * has 65,535 local variables, and the JIT is slow long before.
   */
  /// The bytecode that the methods of a function have at most when it is divided, in bytes, by
  /// level: as little as a first try leaves, then less.
  private static final int[] BUDGETS = {28_000, 16_000, 8_000, 4_000};

  /// The finest division.
  static final int LEVELS = BUDGETS.length;

  /// The most bytecode that one function may become, by the estimates.
  private static final int MAX_FUNCTION_BYTES = 256 << 20;

  /// Regions smaller than this are only taken when larger ones do not suffice.
  private static final int WANTED_REGION_BYTES = 2_048;

  private static final int MIN_REGION_BYTES = 128;
  private static final int MAX_REGION_BYTES = 50_000;

  /// The most slots of locals that are local variables.
  static final int MAX_LOCAL_SLOTS = 2_000;

  /// The same where regions cannot get all that they use.
  private static final int MIN_LOCAL_SLOTS = 120;

  /// The most slots of locals that a region uses.
  private static final int MAX_REGION_SLOTS = 240;

  /// What it takes besides to leave a local in a slot of the store for a region.
  private static final int LEFT_BYTES = 15;

  /// Exits of a region that are counted: there is no use in an exact number of many.
  private static final int MAX_COUNTED_EXITS = 256;

  private final CodeKind kind;
  private final ModulePlan plan;
  private final int functionIndex;
  private final int budget;
  private final String locals;

  /// The locals that are not in local variables.
  private final BitSet framed;

  private final BodyTree tree;
  private final @Nullable LocalLiveness liveness;
  private final List<SplitPlan.Region> regions = new ArrayList<>();

  private SplitPlanner(
      CodeKind kind,
      ModulePlan plan,
      int functionIndex,
      int budget,
      String locals,
      int maxLocalSlots) {
    this.kind = kind;
    this.plan = plan;
    this.functionIndex = functionIndex;
    this.budget = Math.min(budget, plan.methodBytes());
    this.locals = locals;
    this.framed = framed(maxLocalSlots);
    this.tree = BodyTree.of(kind, plan, functionIndex, framed);
    this.liveness =
        kind == CodeKind.DEBUG
            ? null
            : LocalLiveness.of(plan.module(), functionIndex, locals.length(), tree.places());
  }

  /// {@return the plan by which a function is tried first}
  static SplitPlan first(CodeKind kind, ModulePlan plan, int functionIndex) {
    int bodyBytes = plan.module().bodyEnd(functionIndex) - plan.module().bodyOffset(functionIndex);
    String locals = Sites.locals(plan.module(), functionIndex);
    boolean hasManyLocals = locals.length() > MAX_LOCAL_SLOTS / 2;
    if (!hasManyLocals
        && !plan.module().has(functionIndex, FunctionFacts.MOVES_MANY_VALUES)
        && bodyBytes <= plan.methodBytes() / BytecodeSizes.maxFactor(kind)) {
      return SplitPlan.whole();
    }
    SplitPlanner planner =
        new SplitPlanner(kind, plan, functionIndex, BUDGETS[0], locals, MAX_LOCAL_SLOTS);
    if (planner.tree.root().bytes > plan.methodBytes()) {
      return divide(planner, 1);
    }
    return planner.result(0);
  }

  /// {@return the plan after one that did not suffice}
  ///
  /// @param limit what was exceeded then, for the fault
  /// @throws LimitExceededException if there is none
  static SplitPlan next(
      CodeKind kind,
      ModulePlan plan,
      int functionIndex,
      SplitPlan last,
      LimitExceededException limit) {
    if (last.level() == LEVELS) {
      throw limit;
    }
    return at(kind, plan, functionIndex, last.level() + 1);
  }

  /// {@return the plan that divides a function as finely as a level says, from 1 to [#LEVELS]}
  static SplitPlan at(CodeKind kind, ModulePlan plan, int functionIndex, int level) {
    String locals = Sites.locals(plan.module(), functionIndex);
    return divide(
        new SplitPlanner(kind, plan, functionIndex, BUDGETS[level - 1], locals, MAX_LOCAL_SLOTS),
        level);
  }

  private static SplitPlan divide(SplitPlanner planner, int level) {
    int bytes = planner.tree.root().bytes;
    if (bytes > MAX_FUNCTION_BYTES) {
      throw new LimitExceededException(
          "bytecode of function " + planner.functionIndex + " in bytes", bytes, MAX_FUNCTION_BYTES);
    }
    SplitPlanner used = planner;
    if (!used.run()) {
      SplitPlanner other =
          new SplitPlanner(
              planner.kind,
              planner.plan,
              planner.functionIndex,
              planner.budget,
              planner.locals,
              MIN_LOCAL_SLOTS);
      other.run();
      used = other.tree.root().bytes < used.tree.root().bytes ? other : used;
    }
    return used.result(level);
  }

  private SplitPlan result(int level) {
    BitSet inArrays = kind == CodeKind.DEBUG ? new BitSet() : framed;
    return inArrays.isEmpty() && regions.isEmpty()
        ? SplitPlan.whole()
        : new SplitPlan(level, List.copyOf(regions), inArrays);
  }

  /// {@return the locals that do not fit into `maxSlots` local variables, those with few uses
  /// first; in debuggable code all, as they are in the debug frame}
  private BitSet framed(int maxSlots) {
    BitSet found = new BitSet();
    if (kind == CodeKind.DEBUG) {
      found.set(0, locals.length());
      return found;
    }
    if (new CallShape(locals, "").paramSlots() <= maxSlots) {
      return found;
    }
    long[] uses = new long[locals.length()];
    int loops = 0;
    BitSet openLoops = new BitSet();
    int depth = 0;
    InstructionReader reader = Sites.instructions(plan.module(), functionIndex);
    while (!reader.atEnd()) {
      Opcode opcode = reader.next();
      switch (opcode) {
        case BLOCK, LOOP, IF, TRY, TRY_TABLE -> {
          openLoops.set(depth++, opcode == Opcode.LOOP);
          loops += opcode == Opcode.LOOP ? 1 : 0;
        }
        case END, DELEGATE -> loops -= depth > 0 && openLoops.get(--depth) ? 1 : 0;
        default -> {
          if (opcode.immediates() == ImmediateKind.LOCAL) {
            uses[reader.index()] += 1L << (3 * Math.min(loops, 8));
          }
        }
      }
    }
    Integer[] order = IntStream.range(0, uses.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, Comparator.comparingLong(local -> -uses[local]));
    int free = maxSlots;
    for (int local : order) {
      free -= JvmKind.of(locals.charAt(local)).slots();
      if (free < 0) {
        found.set(local);
      }
    }
    return found;
  }

  /// {@return whether the methods are small enough}
  private boolean run() {
    return run(/* keepsDispatch= */ true) || run(/* keepsDispatch= */ false);
  }

  private boolean run(boolean keepsDispatch) {
    // At last the methods of regions may be larger than wanted: blocks with very many values are.
    for (int largest : new int[] {budget / 2, budget, MAX_REGION_BYTES}) {
      for (int smallest = Math.min(WANTED_REGION_BYTES, budget / 4);
          smallest >= MIN_REGION_BYTES;
          smallest /= 4) {
        while (tree.root().bytes > budget && takeRegions(smallest, largest, keepsDispatch)) {
          tree.update();
        }
      }
    }
    return tree.root().bytes <= budget;
  }

  /// Takes regions until the rest is small enough or there are no more candidates. What is taken is
  /// a call from then on, which may become part of a larger region the next time.
  ///
  /// @return whether any was taken
  private boolean takeRegions(int smallest, int largest, boolean keepsDispatch) {
    List<Candidate> candidates = collect(smallest, largest, keepsDispatch);
    candidates.sort(
        Comparator.comparingInt((Candidate candidate) -> candidate.parent().loopDepth)
            .thenComparing(Comparator.comparingInt(Candidate::bytes).reversed()));
    int excess = tree.root().bytes - budget;
    List<Candidate> taken = new ArrayList<>();
    List<SplitPlan.Region> takenRegions = new ArrayList<>();
    for (Candidate candidate : candidates) {
      if (excess <= 0) {
        break;
      }
      BodyTree.Effects effects = new BodyTree.Effects();
      for (int i = candidate.from(); i < candidate.to(); i++) {
        tree.addEffects(candidate.parent().items.get(i), framed, effects);
      }
      int start = candidate.parent().items.get(candidate.from()).start();
      int end = candidate.parent().items.get(candidate.to() - 1).end();
      BitSet passed = (BitSet) effects.used.clone();
      BitSet returned = (BitSet) effects.written.clone();
      if (liveness != null) {
        passed.and(liveness.before(start));
        returned.and(liveness.after(start, end));
      }
      int saved = candidate.bytes() - callBytes(passed, returned, candidate.escapes());
      if (saved > 0 && slots(effects.used) <= MAX_REGION_SLOTS) {
        SplitPlan.Region region =
            new SplitPlan.Region(
                regions.size(),
                start,
                end,
                candidate.parent().loopDepth,
                candidate.bytes(),
                effects.used,
                passed,
                returned,
                effects.accessesMemory,
                effects.throwsExceptions);
        regions.add(region);
        taken.add(candidate);
        takenRegions.add(region);
        excess -= saved;
      }
    }
    replace(taken, takenRegions);
    return !taken.isEmpty();
  }

  private void replace(List<Candidate> taken, List<SplitPlan.Region> takenRegions) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, taken.size()).boxed().toList());
    order.sort(Comparator.comparingInt((Integer i) -> taken.get(i).from()).reversed());
    for (int i : order) {
      Candidate candidate = taken.get(i);
      SplitPlan.Region region = takenRegions.get(i);
      List<BodyTree.Item> replaced =
          candidate.parent().items.subList(candidate.from(), candidate.to());
      for (BodyTree.Item item : replaced) {
        markTaken(item);
      }
      replaced.clear();
      replaced.add(
          new BodyTree.Leaf(
              region.start(),
              region.end(),
              callBytes(region.passed(), region.returned(), candidate.escapes()),
              candidate.escapes(),
              /* isSeparator= */ false,
              region));
    }
  }

  private static void markTaken(BodyTree.Item item) {
    if (item instanceof BodyTree.Node node) {
      node.isTaken = true;
      node.items.forEach(SplitPlanner::markTaken);
    }
  }

  private int slots(BitSet used) {
    return used.stream().map(local -> JvmKind.of(locals.charAt(local)).slots()).sum();
  }

  /// {@return an estimate of what the call of a region costs: arguments, results, exits}
  private int callBytes(BitSet passed, BitSet returned, int escapes) {
    int arguments = values(passed);
    int left = Math.max(0, arguments - CallShape.MAX_PARAM_VALUES);
    return 130
        + 3 * arguments
        + LEFT_BYTES * left
        + 18 * values(returned)
        + 8 * Math.min(escapes, MAX_COUNTED_EXITS);
  }

  /// {@return the number of JVM values that locals are}
  private int values(BitSet some) {
    return some.stream().map(local -> JvmKind.of(locals.charAt(local)).resultSlots()).sum();
  }

  /// A run of items that may become a region.
  private record Candidate(BodyTree.Node parent, int from, int to, int bytes, int escapes) {}

  private List<Candidate> collect(int smallest, int largest, boolean keepsDispatch) {
    List<Candidate> candidates = new ArrayList<>();
    for (BodyTree.Node node : tree.nodes()) {
      boolean isKept = keepsDispatch && node.isAroundDispatch;
      node.isSearched =
          node.parent == null || (node.parent.isSearched && (node.bytes > largest || isKept));
      if (node.isSearched && !(keepsDispatch && node.isDispatch)) {
        new Run(node, smallest, largest, keepsDispatch, candidates).find();
      }
    }
    return candidates;
  }

  /// Neighbours that may become a region together.
  private static final class Run {
    private final BodyTree.Node parent;
    private final int smallest;
    private final int largest;
    private final boolean keepsDispatch;
    private final List<Candidate> into;
    private int from;
    private int bytes;
    private int escapes;

    Run(
        BodyTree.Node parent,
        int smallest,
        int largest,
        boolean keepsDispatch,
        List<Candidate> into) {
      this.parent = parent;
      this.smallest = smallest;
      this.largest = largest;
      this.keepsDispatch = keepsDispatch;
      this.into = into;
    }

    void find() {
      for (int i = 0; i < parent.items.size(); i++) {
        BodyTree.Item item = parent.items.get(i);
        boolean isSearched =
            item instanceof BodyTree.Node node
                && (node.bytes > largest || (keepsDispatch && node.isAroundDispatch));
        boolean isSeparator = item instanceof BodyTree.Leaf leaf && leaf.isSeparator();
        if (isSearched || isSeparator) {
          close(i, i + 1);
        } else {
          if (i > from && bytes + item.bytes() > largest) {
            close(i, i);
          }
          bytes += item.bytes();
          escapes += item.escapes();
        }
      }
      close(parent.items.size(), parent.items.size());
    }

    private void close(int to, int next) {
      if (bytes >= smallest && to > from) {
        into.add(new Candidate(parent, from, to, bytes, escapes));
      }
      from = next;
      bytes = 0;
      escapes = 0;
    }
  }
}
