package dev.cloister.engine.codegen;

import java.util.Arrays;

/// The Wasm operand stack during code generation, and where each operand is at run time.
final class OperandStack {
  /*
   * An operand is *on the stack* of the JVM, or it is *deferred*: a constant, the content of a
   * local variable, or a condition whose operands are on the JVM stack and whose comparison is
   * still to come. Above the height of the current control frame the operands on the JVM stack
   * come first and the deferred ones after them, so that deferred operands can be written at any
   * time in order; below that height nothing is on the JVM stack.
   */
  static final byte ON_STACK = 0;
  static final byte LOCAL = 1;
  static final byte CONSTANT = 2;
  static final byte CONDITION = 3;

  private byte[] places = new byte[64];
  private byte[] kinds = new byte[64];
  private long[] values = new long[64];
  private long[] highs = new long[64];
  private int[] ends = new int[64];
  private int[] words = new int[64];
  private int size;
  private int unchanged;

  void clear() {
    truncate(0);
  }

  int size() {
    return size;
  }

  void truncate(int newSize) {
    size = newSize;
    unchanged = Math.min(unchanged, newSize);
  }

  /// {@return the number of lowest operands that are those of the last [#markUnchanged]}
  int unchanged() {
    return unchanged;
  }

  /// Begins to watch which operands are new, those from index `count` being new already.
  void markUnchanged(int count) {
    unchanged = count;
  }

  void pushOnStack(JvmKind kind) {
    push(ON_STACK, kind, 0);
  }

  /// Pushes the content of a local variable of the JVM method.
  void pushLocal(JvmKind kind, int slot) {
    push(LOCAL, kind, slot);
  }

  /// Pushes a constant by its bits; the only constant reference is null.
  void pushConstant(JvmKind kind, long bits) {
    pushConstant(kind, bits, /* high= */ 0);
  }

  /// Pushes a constant by its bits, those of a vector being 128.
  void pushConstant(JvmKind kind, long bits, long high) {
    push(CONSTANT, kind, bits);
    highs[size - 1] = high;
  }

  /// Pushes an i32 that is 1 if the jump `opcode` would be taken with what is on the JVM stack.
  void pushCondition(int opcode) {
    push(CONDITION, JvmKind.INT, opcode);
  }

  private void push(byte place, JvmKind kind, long value) {
    if (size == places.length) {
      places = Arrays.copyOf(places, size * 2);
      kinds = Arrays.copyOf(kinds, size * 2);
      values = Arrays.copyOf(values, size * 2);
      highs = Arrays.copyOf(highs, size * 2);
      ends = Arrays.copyOf(ends, size * 2);
      words = Arrays.copyOf(words, size * 2);
    }
    places[size] = place;
    kinds[size] = (byte) kind.index();
    values[size] = value;
    words[size] = words(size) + kind.slots();
    size++;
    measure(size - 1);
  }

  void pop() {
    truncate(size - 1);
  }

  byte place(int index) {
    return places[index];
  }

  JvmKind kind(int index) {
    return JvmKind.at(kinds[index]);
  }

  /// {@return the slot of an operand in a local variable}
  int slot(int index) {
    return (int) values[index];
  }

  /// {@return the bits of a constant}
  long bits(int index) {
    return values[index];
  }

  /// {@return the high half of the bits of a constant vector}
  long high(int index) {
    return highs[index];
  }

  /// {@return the jump that decides a condition}
  int opcode(int index) {
    return (int) values[index];
  }

  /// {@return the words that the lowest `count` operands take on the JVM stack}
  int words(int count) {
    return count == 0 ? 0 : words[count - 1];
  }

  /// {@return the first slot behind those of all operands in local variables, or a later one}
  int slotsEnd() {
    return size == 0 ? 0 : ends[size - 1];
  }

  /// Computes [#slotsEnd] anew after operands from an index on were moved.
  void measure(int from) {
    int end = from == 0 ? 0 : ends[from - 1];
    for (int i = from; i < size; i++) {
      if (places[i] == LOCAL) {
        end = Math.max(end, slot(i) + kind(i).slots());
      }
      ends[i] = end;
    }
  }

  /// Notes that an operand is now on the JVM stack.
  void setOnStack(int index) {
    places[index] = ON_STACK;
    ends[index] = index == 0 ? 0 : ends[index - 1];
  }

  /// Notes that an operand is now in a local variable; [#measure] has to follow.
  void setLocal(int index, int slot) {
    places[index] = LOCAL;
    values[index] = slot;
  }

  /// Notes that a condition was inverted.
  void setOpcode(int index, int opcode) {
    values[index] = opcode;
  }
}
