package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which locals may be read at a place of a function before they are written.
///
/// The classic analysis, backwards over the text. What is live at the head of a loop is taken from
/// the sweep before, which found too little at first, until a sweep finds nothing new. The exemplar
/// of the rest is the validation algorithm: a stack of open blocks.
final class LocalLiveness {
  /*
   * An exception may come from any call in a `try`, so in there the locals that its handlers read
   * stay live throughout, also where they are written. Those of the `try`s around it are kept as
   * well, although an exception may be caught before it gets there.
   */
  private static final byte GET = 0;
  private static final byte SET = 1;
  private static final byte OPEN = 2;
  private static final byte ARM = 3;
  private static final byte CLOSE = 4;

  /// Control may go to the label of a block.
  private static final byte BRANCH = 5;

  /// Control does not go on, after the branches before this.
  private static final byte STOP = 6;

  /// The most bits that the sets of a function may have together; larger functions are left alone.
  private static final long MAX_BITS = 1L << 26;

  /// More sweeps than this are not worth it: it takes loops nested so deep to need them.
  private static final int MAX_SWEEPS = 32;

  private static final int[] NO_BLOCKS = {};

  /// A block, or the function.
  private static final class Block {
    final int start;
    final Opcode opcode;

    /// The blocks to whose labels its clauses go, if it is a `try_table`.
    int[] handlers = NO_BLOCKS;

    int arms;
    int armsLeft;

    /// What is live at its label.
    BitSet atLabel = new BitSet();

    /// What is live where its other arms begin; for a legacy `try` where its handlers begin.
    BitSet atArms = new BitSet();

    Block(int start, Opcode opcode) {
      this.start = start;
      this.opcode = opcode;
    }

    boolean isLoop() {
      return opcode == Opcode.LOOP;
    }

    /// {@return whether its first part has handlers}
    boolean isProtected() {
      return handlers.length > 0 || (opcode == Opcode.TRY && arms > 0);
    }
  }

  private byte[] kinds = new byte[256];
  private int[] values = new int[256];
  private int[] offsets = new int[256];
  private int count;
  private final List<Block> blocks = new ArrayList<>();
  private final int[] places;
  private final BitSet[] livePlaces;

  /// What is live at the handlers around the current place, one for each of them, with what is live
  /// at those around it.
  private final List<BitSet> thrown = new ArrayList<>();

  private BitSet live = new BitSet();
  private boolean isChanged;

  private LocalLiveness(int[] places) {
    this.places = places;
    this.livePlaces = new BitSet[places.length];
  }

  /// Analyses a function.
  ///
  /// @param places the module offsets of its instructions that will be asked for
  /// @return null if the function is too large
  static @Nullable LocalLiveness of(
      WasmModule module, int functionIndex, int localCount, int[] places) {
    int[] sorted = Arrays.stream(places).sorted().distinct().toArray();
    LocalLiveness liveness = new LocalLiveness(sorted);
    liveness.read(Sites.instructions(module, functionIndex));
    // A block has two sets, and one more may be on its way.
    long sets = sorted.length + 3L * liveness.blocks.size();
    return sets * localCount <= MAX_BITS && liveness.solve() ? liveness : null;
  }

