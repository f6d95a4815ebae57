package dev.cloister.engine.codegen;

import java.util.Arrays;

/// The Wasm operand stack during code generation, and where each operand is at run time.
final class OperandStack {
  /*
   * An operand is *on the stack* of the JVM, or it is *deferred*: a constant, the content of a
   * local variable or of an element of the function's frame arrays, or a condition whose operands
   * are on the JVM stack and whose comparison is still to come.
   *
   * From the bottom: the *settled* operands, which are constants or in places that nobody writes
   * while they wait, and are left there until they are consumed; then those on the JVM stack; then
   * deferred ones, so that these can be written at any time in order. Whatever lies below the
   * height of the current control frame is settled.
   */
  static final byte ON_STACK = 0;
  static final byte LOCAL = 1;
  static final byte CONSTANT = 2;
  static final byte CONDITION = 3;
  static final byte FRAME = 4;

  private byte[] places = new byte[64];
  private byte[] kinds = new byte[64];
  private long[] values = new long[64];
  private long[] highs = new long[64];
  private int[] words = new int[64];
  private boolean[] computed = new boolean[64];
  private boolean[] truths = new boolean[64];
  private long[] origins = new long[64];
  private long[] others = new long[64];
  private int size;
  private int unchanged;
  private final Temporaries temporaries;

  /// @param temporaries what is told which temporaries hold operands
  OperandStack(Temporaries temporaries) {
    this.temporaries = temporaries;
  }

  int size() {
    return size;
  }

  void truncate(int newSize) {
    while (size > newSize) {
      pop();
    }
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
    temporaries.hold(slot, kind);
  }

  /// Pushes an element of the frame array for values of a kind.
  void pushFrame(JvmKind kind, int index) {
    push(FRAME, kind, index);
  }

  /// Pushes what is settled, or a condition, at an index of another stack.
  void pushCopy(OperandStack from, int index) {
    push(from.places[index], from.kind(index), from.values[index]);
    highs[size - 1] = from.highs[index];
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
      words = Arrays.copyOf(words, size * 2);
      computed = Arrays.copyOf(computed, size * 2);
      truths = Arrays.copyOf(truths, size * 2);
      origins = Arrays.copyOf(origins, size * 2);
      others = Arrays.copyOf(others, size * 2);
    }
    computed[size] = place == ON_STACK || place == CONDITION;
    truths[size] = place == CONDITION && Conditions.isTruth((int) value);
    origins[size] = 0;
    others[size] = 0;
    places[size] = place;
    kinds[size] = (byte) kind.index();
    values[size] = value;
    highs[size] = 0;
    words[size] = words(size) + kind.slots();
    size++;
  }

  void pop() {
    size--;
    unchanged = Math.min(unchanged, size);
    if (places[size] == LOCAL) {
      temporaries.release(slot(size), kind(size));
    }
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

  /// {@return the element of the frame array in which an operand is}
  int frameIndex(int index) {
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

  /// {@return the lanes of a vector object that is not a constant}
  LaneType lanes(int index) {
    return LaneType.at((int) highs[index]);
  }

  /// Notes the lanes of a vector object; others have none.
  @SuppressWarnings("EnumOrdinal") // Read by lanes() only.
  void setLanes(int index, LaneType type) {
    highs[index] = type.ordinal();
  }

  /// Notes that a vector object is now two longs in a local variable.
  void setHalves(int index, int slot) {
    leavePlace(index);
    places[index] = LOCAL;
    values[index] = slot;
    setKind(index, JvmKind.V128);
    temporaries.hold(slot, JvmKind.V128);
  }

  /// Notes that two longs are now a vector object in a local variable.
  void setPacked(int index, int slot) {
    leavePlace(index);
    places[index] = LOCAL;
    values[index] = slot;
    setKind(index, JvmKind.PACKED);
    highs[index] = 0;
    temporaries.hold(slot, JvmKind.PACKED);
  }

  /// Makes a constant vector one in the other form.
  void setKind(int index, JvmKind kind) {
    kinds[index] = (byte) kind.index();
    for (int i = index; i < size; i++) {
      words[i] = words(i) + kind(i).slots();
    }
  }

  /// {@return the jump that decides a condition}
  int opcode(int index) {
    return (int) values[index];
  }

  /// {@return the words that the lowest `count` operands take on the JVM stack}
  int words(int count) {
    return count == 0 ? 0 : words[count - 1];
  }

  /// {@return whether an operand is the result of an instruction other than a select, wherever it
  /// was put since: not a constant, and not what was in a variable}
  boolean isComputed(int index) {
    return computed[index];
  }

  /// Notes that the top operand, which was the first operand of a select, is now its result.
  ///
  /// @param isTruth whether that is known to be 0 or 1
  void markChosen(boolean isTruth) {
    computed[size - 1] = false;
    truths[size - 1] = isTruth;
    origins[size - 1] = 0;
  }

  /// {@return whether an operand is known to be 0 or 1, wherever it was put since}
  boolean isTruth(int index) {
    return truths[index];
  }

  /// Notes that the top operand is 0 or 1.
  void markTruth() {
    truths[size - 1] = true;
  }

  /// {@return what tells the value of an operand from others: operands with the same origin are
  /// equal, unless it is 0}
  long origin(int index) {
    return origins[index];
  }

  /// {@return the origin of the second operand of the comparison that an operand is}
  long secondOrigin(int index) {
    return others[index];
  }

  /// Notes that the top operand is what a Wasm local has after a number of writes.
  void markOrigin(int local, int writes) {
    origins[size - 1] = (long) (local + 1) << 32 | Integer.toUnsignedLong(writes);
  }

  /// Notes the origins of what the top operand, a condition, compares.
  void markCompared(long first, long second) {
    origins[size - 1] = first;
    others[size - 1] = second;
  }

  /// Notes that an operand, in a variable, may have any value from now on.
  void forgetValue(int index) {
    truths[index] = false;
    origins[index] = 0;
  }

  /// Notes that an operand is now on the JVM stack.
  void setOnStack(int index) {
    leavePlace(index);
    places[index] = ON_STACK;
  }

  /// Notes that an operand is now in a local variable.
  void setLocal(int index, int slot) {
    leavePlace(index);
    places[index] = LOCAL;
    values[index] = slot;
    temporaries.hold(slot, kind(index));
  }

  /// Notes that an operand is now in an element of a frame array.
  void setFrame(int index, int element) {
    leavePlace(index);
    places[index] = FRAME;
    values[index] = element;
  }

  private void leavePlace(int index) {
    switch (places[index]) {
      case LOCAL -> temporaries.release(slot(index), kind(index));
      case CONSTANT -> highs[index] = 0; // If it is a vector object, it is written as bytes.
      default -> {}
    }
  }

  /// Notes that a condition was inverted.
  void setOpcode(int index, int opcode) {
    values[index] = opcode;
    truths[index] = Conditions.isTruth(opcode);
  }
}
