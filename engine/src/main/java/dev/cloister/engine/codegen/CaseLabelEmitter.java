package dev.cloister.engine.codegen;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Opcodes;

/// Writes opaque copies of locals where the cases of a big switch begin.
final class CaseLabelEmitter {
  /*
   * The cases of an interpreter's switch compute similar things: operand fields of the current
   * instruction, addresses in the frame. C2 merges expressions that are equal in two cases and
   * places them above the jump table, where all of them are computed and spilled at every dispatch.
   * So each case works on its own copies, `x ^ zero` with a field that is always 0, which C2 cannot
   * know; then no two cases have equal expressions. Only what [CaseExpressions] names is copied.
   *
   * The copies are read until the block that the case is in ends; assignments go to both.
   */
  private final MethodState state;
  private final BytecodeWriter writer;
  private final FunctionContext context;
  private final SplitPlan.@Nullable Region region;

  /// Found when the first case is written.
  private @Nullable CaseExpressions expressions;

  /// @param region the region that the method is, if it is one
  CaseLabelEmitter(
      MethodState state, FunctionContext context, SplitPlan.@Nullable Region region) {
    this.state = state;
    this.writer = state.writer;
    this.context = context;
    this.region = region;
  }

  /// Writes the copies for the code from a module offset to the end of the current frame.
  void emit(int from) {
    CaseExpressions known = expressions;
    if (known == null) {
      known = CaseExpressions.of(context, region, state);
      expressions = known;
    }
    BitSet locals = known.locals(from);
    if (locals.isEmpty()) {
      return;
    }
    // Nothing may be taken from before: the fence makes C2 read the zero anew.
    writer.invokestatic(Names.VAR_HANDLE, "acquireFence", "()V");
    state.instance.writeInstance();
    writer.getfield(Names.BASE_INSTANCE, "zero", "I");
    writer.store(JvmKind.INT, state.scratchAddress);
    for (int local = locals.nextSetBit(0); local >= 0; local = locals.nextSetBit(local + 1)) {
      JvmKind kind = state.localKind(local);
      writer.load(kind, state.localSlot(local));
      writer.load(JvmKind.INT, state.scratchAddress);
      if (kind == JvmKind.LONG) {
        writer.insn(Opcodes.I2L);
        writer.insn(Opcodes.LXOR);
      } else {
        writer.insn(Opcodes.IXOR);
      }
      writer.store(kind, state.alias(local));
    }
  }
}