  private boolean solve() {
    for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
      isChanged = false;
      sweep();
      if (!isChanged) {
        return true;
      }
    }
    return false;
  }

  // Reading.

  private void read(InstructionReader reader) {
    List<Integer> open = new ArrayList<>();
    blocks.add(new Block(-1, Opcode.BLOCK));
    open.add(0);
    add(OPEN, 0, reader.position());
    while (!reader.atEnd()) {
      int offset = reader.position();
      Opcode opcode = reader.next();
      switch (opcode) {
        case LOCAL_GET -> add(GET, reader.index(), offset);
        case LOCAL_SET, LOCAL_TEE -> add(SET, reader.index(), offset);
        case BLOCK, LOOP, IF, TRY, TRY_TABLE -> {
          Block block = new Block(offset, opcode);
          if (opcode == Opcode.TRY_TABLE) {
            block.handlers = new int[reader.catchCount()];
            for (int i = 0; i < block.handlers.length; i++) {
              block.handlers[i] = target(open, reader.catchLabel(i));
            }
          }
          open.add(blocks.size());
          add(OPEN, blocks.size(), offset);
          blocks.add(block);
        }
        case ELSE, CATCH, CATCH_ALL -> {
          blocks.get(open.getLast()).arms++;
          add(ARM, open.getLast(), offset);
        }
        case END, DELEGATE -> add(CLOSE, open.removeLast(), offset);
        case RETURN,
            UNREACHABLE,
            THROW,
            THROW_REF,
            RETHROW,
            RETURN_CALL,
            RETURN_CALL_INDIRECT,
            RETURN_CALL_REF ->
            add(STOP, 0, offset);
        case BR -> {
          add(BRANCH, target(open, reader.index()), offset);
          add(STOP, 0, offset);
        }
        case BR_TABLE -> {
          for (int label : BranchTables.distinct(reader)) {
            add(BRANCH, target(open, label), offset);
          }
          add(STOP, 0, offset);
        }
        default -> {
          switch (opcode.immediates()) {
            case LABEL, CAST_BRANCH -> add(BRANCH, target(open, reader.index()), offset);
            default -> {}
          }
        }
      }
    }
  }

  private static int target(List<Integer> open, int label) {
    return open.get(open.size() - 1 - label);
  }

  private void add(byte kind, int value, int offset) {
    if (count == kinds.length) {
      kinds = Arrays.copyOf(kinds, count * 2);
      values = Arrays.copyOf(values, count * 2);
      offsets = Arrays.copyOf(offsets, count * 2);
    }
    kinds[count] = kind;
    values[count] = value;
    offsets[count] = offset;
    count++;
  }

  // Sweeping.

  private void sweep() {
    thrown.clear();
    thrown.add(new BitSet());
    live = new BitSet();
    int place = places.length - 1;
    for (int i = count - 1; i >= 0; i--) {
      for (; place >= 0 && places[place] > offsets[i]; place--) {
        livePlaces[place] = copy(live);
      }
      switch (kinds[i]) {
        case GET -> live.set(values[i]);
        case SET -> {
          if (!thrown.getLast().get(values[i])) {
            live.clear(values[i]);
          }
        }
        case BRANCH -> live.or(blocks.get(values[i]).atLabel);
        case STOP -> live = copy(thrown.getLast());
        case OPEN -> open(blocks.get(values[i]));
        case ARM -> beginArm(blocks.get(values[i]));
        case CLOSE -> close(blocks.get(values[i]));
        default -> throw new IllegalStateException("kind " + kinds[i]);
      }
    }
    for (; place >= 0; place--) {
      livePlaces[place] = copy(live);
    }
  }

  private void close(Block block) {
    block.armsLeft = block.arms;
    block.atArms = new BitSet();
    if (!block.isLoop()) {
      block.atLabel = copy(live);
    }
    if (block.handlers.length > 0) {
      BitSet handlers = new BitSet();
      for (int handler : block.handlers) {
        handlers.or(blocks.get(handler).atLabel);
      }
      protect(handlers);
    }
  }

  /// Goes on with the arm before the one that begins here.
  private void beginArm(Block block) {
    block.atArms.or(live);
    block.armsLeft--;
    live = copy(block.atLabel);
    live.or(thrown.getLast());
    if (block.opcode == Opcode.TRY && block.armsLeft == 0) {
      protect(block.atArms);
    }
  }

  private void protect(BitSet handlers) {
    BitSet all = copy(handlers);
    all.or(thrown.getLast());
    thrown.add(all);
    live.or(all);
  }

  private void open(Block block) {
    if (block.isProtected()) {
      thrown.removeLast();
    } else if (block.isLoop() && !block.atLabel.equals(live)) {
      isChanged = true;
      block.atLabel = copy(live);
    } else if (block.opcode == Opcode.IF) {
      // Without `else` the only arm may be skipped.
      live.or(block.arms > 0 ? block.atArms : block.atLabel);
    }
  }

  private static BitSet copy(BitSet set) {
    return (BitSet) set.clone();
  }

  // Asking.

  /// {@return what is live before the instruction at one of the places}
  BitSet before(int place) {
    return livePlaces[Arrays.binarySearch(places, place)];
  }

  /// {@return what is live wherever control goes that leaves a part of the function, by its end, by
  /// branches or by exceptions}
  ///
  /// @param from one of the places, where the part begins
  /// @param to the place behind it
  BitSet after(int from, int to) {
    BitSet all = copy(before(to));
    int i = Arrays.binarySearch(offsets, 0, count, from);
    // There are several at an offset if a branch has several targets.
    i = i < 0 ? -1 - i : i;
    while (i > 0 && offsets[i - 1] == from) {
      i--;
    }
    for (; i < count && offsets[i] < to; i++) {
      switch (kinds[i]) {
        case BRANCH -> addOutside(values[i], from, all);
        case OPEN -> {
          for (int handler : blocks.get(values[i]).handlers) {
            addOutside(handler, from, all);
          }
        }
        default -> {}
      }
    }
    return all;
  }

  private void addOutside(int target, int from, BitSet to) {
    Block block = blocks.get(target);
    if (block.start < from) {
      to.or(block.atLabel);
    }
  }
}
