package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The locals and operands of a running function, in code of kind [CodeKind#DEBUG].
///
/// The locals live here and nowhere else. Operands are written before each position that can be
/// stopped at, as far as they are new, and are read by debuggers only. The frames of a store form a
/// chain from the innermost outwards, across instances and calls of the host; frames of code of
/// other kinds have no part in it. Confined to the thread that runs the store.
@CalledByGeneratedCode
public final class DebugFrame {
  /*
   * A debugger reads a frame only where the guest waits for it, so what is written between two
   * positions needs no order. A frame that ends by an exception is not left: the chain is put
   * right by whoever catches it, a handler in code of this kind or the border of the guest.
   */

  /// The most values that the frames of one store hold together: unlike frames of the Java stack
  /// they would be limited by nothing.
  private static final int MAX_VALUES = 1 << 22;

  private static final int OPERANDS_AT_FIRST = 8;

  private final Instance instance;
  private final @Nullable DebugFrame caller;
  private final int functionIndex;
  private final String localKinds;
  private final int valuesBelow;
  private final int depth;

  /// The locals, then the operands; floats as their raw bits.
  private long[] numbers;

  /// The high halves of vectors, in the same places; null until there is one.
  private long @Nullable [] highs;

  /// The same places for references; null until there is one.
  private @Nullable Object @Nullable [] references;

  /// A letter for each operand: I, J, F, D, V or L, as for locals.
  private byte[] operandKinds = new byte[OPERANDS_AT_FIRST];

  private int operandCount;
  private int distance = -1;

  private DebugFrame(
      Instance instance, @Nullable DebugFrame caller, int functionIndex, String localKinds) {
    this.instance = instance;
    this.caller = caller;
    this.functionIndex = functionIndex;
    this.localKinds = localKinds;
    this.depth = caller == null ? 0 : caller.depth + 1;
    this.valuesBelow = caller == null ? 0 : caller.valuesBelow + caller.numbers.length;
    int values = localKinds.length() + OPERANDS_AT_FIRST;
    requireRoom(values);
    this.numbers = new long[values];
  }

  private void requireRoom(int values) {
    if (valuesBelow + values > MAX_VALUES) {
      throw new TrapException(TrapReason.CALL_STACK_EXHAUSTED);
    }
  }

  /// {@return the frame of a function that begins, now the innermost of its store; its locals are
  /// zero and null}
  ///
  /// @param localKinds a letter for each local, parameters first: I, J, F, D, V or L
  /// @throws TrapException if the frames of the store hold too much together
  @CalledByGeneratedCode
  public static DebugFrame enter(Instance instance, int functionIndex, String localKinds) {
    Store store = instance.store;
    DebugFrame frame = new DebugFrame(instance, store.debugFrame, functionIndex, localKinds);
    store.debugFrame = frame;
    return frame;
  }

  /// Notes that the function returns.
  @CalledByGeneratedCode
  public static void leave(DebugFrame frame) {
    frame.instance.store.debugFrame = frame.caller;
  }

  /// Notes that the function goes on with an exception that it caught.
  @CalledByGeneratedCode
  public static void caught(DebugFrame frame) {
    frame.instance.store.debugFrame = frame;
  }

  /// Notes that the function goes on at a position, and tells the listener of its instance.
  ///
  /// @param distance the bytes between the beginning of the body and the instruction
  /// @param operandCount the number of operands
  @CalledByGeneratedCode
  public static void reach(DebugFrame frame, int distance, int operandCount) {
    frame.distance = distance;
    frame.operandCount = operandCount;
    DebugListener listener = frame.instance.debugListener();
    if (listener != null && listener.isArmed()) {
      StackGuard.probe();
      listener.positionReached(frame);
    }
  }

  /// The same for a distance of more than 15 bits.
  ///
  /// @param high the bits of the distance above the lowest 15
  @CalledByGeneratedCode
  public static void reachFar(DebugFrame frame, int high, int low, int operandCount) {
    reach(frame, high << 15 | low, operandCount);
  }

  // Locals.

  /// {@return an i32 local}
  @CalledByGeneratedCode
  public static int getInt(DebugFrame frame, int local) {
    return (int) frame.numbers[local];
  }

  /// {@return an i64 local, or the low half of a v128 local}
  @CalledByGeneratedCode
  public static long getLong(DebugFrame frame, int local) {
    return frame.numbers[local];
  }

  /// {@return an f32 local}
  @CalledByGeneratedCode
  public static float getFloat(DebugFrame frame, int local) {
    return Float.intBitsToFloat((int) frame.numbers[local]);
  }

  /// {@return an f64 local}
  @CalledByGeneratedCode
  public static double getDouble(DebugFrame frame, int local) {
    return Double.longBitsToDouble(frame.numbers[local]);
  }

  /// {@return the high half of a v128 local}
  @CalledByGeneratedCode
  public static long getHigh(DebugFrame frame, int local) {
    long[] highs = frame.highs;
    return highs != null && local < highs.length ? highs[local] : 0;
  }

  /// {@return a local of reference type}
  @CalledByGeneratedCode
  public static @Nullable Object getReference(DebugFrame frame, int local) {
    @Nullable Object[] references = frame.references;
    return references != null && local < references.length ? references[local] : null;
  }

  /// Sets an i32 local.
  @CalledByGeneratedCode
  public static void set(int value, DebugFrame frame, int local) {
    frame.numbers[local] = value;
  }

  /// Sets an i64 local.
  @CalledByGeneratedCode
  public static void set(long value, DebugFrame frame, int local) {
    frame.numbers[local] = value;
  }

  /// Sets an f32 local.
  @CalledByGeneratedCode
  public static void set(float value, DebugFrame frame, int local) {
    frame.numbers[local] = Float.floatToRawIntBits(value);
  }

  /// Sets an f64 local.
  @CalledByGeneratedCode
  public static void set(double value, DebugFrame frame, int local) {
    frame.numbers[local] = Double.doubleToRawLongBits(value);
  }

  /// Sets a v128 local.
  @CalledByGeneratedCode
  public static void set(long low, long high, DebugFrame frame, int local) {
    long[] highs = frame.highs;
    if (highs == null) {
      highs = new long[frame.numbers.length];
      frame.highs = highs;
    } else if (local >= highs.length) {
      highs = Arrays.copyOf(highs, frame.numbers.length);
      frame.highs = highs;
    }
    highs[local] = high;
    frame.numbers[local] = low;
  }

  /// Sets a local of reference type.
  @CalledByGeneratedCode
  public static void set(@Nullable Object value, DebugFrame frame, int local) {
    @Nullable Object[] references = frame.references;
    if (references == null) {
      references = new Object[frame.numbers.length];
      frame.references = references;
    } else if (local >= references.length) {
      references = Arrays.copyOf(references, frame.numbers.length);
      frame.references = references;
    }
    references[local] = value;
  }

  // Operands.

  /// Writes an i32 operand.
  @CalledByGeneratedCode
  public static void setOperand(int value, DebugFrame frame, int index) {
    frame.setNumber(index, 'I', value);
  }

  /// Writes an i64 operand.
  @CalledByGeneratedCode
  public static void setOperand(long value, DebugFrame frame, int index) {
    frame.setNumber(index, 'J', value);
  }

  /// Writes an f32 operand.
  @CalledByGeneratedCode
  public static void setOperand(float value, DebugFrame frame, int index) {
    frame.setNumber(index, 'F', Float.floatToRawIntBits(value));
  }

  /// Writes an f64 operand.
  @CalledByGeneratedCode
  public static void setOperand(double value, DebugFrame frame, int index) {
    frame.setNumber(index, 'D', Double.doubleToRawLongBits(value));
  }

  /// Writes a v128 operand.
  @CalledByGeneratedCode
  public static void setOperand(long low, long high, DebugFrame frame, int index) {
    frame.setNumber(index, 'V', low);
    set(low, high, frame, frame.localKinds.length() + index);
  }

  /// Writes an operand of reference type.
  @CalledByGeneratedCode
  public static void setOperand(@Nullable Object value, DebugFrame frame, int index) {
    frame.setNumber(index, 'L', 0);
    set(value, frame, frame.localKinds.length() + index);
  }

  private void setNumber(int index, char kind, long value) {
    if (index >= operandKinds.length) {
      grow(index + 1);
    }
    operandKinds[index] = (byte) kind;
    numbers[localKinds.length() + index] = value;
  }

  private void grow(int operands) {
    int length = Math.max(operands, 2 * operandKinds.length);
    requireRoom(localKinds.length() + length);
    operandKinds = Arrays.copyOf(operandKinds, length);
    numbers = Arrays.copyOf(numbers, localKinds.length() + length);
  }

  // What debuggers read.

  /// {@return the instance whose function runs}
  public Instance instance() {
    return instance;
  }

  /// {@return the next frame outwards, or null if there is none}
  public @Nullable DebugFrame caller() {
    return caller;
  }

  /// {@return the index of the function in its module}
  public int functionIndex() {
    return functionIndex;
  }

  /// {@return module offset of the instruction that is next or, in the frame of a caller, calls; -1
  /// before the first one}
  public int offset() {
    return distance < 0 ? -1 : instance.module().bodyOffset(functionIndex) + distance;
  }

  /// {@return the number of locals, parameters among them}
  public int localCount() {
    return localKinds.length();
  }

  /// {@return a local, in the boxed form that function calls use}
  public @Nullable Object local(int index) {
    return value(index, localKinds.charAt(index));
  }

  /// Replaces a local.
  ///
  /// @param value of the type that the local was declared with
  /// @throws IndexOutOfBoundsException if there is no such local
  /// @throws IllegalArgumentException if the value is of another type
  public void setLocal(int index, @Nullable Object value) {
    Objects.checkIndex(index, localKinds.length());
    Values.requireType(value, instance.module().localType(functionIndex, index));
    switch (value) {
      case Integer number -> set((int) number, this, index);
      case Long number -> set((long) number, this, index);
      case Float number -> set((float) number, this, index);
      case Double number -> set((double) number, this, index);
      case V128(long low, long high) when localKinds.charAt(index) == 'V' ->
          set(low, high, this, index);
      case null, default -> set(value, this, index);
    }
  }

  /// {@return how many frames there are outwards}
  public int depth() {
    return depth;
  }

  /// {@return the number of operands}
  public int operandCount() {
    return operandCount;
  }

  /// {@return an operand, the lowest being 0, in the boxed form that function calls use; in the
  /// frame of a caller the arguments of its call are still there}
  public @Nullable Object operand(int index) {
    Objects.checkIndex(index, operandCount);
    return value(localKinds.length() + index, (char) operandKinds[index]);
  }

  private @Nullable Object value(int index, char kind) {
    return switch (kind) {
      case 'I' -> getInt(this, index);
      case 'J' -> getLong(this, index);
      case 'F' -> getFloat(this, index);
      case 'D' -> getDouble(this, index);
      case 'V' -> new V128(getLong(this, index), getHigh(this, index));
      default -> getReference(this, index);
    };
  }
}
