package dev.cloister.engine.codegen;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which local variables of a JVM method hold the parameters, the instance and the Wasm locals.
final class SlotLayout {
  private final int[] slots;
  private final List<Object> frame = new ArrayList<>();
  private int instanceSlot;
  private int exitSlot = -1;
  private int debugFrameSlot = -1;
  private int[] operandSlots = {};

  /// Made when it is asked for.
  private int @Nullable [] localsBySlot;

  private String operandKinds = "";
  private int[] caughtSlots = {};
  private int end;

  private SlotLayout(int localCount) {
    slots = new int[localCount];
    Arrays.fill(slots, -1);
  }

  /// {@return the layout of a whole function: parameters, instance, other locals}
  ///
  /// @param locals the letters of all Wasm locals, parameters first
  /// @param callsRegions whether parts of the function are methods of their own
  static SlotLayout ofFunction(String locals, int params, boolean callsRegions) {
    SlotLayout layout = new SlotLayout(locals.length());
    for (int i = 0; i < params; i++) {
      layout.slots[i] = layout.add(JvmKind.of(locals.charAt(i)));
    }
    layout.addInstance();
    for (int i = params; i < locals.length(); i++) {
      layout.slots[i] = layout.add(JvmKind.of(locals.charAt(i)));
    }
    if (callsRegions) {
      layout.exitSlot = layout.add(JvmKind.INT);
    }
    return layout;
  }

  /// {@return the layout of a whole function that keeps its locals in a debug frame: only the
  /// parameters are passed in variables}
  ///
  /// @param params the letters of the parameters
  /// @param callsRegions whether parts of the function are methods of their own
  static SlotLayout ofDebuggableFunction(String locals, int params, boolean callsRegions) {
    SlotLayout layout = new SlotLayout(locals.length());
    for (int i = 0; i < params; i++) {
      layout.slots[i] = layout.add(JvmKind.of(locals.charAt(i)));
    }
    layout.addInstance();
    layout.addDebugFrame();
    if (callsRegions) {
      layout.exitSlot = layout.add(JvmKind.INT);
    }
    return layout;
  }

  /// {@return the layout of a region: the locals that it uses, pending operands, caught exceptions,
  /// instance, exit code}
  ///
  /// @param locals the letters of all Wasm locals
  /// @param used the locals that the region reads or writes
  /// @param operands the letters of the operands that are pending where it begins
  /// @param caught the number of exceptions that it is given
  static SlotLayout ofRegion(String locals, BitSet used, String operands, int caught) {
    SlotLayout layout = new SlotLayout(locals.length());
    for (int i = used.nextSetBit(0); i >= 0; i = used.nextSetBit(i + 1)) {
      layout.slots[i] = layout.add(JvmKind.of(locals.charAt(i)));
    }
    layout.addOperands(operands, caught);
    layout.addInstance();
    layout.exitSlot = layout.add(JvmKind.INT);
    return layout;
  }

  /// {@return the layout of a region of a function that keeps its locals in a debug frame: pending
  /// operands, caught exceptions, debug frame, instance, exit code}
  ///
  /// @param localCount the number of Wasm locals
  /// @param operands the letters of the operands that are pending where it begins
  /// @param caught the number of exceptions that it is given
  static SlotLayout ofDebuggableRegion(int localCount, String operands, int caught) {
    SlotLayout layout = new SlotLayout(localCount);
    layout.addOperands(operands, caught);
    layout.addDebugFrame();
    layout.addInstance();
    layout.exitSlot = layout.add(JvmKind.INT);
    return layout;
  }

  private void addOperands(String operands, int caught) {
    operandKinds = operands;
    operandSlots = new int[operands.length()];
    for (int i = 0; i < operands.length(); i++) {
      operandSlots[i] = add(JvmKind.of(operands.charAt(i)));
    }
    caughtSlots = new int[caught];
    for (int i = 0; i < caught; i++) {
      caughtSlots[i] = add(JvmKind.REF);
    }
  }

  private int add(JvmKind kind) {
    int slot = end;
    kind.addFrameTypes(frame);
    end += kind.slots();
    return slot;
  }

  private void addInstance() {
    instanceSlot = end++;
    frame.add(Names.INSTANCE);
  }

  private void addDebugFrame() {
    debugFrameSlot = end++;
    frame.add(Names.DEBUG_FRAME);
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

  /// {@return the slot of a Wasm local, or -1 if the method does not have it}
  int slot(int local) {
    return slots[local];
  }

  int instanceSlot() {
    return instanceSlot;
  }

  /// {@return where the debug frame is, or -1}
  int debugFrameSlot() {
    return debugFrameSlot;
  }

  /// {@return where the code of the exit is that a region takes or took, or -1}
  int exitSlot() {
    return exitSlot;
  }

  /// {@return where the operands are that were pending before a region}
  int[] operandSlots() {
    return operandSlots;
  }

  /// {@return where the exceptions are that frames around a region have caught}
  int[] caughtSlots() {
    return caughtSlots;
  }

  JvmKind operandKind(int index) {
    return JvmKind.of(operandKinds.charAt(index));
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
