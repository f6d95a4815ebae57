package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.CatchKind;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.types.FuncType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;

/// Writes exceptions (Spec 4.6.3) and the older encoding of their handlers, which
/// [exception-handling](https://github.com/WebAssembly/exception-handling) calls legacy.
final class ExceptionEmitter {
  /*
   * A Wasm exception is a Java exception of a class of its own, so what JVM handlers for that class
   * catch is just what Wasm's handlers may: no traps, stack overflows, stops or faults of the host.
   * Values of exceptions travel in the result slots, from 1, on their way in and out.
   *
   * All operands that are pending at the start of a block with handlers are in local variables, as
   * at any block, so they are still there when the JVM has thrown its stack away. A handler begins
   * with the caught exception in a local variable of the frame, and reads the memory anew.
   *
   * What a region within such a block wrote to locals before it threw must be seen by the handler:
   * the region catches the exception, and leaves by an exit behind which the caller throws it
   * again. See RegionExits for the exits of exceptions. Where a function is divided, exceptions
   * that blocks have caught and that may be thrown again are in the frame arrays, too.
   */
  /// A catch clause of `try_table`.
  ///
  /// @param tag the tag, for kinds that have one
  record Clause(CatchKind kind, int tag, ControlFrame target) {}

  /// The result slot of the first value of an exception.
  private static final int FIRST_SLOT = 1;

  private final MethodState state;
  private final BytecodeWriter writer;
  private final ControlEmitter control;
  private final @Nullable RegionExits exits;

  /// @param exits how the method of a region is left, or null in a function
  ExceptionEmitter(MethodState state, ControlEmitter control, @Nullable RegionExits exits) {
    this.state = state;
    this.writer = state.writer;
    this.control = control;
    this.exits = exits;
  }

  // Throwing.

  /// Writes `throw`.
  void throwTag(int tag) {
    state.flush();
    String values = values(tag);
    CallEmitter.leaveResults(writer, state.instanceSlot, FIRST_SLOT, values);
    state.instance.writeInstance();
    writer.iconst(tag);
    writer.invokestatic(
        Names.THROWN, "create", "(" + Names.BASE_INSTANCE_DESC + "I)" + Names.THROWN_DESC);
    writer.insn(Opcodes.ATHROW);
    state.isReachable = false;
  }

  /// Writes `throw_ref`.
  void throwReference() {
    state.flush();
    writer.invokestatic(Names.THROWN, "nonNull", "(Ljava/lang/Object;)" + Names.THROWN_DESC);
    writer.insn(Opcodes.ATHROW);
    state.isReachable = false;
  }

  private String values(int tag) {
    return CallShape.of((FuncType) state.module.tagType(tag).type().composite()).params();
  }

  // Handlers.

  /// Writes the start of `try_table`.
  void tryTable(InstructionReader reader) {
    List<Clause> clauses = new ArrayList<>();
    for (int i = 0; i < reader.catchCount(); i++) {
      ControlFrame target = control.target(reader.catchLabel(i));
      clauses.add(new Clause(reader.catchKind(i), reader.catchTag(i), target));
    }
    ControlFrame frame = control.block(reader);
    if (!clauses.isEmpty()) {
      frame.kind = ControlFrame.Kind.TRY;
      frame.clauses = clauses;
      frame.protection = new Protection(writer);
    }
  }

  /// Writes the end of a block with handlers, if the current one is.
  ///
  /// @return whether it is
  boolean end(InstructionReader reader) {
    ControlFrame frame = state.current();
    if (frame.kind == ControlFrame.Kind.TRY && !frame.clauses.isEmpty()) {
      control.jumpToEnd(frame);
      if (beginHandler(frame)) {
        writeClauses(frame);
      }
    } else if (frame.kind == ControlFrame.Kind.CATCH) {
      endClause(frame);
      writeThrowOfCaught(frame);
    } else {
      return false;
    }
    state.isReachable = false;
    control.leave(frame, reader);
    return true;
  }

  /// Begins what a frame does with exceptions: the caught one is in a local variable from here on.
  ///
  /// @return whether any can come
  private boolean beginHandler(ControlFrame frame) {
    frame.kind = ControlFrame.Kind.CATCH;
    Protection protection = protection(frame);
    protection.toggle();
    if (!protection.write()) {
      return false;
    }
    state.restart(frame);
    state.writeHandler(protection.handler);
    int slot = frame.firstFreeSlot++;
    writer.store(JvmKind.REF, slot);
    state.beginCaught(frame, slot);
    if (state.isDebuggable()) {
      state.debug.caught();
    }
    state.instance.reloadMemory();
    return true;
  }

  private static Protection protection(ControlFrame frame) {
    Protection protection = frame.protection;
    if (protection == null) {
      throw new IllegalStateException("not a block with handlers");
    }
    return protection;
  }

  private void writeClauses(ControlFrame frame) {
    for (Clause clause : frame.clauses) {
      Label next = new Label();
      String values = "";
      if (clause.kind().hasTag()) {
        writeMatch(frame, clause.tag(), next);
        values = values(clause.tag());
      }
      pushValues(frame, values);
      if (clause.kind().hasReference()) {
        writer.aload(frame.caughtSlot);
        state.pushOnStack(JvmKind.REF);
      }
      control.writeBranch(clause.target());
      state.restart(frame);
      if (!clause.kind().hasTag()) {
        return;
      }
      state.writeLabel(next);
    }
    writer.aload(frame.caughtSlot);
    writer.insn(Opcodes.ATHROW);
  }

