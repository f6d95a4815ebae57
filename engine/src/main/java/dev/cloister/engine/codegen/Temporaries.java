package dev.cloister.engine.codegen;

import java.util.Arrays;
import java.util.BitSet;
import org.objectweb.asm.Opcodes;

/// Which temporaries of a JVM method hold something at the point that is being written, and of what
/// type: what stack map frames say of them.
///
/// Kept up to date on the way, so that a frame costs what it has entries, however deep blocks are
/// nested and however many operands wait.
final class Temporaries {
  /// In place of the second slot of a value that takes two, which has no entry of its own.
  private static final Object SECOND = new Object();

  private final int first;
  private Object[] types = new Object[32];
  private final BitSet pinned = new BitSet();

  /// No temporary from this one on, relative to the first, holds anything; those below may.
  private int bound;

  /// @param first the first local variable that is a temporary
  Temporaries(int first) {
    this.first = first;
    Arrays.fill(types, Opcodes.TOP);
  }

  int first() {
    return first;
  }

  /// Notes that a local variable holds a value; those that are no temporaries are ignored.
  void hold(int slot, JvmKind kind) {
    int index = slot - first;
    if (index < 0) {
      return;
    }
    int end = index + kind.slots();
    if (end > types.length) {
      int known = types.length;
      types = Arrays.copyOf(types, Math.max(end, known * 2));
      Arrays.fill(types, known, types.length, Opcodes.TOP);
    }
    types[index] = kind.frameType();
    if (kind.slots() > 1) {
      types[index + 1] = SECOND;
    }
    if (kind == JvmKind.V128) {
      types[index + 2] = kind.frameType();
      types[index + 3] = SECOND;
    }
    bound = Math.max(bound, end);
  }

  /// Notes that a local variable holds a value that is no operand, and that is written again.
  void pin(int slot, JvmKind kind) {
    hold(slot, kind);
    pinned.set(slot - first);
  }

  /// The same for a reference of a class of its own.
  void pin(int slot, String type) {
    pin(slot, JvmKind.REF);
    types[slot - first] = type;
  }

  /// Ends what [#pin] began.
  void unpin(int slot, JvmKind kind) {
    pinned.clear(slot - first);
    release(slot, kind);
  }

  /// {@return whether what a local variable holds may be replaced while an operand is in it}
  boolean isMutable(int slot) {
    return slot < first || pinned.get(slot - first);
  }

  /// Notes that no operand is in a local variable any more.
  void release(int slot, JvmKind kind) {
    int index = slot - first;
    if (index >= 0 && !pinned.get(index)) {
      Arrays.fill(types, index, index + kind.slots(), Opcodes.TOP);
    }
  }

  /// {@return the first local variable behind all that hold something}
  int end() {
    while (bound > 0 && Opcodes.TOP.equals(types[bound - 1])) {
      bound--;
    }
    return first + bound;
  }

  /// Writes the entries of a stack map frame.
  ///
  /// @param into an array with room for [#end] - [#first] entries from `from` on
  /// @return the number of entries in `into` then
  int copyTo(Object[] into, int from) {
    int count = from;
    int end = end() - first;
    for (int i = 0; i < end; i++) {
      if (!SECOND.equals(types[i])) {
        into[count++] = types[i];
      }
    }
    return count;
  }
}
