package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.types.ValueType;
import java.util.Arrays;
import java.util.List;

/// The blocks that are open at one point of a body, the outermost being the body itself (Spec
/// A.3.1, the control stack). It keeps the operand stack and the initialized locals in step.
final class ControlStack {

  private static final int INITIAL_CAPACITY = 16;

  private final CodeState state;
  private final WasmLimits limits;
  private ControlFrame[] frames;
  private int depth;

  ControlStack(CodeState state, WasmLimits limits) {
    this.state = state;
    this.limits = limits;
    this.frames =
        newFrames(
            new ControlFrame[0],
            (int) Math.min(INITIAL_CAPACITY, limits.allowed(WasmLimit.NESTING)));
  }

  void clear() {
    depth = 0;
  }

  int depth() {
    return depth;
  }

  ControlFrame innermost() {
    return frames[depth - 1];
  }

  ControlFrame outermost() {
    return frames[0];
  }

  /// Opens a block, whose parameters are on the operand stack no more, and pushes them.
  void push(Opcode opcode, List<ValueType> params, List<ValueType> results) {
    push(opcode, params, results, params);
  }

  /// Opens a block whose operand stack starts as `operands`.
  void push(
      Opcode opcode, List<ValueType> params, List<ValueType> results, List<ValueType> operands) {
    if (depth == frames.length) {
      limits.check(WasmLimit.NESTING, depth + 1L, state.offset());
      long allowed = limits.allowed(WasmLimit.NESTING);
      frames = newFrames(frames, (int) Math.min(depth * 2L + 1, allowed));
    }
    if (depth > 0) {
      innermost().isPolymorphic = state.operands.isPolymorphic();
    }
    ControlFrame frame = frames[depth++];
    frame.opcode = opcode;
    frame.params = params;
    frame.results = results;
    frame.operandHeight = state.operands.height();
    frame.initializedLocals = state.locals.initializedCount();
    state.operands.enter(frame.operandHeight, /* isPolymorphic= */ false);
    state.operands.pushAll(operands);
  }

  /// Closes the innermost block, whose results must be on the operand stack, and pops them. The
  /// frame is valid until the next push.
  ControlFrame pop() {
    ControlFrame frame = innermost();
    state.operands.popBlockResults(frame.results);
    state.locals.forgetInitializedAfter(frame.initializedLocals);
    depth--;
    if (depth > 0) {
      ControlFrame outer = innermost();
      state.operands.enter(outer.operandHeight, outer.isPolymorphic);
    }
    return frame;
  }

  /// Returns the frame that `label` means, counted from the innermost.
  ControlFrame label(int label) {
    if (Integer.compareUnsigned(label, depth) >= 0) {
      throw state.invalid(
          "unknown label " + Integer.toUnsignedString(label) + ", nesting depth is " + depth);
    }
    return frames[depth - 1 - label];
  }

  private static ControlFrame[] newFrames(ControlFrame[] known, int length) {
    ControlFrame[] frames = Arrays.copyOf(known, length);
    for (int i = known.length; i < length; i++) {
      frames[i] = new ControlFrame();
    }
    return frames;
  }
}
