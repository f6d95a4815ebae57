package dev.cloister.engine.codegen;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where a JVM method has the parameters, the instance and the Wasm locals: in local variables, or
/// in the elements of two arrays, one of numbers and one of references, which all methods of a
/// function share.
final class SlotLayout {
  private static final String NUMBERS = "[J";
  private static final String REFERENCES = "[Ljava/lang/Object;";

  /// The descriptor of the arrays as the last arguments of a method.
  static final String ARRAYS_DESC = NUMBERS + REFERENCES;

  private final int[] slots;
  private final FrameArrays arrays;
  private final List<Object> frame = new ArrayList<>();

  /// Made when it is asked for.
  private int @Nullable [] localsBySlot;

  private int instanceSlot;
  private int arraysSlot = -1;
  private int exitSlot = -1;
  private int debugFrameSlot = -1;
  private int debugLocalsSlot = -1;
  private int end;

  private SlotLayout(FrameArrays arrays, int localCount) {
    this.arrays = arrays;
    slots = new int[localCount];
    Arrays.fill(slots, -1);
  }

  /// What is in the elements of the arrays: the framed locals, exceptions that may be thrown again,
  /// then pending operands. A vector takes two elements, the low half first.
  ///
  /// One object a function, which learns while the function is written how long they must be.
  static final class FrameArrays {
    private final int[] indices;
    private final int firstCaught;
    private final int caught;
    private final int firstNumber;
    private final int firstReference;
    private int numbers;
    private int references;

    /// @param locals the letters of all Wasm locals
    /// @param framed those that are in the arrays
    /// @param caught the number of frames that keep there what they have caught
    FrameArrays(String locals, BitSet framed, int caught) {
      indices = new int[locals.length()];
      Arrays.fill(indices, -1);
      for (int i = framed.nextSetBit(0); i >= 0; i = framed.nextSetBit(i + 1)) {
        JvmKind kind = JvmKind.of(locals.charAt(i));
        if (kind == JvmKind.REF) {
          indices[i] = references++;
        } else {
          indices[i] = numbers;
          numbers += kind.resultSlots();
        }
      }
      firstCaught = references;
      this.caught = caught;
      references += caught;
      firstNumber = numbers;
      firstReference = references;
    }

    private int operandIndex(JvmKind kind, int words) {
      if (kind == JvmKind.REF) {
        references = Math.max(references, firstReference + words + 1);
        return firstReference + words;
      }
      numbers = Math.max(numbers, firstNumber + words + kind.resultSlots());
      return firstNumber + words;
    }

    /// {@return the number of elements that the array of numbers needs so far}
    int numbers() {
      return numbers;
    }

    /// {@return the number of elements that the array of references needs so far}
    int references() {
      return references;
    }
  }

  /// {@return the layout of a whole function: parameters, instance, arrays, other locals}
  ///
  /// @param arrays what is in the arrays
  /// @param locals the letters of all Wasm locals, parameters first
  /// @param shape that of the function
  /// @param split how the function is divided
  static SlotLayout ofFunction(
      FrameArrays arrays, String locals, CallShape shape, SplitPlan split) {
    SlotLayout layout = new SlotLayout(arrays, locals.length());
    int stackParams = shape.stackParams();
    for (int i = 0; i < stackParams; i++) {
      int slot = layout.add(shape.param(i));
      // A vector that is passed as two longs and used as one object has another variable for that.
      boolean isThere = shape.param(i) == JvmKind.of(locals.charAt(i));
      layout.slots[i] = isThere && !split.framed().get(i) ? slot : -1;
    }
    layout.addInstance(split.hasFrame());
    for (int i = 0; i < locals.length(); i++) {
      if (layout.slots[i] < 0 && !split.framed().get(i)) {
        layout.slots[i] = layout.add(JvmKind.of(locals.charAt(i)));
      }
    }
    if (split.isDivided()) {
      layout.exitSlot = layout.add(JvmKind.INT);
    }
    return layout;
  }

  /// {@return the layout of a whole function that keeps its locals in a debug frame: only the
  /// parameters are passed in variables}
  static SlotLayout ofDebuggableFunction(
      FrameArrays arrays, String locals, CallShape shape, SplitPlan split) {
    SlotLayout layout = new SlotLayout(arrays, locals.length());
    for (int i = 0; i < shape.stackParams(); i++) {
      layout.slots[i] = layout.add(JvmKind.of(locals.charAt(i)));
    }
    layout.addInstance(split.hasFrame());
    layout.addDebugFrame();
    if (split.isDivided()) {
      layout.exitSlot = layout.add(JvmKind.INT);
    }
    layout.addDebugState();
    return layout;
  }

  /// {@return the layout of a region of a function that keeps its locals in a debug frame: debug
  /// frame, instance, arrays, exit code}
  static SlotLayout ofDebuggableRegion(FrameArrays arrays, int localCount) {
    SlotLayout layout = new SlotLayout(arrays, localCount);
    layout.addDebugFrame();
    layout.addInstance(/* hasArrays= */ true);
    layout.exitSlot = layout.add(JvmKind.INT);
    layout.addDebugState();
    return layout;
  }

