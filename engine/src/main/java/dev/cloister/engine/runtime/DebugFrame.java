package dev.cloister.engine.runtime;

import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The locals and operands of a running function, in code of kind [CodeKind#DEBUG].
///
/// The locals live here and nowhere else. Operands are written where somebody looks, before each
/// position that can be stopped at, and at calls. The frames of a store form a chain from the
/// innermost outwards, across instances and calls of the host; frames of code of other kinds have
/// no part in it. A frame that ended is used again for the next function at its depth, so it must
/// not be kept. Confined to the thread that runs the store.
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

  /// Frames deeper than this, or with more locals, are not used again, so that one call does not
  /// leave much behind.
  private static final int MAX_KEPT_DEPTH = 1_000;

  private static final int MAX_KEPT_LOCALS = 1_000;

  private static final long[] NO_NUMBERS = {};
  private static final @Nullable Object[] NO_REFERENCES = {};

  private final @Nullable DebugFrame caller;
  private final int depth;

  /// The locals; floats as their raw bits. At least as long as there are locals.
  @CalledByGeneratedCode public long[] numbers;

  /// The high halves of the locals that are vectors, in the same places; empty if there are none.
  @CalledByGeneratedCode public long[] highs = NO_NUMBERS;

  /// The same for references.
  @CalledByGeneratedCode public @Nullable Object[] references = NO_REFERENCES;

  /// Of which positions of the function somebody wants to be told.
  @CalledByGeneratedCode public DebugWatch watch;

  /// A frame that a function which is called from here may use again.
  private @Nullable DebugFrame idle;

  private Instance instance;
  private int functionIndex;
  private String localKinds;
  private int valuesBelow;
  private long[] operands = new long[OPERANDS_AT_FIRST];
  private long[] operandHighs = NO_NUMBERS;
  private @Nullable Object[] operandReferences = NO_REFERENCES;

  /// A letter for each operand: I, J, F, D, V or L, as for locals.
  private byte[] operandKinds = new byte[OPERANDS_AT_FIRST];

  private int operandCount;

  /// The first operand that can be replaced.
  private int firstWritable;

  private int distance = -1;

  private DebugFrame(Instance instance, @Nullable DebugFrame caller, int values, DebugWatch watch) {
    this.instance = instance;
    this.caller = caller;
    this.depth = caller == null ? 0 : caller.depth + 1;
    this.numbers = new long[values];
    this.localKinds = "";
    this.watch = watch;
  }

  private static void requireRoom(int values) {
    if (values > MAX_VALUES) {
      throw new TrapException(TrapReason.CALL_STACK_EXHAUSTED);
    }
  }

  /// {@return the frame of a function that begins, now the innermost of its store; its locals are
  /// zero and null}
  ///
  /// @param params the number of parameters, which the caller sets
  /// @param localKinds a letter for each local, parameters first: I, J, F, D, V or L; a constant,
  ///   so that equal ones are the same
  /// @throws TrapException if the frames of the store hold too much together
  @CalledByGeneratedCode
  @SuppressWarnings("ReferenceEquality") // Objects are compared to save writes; strings see above.
  public static DebugFrame enter(
      Instance instance, int functionIndex, int params, String localKinds) {
    Store store = instance.store;
    DebugFrame caller = store.debugFrame;
    DebugFrame frame = caller == null ? store.idleDebugFrame : caller.idle;
    int locals = localKinds.length();
    DebugWatch watch = instance.debugSwitch().of(functionIndex);
    if (frame == null || frame.numbers.length < locals) {
      frame = make(instance, caller, locals, watch);
    }
    if (frame.instance != instance) {
      frame.instance = instance;
    }
    if (frame.watch != watch) {
      frame.watch = watch;
    }
    if (frame.localKinds != localKinds) {
      frame.begin(localKinds);
    }
    frame.functionIndex = functionIndex;
    int below = caller == null ? 0 : caller.valuesBelow + caller.values();
    frame.valuesBelow = below;
    frame.operandCount = 0;
    frame.distance = -1;
    requireRoom(below + locals + OPERANDS_AT_FIRST);
    if (params < locals) {
      frame.clear(params, locals);
    }
    store.debugFrame = frame;
    return frame;
  }

  private static DebugFrame make(
      Instance instance, @Nullable DebugFrame caller, int locals, DebugWatch watch) {
    requireRoom((caller == null ? 0 : caller.valuesBelow + caller.values()) + locals);
    DebugFrame frame = new DebugFrame(instance, caller, locals + OPERANDS_AT_FIRST, watch);
    if (locals <= MAX_KEPT_LOCALS && frame.depth <= MAX_KEPT_DEPTH) {
      if (caller == null) {
        instance.store.idleDebugFrame = frame;
      } else {
        caller.idle = frame;
      }
    }
    return frame;
  }

  /// Makes room for locals of other kinds than the last function had.
  private void begin(String kinds) {
    localKinds = kinds;
    highs = kinds.indexOf('V') < 0 ? NO_NUMBERS : new long[kinds.length()];
    references = kinds.indexOf('L') < 0 ? NO_REFERENCES : new Object[kinds.length()];
  }

  private void clear(int from, int to) {
    Arrays.fill(numbers, from, to, 0);
    if (highs.length > 0) {
      Arrays.fill(highs, from, to, 0);
    }
    if (references.length > 0) {
      Arrays.fill(references, from, to, null);
    }
  }

  private int values() {
    return localKinds.length() + operands.length;
  }

  /// Notes that the function returns.
  @CalledByGeneratedCode
  public static void leave(DebugFrame frame) {
    if (frame.references.length > 0) {
      Arrays.fill(frame.references, null);
    }
    if (frame.operandReferences.length > 0) {
      frame.operandReferences = NO_REFERENCES;
    }
    frame.instance.store.debugFrame = frame.caller;
  }

  /// Notes that the function goes on with an exception that it caught.
  @CalledByGeneratedCode
  public static void caught(DebugFrame frame) {
    frame.instance.store.debugFrame = frame;
  }

  /// Notes that the function calls another one.
  ///
  /// @param distance the bytes between the beginning of the body and the instruction
  /// @param operandCount the number of operands
  @CalledByGeneratedCode
  public static void call(DebugFrame frame, int distance, int operandCount) {
    frame.distance = distance;
    frame.operandCount = operandCount;
    frame.firstWritable = operandCount;
  }

  /// The same for a distance of more than 15 bits.
  ///
  /// @param high the bits of the distance above the lowest 15
  @CalledByGeneratedCode
  public static void callFar(DebugFrame frame, int high, int low, int operandCount) {
    call(frame, high << 15 | low, operandCount);
  }

  /// Tells the listener that the function goes on at a position.
  ///
  /// @param distance the bytes between the beginning of the body and the instruction
  /// @param firstWritable the number of operands that the function does not read again from the
  ///   frame
  /// @param operandCount the number of operands
  @CalledByGeneratedCode
  public static void reach(DebugFrame frame, int distance, int firstWritable, int operandCount) {
    frame.distance = distance;
    frame.operandCount = operandCount;
    frame.firstWritable = firstWritable;
    DebugListener listener = frame.watch.owner().listener();
    if (listener != null) {
      StackGuard.probe();
      listener.positionReached(frame);
    }
    // From now on the function may change its operands without a word.
    frame.firstWritable = operandCount;
  }

  /// The same for a distance of more than 15 bits.
  ///
  /// @param high the bits of the distance above the lowest 15
  @CalledByGeneratedCode
  public static void reachFar(
      DebugFrame frame, int high, int low, int firstWritable, int operandCount) {
    reach(frame, high << 15 | low, firstWritable, operandCount);
  }

  // Locals, as far as generated code does not access the arrays itself.

  /// Sets a v128 local.
  @CalledByGeneratedCode
  public static void set(long low, long high, DebugFrame frame, int local) {
    frame.highs[local] = high;
    frame.numbers[local] = low;
  }

  /// Sets a local of reference type.
  @CalledByGeneratedCode
  public static void set(@Nullable Object value, DebugFrame frame, int local) {
    frame.references[local] = value;
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
    if (index >= frame.operandHighs.length) {
      frame.operandHighs = Arrays.copyOf(frame.operandHighs, frame.operands.length);
    }
    frame.operandHighs[index] = high;
  }

  /// Writes an operand of reference type.
  @CalledByGeneratedCode
  public static void setOperand(@Nullable Object value, DebugFrame frame, int index) {
    frame.setNumber(index, 'L', 0);
    if (index >= frame.operandReferences.length) {
      frame.operandReferences = Arrays.copyOf(frame.operandReferences, frame.operands.length);
    }
    frame.operandReferences[index] = value;
  }

  private void setNumber(int index, char kind, long value) {
    if (index >= operands.length) {
      grow(index + 1);
    }
    operandKinds[index] = (byte) kind;
    operands[index] = value;
  }

  private void grow(int count) {
    int length = Math.max(count, 2 * operands.length);
    requireRoom(valuesBelow + localKinds.length() + length);
    operandKinds = Arrays.copyOf(operandKinds, length);
    operands = Arrays.copyOf(operands, length);
  }

  /// {@return an i32 operand}
  @CalledByGeneratedCode
  public static int intOperand(DebugFrame frame, int index) {
    return (int) frame.operands[index];
  }

  /// {@return an i64 operand, or the low half of a v128 operand}
  @CalledByGeneratedCode
  public static long longOperand(DebugFrame frame, int index) {
    return frame.operands[index];
  }

  /// {@return the high half of a v128 operand}
  @CalledByGeneratedCode
  public static long highOperand(DebugFrame frame, int index) {
    return frame.operandHighs[index];
  }

  /// {@return an f32 operand}
  @CalledByGeneratedCode
  public static float floatOperand(DebugFrame frame, int index) {
    return Float.intBitsToFloat((int) frame.operands[index]);
  }

  /// {@return an f64 operand}
  @CalledByGeneratedCode
  public static double doubleOperand(DebugFrame frame, int index) {
    return Double.longBitsToDouble(frame.operands[index]);
  }

  // What debuggers read and write.

  /// {@return the instance whose function runs}
  public Instance instance() {
    return instance;
  }

  /// {@return the next frame outwards, or null if there is none}
  public @Nullable DebugFrame caller() {
    return caller;
  }

  /// {@return how many frames there are outwards}
  public int depth() {
    return depth;
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
    return value(localKinds.charAt(index), index, numbers, highs, references);
  }

  /// Replaces a local.
  ///
  /// @param value of the type that the local was declared with
  /// @throws IndexOutOfBoundsException if there is no such local
  /// @throws IllegalArgumentException if the value is of another type
  public void setLocal(int index, @Nullable Object value) {
    Objects.checkIndex(index, localKinds.length());
    Values.requireType(value, instance.module().localType(functionIndex, index));
    if (localKinds.charAt(index) == 'L') {
      references[index] = value;
    } else if (value instanceof V128(long low, long high)) {
      numbers[index] = low;
      highs[index] = high;
    } else {
      numbers[index] = bits(value);
    }
  }

  /// {@return the number of operands}
  public int operandCount() {
    return operandCount;
  }

  /// {@return an operand, the lowest being 0, in the boxed form that function calls use; in the
  /// frame of a caller the arguments of its call are still there}
  public @Nullable Object operand(int index) {
    Objects.checkIndex(index, operandCount);
    return value((char) operandKinds[index], index, operands, operandHighs, operandReferences);
  }

  /// {@return whether an operand can be replaced: one of the topmost ones of the innermost frame,
  /// and not a reference, whose type nobody knows}
  public boolean isOperandWritable(int index) {
    Objects.checkIndex(index, operandCount);
    return index >= firstWritable && operandKinds[index] != 'L';
  }

  /// Replaces an operand.
  ///
  /// @throws IndexOutOfBoundsException if there is no such operand
  /// @throws IllegalStateException unless [#isOperandWritable]
  /// @throws IllegalArgumentException if the value is not of the operand's type
  public void setOperand(int index, @Nullable Object value) {
    if (!isOperandWritable(index)) {
      throw new IllegalStateException("operand " + index + " cannot be replaced here");
    }
    char kind = (char) operandKinds[index];
    boolean isOfKind =
        switch (kind) {
          case 'I' -> value instanceof Integer;
          case 'J' -> value instanceof Long;
          case 'F' -> value instanceof Float;
          case 'D' -> value instanceof Double;
          default -> value instanceof V128;
        };
    if (!isOfKind) {
      throw new IllegalArgumentException("type mismatch: operand " + index + " is of kind " + kind);
    }
    if (value instanceof V128(long low, long high)) {
      operands[index] = low;
      operandHighs[index] = high;
    } else {
      operands[index] = bits(value);
    }
  }

  private static long bits(@Nullable Object value) {
    return switch (value) {
      case Integer number -> number;
      case Long number -> number;
      case Float number -> Float.floatToRawIntBits(number);
      case Double number -> Double.doubleToRawLongBits(number);
      case null, default -> throw new IllegalArgumentException("not a number: " + value);
    };
  }

  private static @Nullable Object value(
      char kind, int index, long[] numbers, long[] highs, @Nullable Object[] references) {
    return switch (kind) {
      case 'I' -> (Object) (int) numbers[index];
      case 'J' -> numbers[index];
      case 'F' -> Float.intBitsToFloat((int) numbers[index]);
      case 'D' -> Double.longBitsToDouble(numbers[index]);
      case 'V' -> new V128(numbers[index], highs[index]);
      default -> references[index];
    };
  }
}