  /// Jumps to `otherwise` unless the caught exception has a tag.
  private void writeMatch(ControlFrame frame, int tag, Label otherwise) {
    writer.aload(frame.caughtSlot);
    state.instance.writeInstance();
    writer.iconst(tag);
    writer.invokestatic(
        Names.THROWN, "matches", "(" + Names.THROWN_DESC + Names.BASE_INSTANCE_DESC + "I)Z");
    writer.jump(Opcodes.IFEQ, otherwise);
  }

  /// Pushes the values of the caught exception.
  private void pushValues(ControlFrame frame, String values) {
    if (values.isEmpty()) {
      return;
    }
    writer.aload(frame.caughtSlot);
    state.instance.writeInstance();
    writer.invokestatic(
        Names.THROWN, "leaveValues", "(" + Names.THROWN_DESC + Names.BASE_INSTANCE_DESC + ")V");
    CallEmitter.readResults(writer, state.instanceSlot, FIRST_SLOT, values);
    state.pushOnStack(values);
  }

  // The older encoding.

  /// Writes the start of `try`.
  void legacyTry(InstructionReader reader) {
    ControlFrame frame = control.block(reader);
    frame.kind = ControlFrame.Kind.TRY;
    frame.protection = new Protection(writer);
  }

  /// Writes `catch`.
  void legacyCatch(int tag) {
    ControlFrame frame = state.current();
    if (beginClause(frame)) {
      Label next = new Label();
      frame.nextClause = next;
      writeMatch(frame, tag, next);
      pushValues(frame, values(tag));
    }
  }

  /// Writes `catch_all`.
  void legacyCatchAll() {
    beginClause(state.current());
  }

  /// {@return whether any exception can come to the clause}
  private boolean beginClause(ControlFrame frame) {
    if (frame.kind == ControlFrame.Kind.TRY) {
      control.jumpToEnd(frame);
      state.isReachable = beginHandler(frame);
    } else {
      endClause(frame);
      state.isReachable = frame.caughtSlot >= 0;
    }
    return state.isReachable;
  }

  /// Ends a clause; what it does not catch goes on here.
  private void endClause(ControlFrame frame) {
    control.jumpToEnd(frame);
    state.restart(frame);
    Label next = frame.nextClause;
    if (next != null) {
      state.writeLabel(next);
    }
  }

  /// Throws the exception again that no clause caught, if the last one is not for all.
  private void writeThrowOfCaught(ControlFrame frame) {
    if (frame.nextClause != null) {
      writer.aload(frame.caughtSlot);
      writer.insn(Opcodes.ATHROW);
    }
  }

  /// Writes `rethrow`.
  void rethrow(int depth) {
    ControlFrame frame = control.target(depth);
    if (state.isOuter(frame)) {
      state.loadOuterCaught(frame);
    } else {
      writer.aload(frame.caughtSlot);
    }
    writer.insn(Opcodes.ATHROW);
    state.isReachable = false;
  }

  /// Writes `delegate`, which ends a `try`: its exceptions are thrown again as if by the block that
  /// the label names.
  void delegate(InstructionReader reader) {
    ControlFrame frame = state.current();
    control.jumpToEnd(frame);
    int target = state.control.size() - 2 - reader.index();
    if (beginHandler(frame)) {
      writer.aload(frame.caughtSlot);
      throwWithin(target);
    }
    state.isReachable = false;
    control.leave(frame, reader);
  }

  /// Throws the exception on the JVM stack, alone there, to the handlers of a frame and of those
  /// around it: not to those within.
  ///
  /// @param frame the index of the frame
  void throwWithin(int frame) {
    List<Protection> passed = new ArrayList<>();
    for (ControlFrame inner : state.control.subList(frame + 1, state.control.size())) {
      if (inner.kind == ControlFrame.Kind.TRY && state.isOuter(inner)) {
        exits().throwWithin(frame);
        return;
      }
      if (inner.kind == ControlFrame.Kind.TRY) {
        passed.add(protection(inner));
      }
    }
    passed.forEach(Protection::toggle);
    writer.insn(Opcodes.ATHROW);
    passed.forEach(Protection::toggle);
  }

  // Regions.

  /// {@return whether exceptions that are thrown here have handlers in the function}
  boolean isProtected() {
    return state.control.stream().anyMatch(frame -> frame.kind == ControlFrame.Kind.TRY);
  }

  /// Leaves a region whose code ends here by its exit for exceptions if one is thrown in the code.
  void catchForCaller(Protection code) {
    code.toggle();
    if (code.write()) {
      state.restart(state.current());
      state.writeHandler(code.handler);
      exits().threw();
    }
  }

  /// Goes on, in the caller, with an exception that left a region by an exit.
  ///
  /// The operands that the exit carries are on the JVM stack.
  void goOn(RegionExits.Exit exit) {
    switch (exit.kind()) {
      case THREW -> {
        writer.checkcast(Names.THROWN);
        writer.insn(Opcodes.ATHROW);
      }
      case THREW_WITHIN -> {
        writer.checkcast(Names.THROWN);
        throwWithin(exit.frame());
      }
      case TAIL_CALL -> throw new IllegalStateException("not of an exception");
    }
  }

  private RegionExits exits() {
    if (exits == null) {
      throw new IllegalStateException("an exit outside of a region");
    }
    return exits;
  }
}