  /// {@return the layout of a region: the locals that are its arguments, instance, arrays, exit
  /// code, the other locals that it uses}
  ///
  /// @param locals the letters of all Wasm locals
  /// @param used the locals that the region reads or writes and that are local variables
  /// @param passed those of them that it gets from its caller
  static SlotLayout ofRegion(FrameArrays arrays, String locals, BitSet used, BitSet passed) {
    SlotLayout layout = new SlotLayout(arrays, locals.length());
    BitSet arguments = arguments(locals, passed);
    for (int i = arguments.nextSetBit(0); i >= 0; i = arguments.nextSetBit(i + 1)) {
      layout.slots[i] = layout.add(JvmKind.of(locals.charAt(i)));
    }
    layout.addInstance(/* hasArrays= */ true);
    layout.exitSlot = layout.add(JvmKind.INT);
    for (int i = used.nextSetBit(0); i >= 0; i = used.nextSetBit(i + 1)) {
      if (!arguments.get(i)) {
        layout.slots[i] = layout.add(JvmKind.of(locals.charAt(i)));
      }
    }
    return layout;
  }

  /// {@return a slot for each of some values, one behind the other from `first` on}
  ///
  /// @param kinds the letters of the values
  static int[] consecutive(int first, String kinds) {
    int[] slots = new int[kinds.length()];
    int next = first;
    for (int i = 0; i < slots.length; i++) {
      slots[i] = next;
      next += JvmKind.of(kinds.charAt(i)).slots();
    }
    return slots;
  }

  /// {@return which of the locals that a region gets are arguments of its method: the first ones;
  /// see [CallShape#MAX_PARAM_VALUES]}
  static BitSet arguments(String locals, BitSet passed) {
    BitSet arguments = new BitSet();
    int values = 0;
    for (int i = passed.nextSetBit(0); i >= 0; i = passed.nextSetBit(i + 1)) {
      values += JvmKind.of(locals.charAt(i)).resultSlots();
      if (values > CallShape.MAX_PARAM_VALUES) {
        break;
      }
      arguments.set(i);
    }
    return arguments;
  }

  private int add(JvmKind kind) {
    int slot = end;
    kind.addFrameTypes(frame);
    end += kind.slots();
    return slot;
  }

  private void addInstance(boolean hasArrays) {
    instanceSlot = end++;
    frame.add(Names.INSTANCE);
    if (hasArrays) {
      arraysSlot = end;
      end += 2;
      frame.add(NUMBERS);
      frame.add(REFERENCES);
    }
  }

  private void addDebugFrame() {
    debugFrameSlot = end++;
    frame.add(Names.DEBUG_FRAME);
  }

  /// Reserves variables for what debuggable code reads of its frame again and again: the array of
  /// the locals, then the switch.
  private void addDebugState() {
    debugLocalsSlot = end;
    end += 2;
    frame.add(NUMBERS);
    frame.add(Names.DEBUG_WATCH);
  }

  /// {@return the slot of a Wasm local, or -1 if the method does not have it in a local variable}
  int slot(int local) {
    return slots[local];
  }

  /// {@return the Wasm local in a slot, or -1}
  int localAt(int slot) {
    if (localsBySlot == null) {
      localsBySlot = new int[end];
      Arrays.fill(localsBySlot, -1);
      for (int i = 0; i < slots.length; i++) {
        if (slots[i] >= 0) {
          localsBySlot[slots[i]] = i;
        }
      }
    }
    return slot < localsBySlot.length ? localsBySlot[slot] : -1;
  }

  /// {@return whether a Wasm local is an element of an array}
  boolean isFramed(int local) {
    return arrays.indices[local] >= 0;
  }

  /// {@return the element in which a framed Wasm local is}
  int frameIndex(int local) {
    return arrays.indices[local];
  }

  /// {@return the element for an operand}
  ///
  /// @param words the words that the operands of the function below it would take on a JVM stack
  int operandIndex(JvmKind kind, int words) {
    return arrays.operandIndex(kind, words);
  }

  /// {@return whether the exceptions that frames have caught are in the array of references, too}
  boolean keepsCaught() {
    return arrays.caught > 0;
  }

  /// {@return the element for the exception that a frame has caught}
  int caughtIndex(ControlFrame frame) {
    return arrays.firstCaught + frame.index;
  }

  /// {@return the slot of the array with values of a kind}
  int arraySlot(JvmKind kind) {
    if (arraysSlot < 0) {
      throw new IllegalStateException("the method has no frame arrays");
    }
    return kind == JvmKind.REF ? arraysSlot + 1 : arraysSlot;
  }

  int instanceSlot() {
    return instanceSlot;
  }

  /// {@return where the debug frame is, or -1}
  int debugFrameSlot() {
    return debugFrameSlot;
  }

  /// {@return the number of variables that hold something where the function begins}
  ///
  /// @param shape that of the function
  int frameSizeAtStart(CallShape shape) {
    return shape.frameTypes().size() + (arraysSlot < 0 ? 1 : 3);
  }

  /// {@return where the array of the debug frame's locals is; the watch is behind it}
  int debugLocalsSlot() {
    return debugLocalsSlot;
  }

  /// {@return where the code of the exit is that a region takes or took, or -1}
  int exitSlot() {
    return exitSlot;
  }

  /// {@return the types of all these variables, as ASM writes them}
  List<Object> frame() {
    return frame;
  }

  /// {@return the first local variable behind}
  int end() {
    return end;
  }
}
