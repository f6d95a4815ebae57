package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.runtime.CodeKind;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Compiles one validated function to one JVM method, in a single pass over its instructions.
///
/// The method is static, named `f` and the function's index, and takes the parameters and the
/// instance. The exemplar is Wasmtime's Winch: a visitor over an abstract stack that knows where
/// each operand is.
final class FunctionCompiler {
  private final FunctionContext context;
  private final InstructionReader reader;
  private final BytecodeWriter writer;
  private final MethodState state;
  private final NumericEmitter numerics;
  private final WideEmitter wides;
  private final VectorEmitter vectors;
  private final VectorMemoryEmitter vectorMemories;
  private final MemoryEmitter memories;
  private final AtomicEmitter atomics;
  private final CallEmitter calls;
  private final TailCallEmitter tailCalls;
  private final VariableEmitter variables;
  private final ReferenceEmitter references;
  private final GcEmitter structures;
  private final ArrayEmitter arrays;
  private final CastEmitter casts;
  private final ControlEmitter control;
  private final FuelEmitter fuel;
  private final ExceptionEmitter exceptions;

  /// The region that this method is, if it is one.
  private SplitPlan.@Nullable Region current;

  /// The number of blocks that were opened in code that cannot be reached.
  private int skippedBlocks;

  private FunctionCompiler(
      FunctionContext context, MethodState state, @Nullable RegionExits exits, int codeEnd) {
    this.context = context;
    this.reader = context.reader;
    this.state = state;
    this.writer = state.writer;
    this.numerics = new NumericEmitter(state);
    this.wides = new WideEmitter(state);
    this.memories = new MemoryEmitter(state);
    this.atomics = new AtomicEmitter(state);
    this.vectors = new VectorEmitter(state);
    this.vectorMemories = new VectorMemoryEmitter(state, memories);
    this.calls = new CallEmitter(state);
    this.tailCalls = new TailCallEmitter(state, context.functionIndex, exits);
    this.variables = new VariableEmitter(state);
    this.references = new ReferenceEmitter(state);
    this.structures = new GcEmitter(state);
    this.arrays = new ArrayEmitter(state);
    this.casts = new CastEmitter(state);
    this.control = new ControlEmitter(state, calls, exits, context.countedLoops, codeEnd);
    this.fuel = new FuelEmitter(state);
    this.exceptions = new ExceptionEmitter(state, control, exits);
  }

  /// Writes a function's method, and those of its regions, into a class.
  ///
  /// @param split which parts become methods of their own
  /// @throws CodeLimitException if it cannot be expressed in JVM methods
  static void compile(
      CodeKind kind, ModulePlan plan, int functionIndex, SplitPlan split, ClassVisitor target) {
    FunctionContext context = new FunctionContext(kind, plan, functionIndex, split, target);
    CallShape shape = context.shape;
    if (shape.paramSlots() > CallShape.MAX_PARAM_SLOTS) {
      throw new CodeLimitException(
          "parameter slots", shape.paramSlots(), CallShape.MAX_PARAM_SLOTS);
    }
    MethodVisitor method =
        begin(target, Names.function(functionIndex), shape.descriptor(Names.INSTANCE_DESC));
    BodyScan scan =
        BodyScan.of(plan.module(), context.reader.position(), plan.module().bodyEnd(functionIndex));
    MethodState state =
        new MethodState(
            new BytecodeWriter(method),
            plan,
            shape,
            context.locals,
            context.slots(),
            /* operandBase= */ 0,
            context.cachesMemory(scan),
            context.analysis);
    FunctionCompiler compiler =
        new FunctionCompiler(
            context, state, /* exits= */ null, plan.module().bodyEnd(functionIndex));
    boolean makesTailCalls = plan.module().makesTailCalls(functionIndex);
    state.writeProlog(
        functionIndex, context.locals, /* isTarget= */ makesTailCalls && !state.isDebuggable());
    if (scan.calls()) {
      compiler.control.writeStopCheck();
    }
    while (!state.control.isEmpty()) {
      compiler.step();
    }
    state.writer.endLines();
    ClassFiles.end(method);
    if (makesTailCalls) {
      TailCallEmitter.writeEntry(plan, functionIndex, target);
    }
  }

  private static MethodVisitor begin(ClassVisitor target, String name, String descriptor) {
    MethodVisitor method =
        target.visitMethod(Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC, name, descriptor, null, null);
    method.visitCode();
    return method;
  }

  private void step() {
    if (state.isReachable) {
      SplitPlan.Region region = context.split.regionAt(reader.position(), current);
      if (region != null) {
        callRegion(region);
        return;
      }
    }
    Integer cost = context.fuel.costAt(reader.position());
    if (cost != null) {
      context.sites++;
      if (state.isReachable) {
        writer.line(context.sites);
        fuel.charge(cost);
      }
    }
    if (state.isReachable) {
      if (control.isAtTail(reader.position())) {
        control.endCounting();
        for (int i = 0; i < CountedLoop.TAIL_INSTRUCTIONS; i++) {
          reader.next();
        }
        return;
      }
    }
    Opcode opcode = reader.next();
    if (Sites.isSite(opcode)) {
      context.sites++;
      if (state.isReachable) {
        writer.line(context.sites);
      }
    }
    if (state.isReachable) {
      if (state.isDebuggable() && DebugEmitter.isPosition(opcode)) {
        state.debug.position(reader.offset() - context.bodyOffset());
      }
      if (context.kind == CodeKind.FUEL && FuelSegments.isBulk(opcode)) {
        fuel.chargeBulk(opcode, reader);
      }
    }
    if (state.checkedAddresses != null) {
      emitKeepingAddresses(opcode, state.checkedAddresses);
    } else {
      emitOrSkip(opcode);
    }
  }

  private void emitOrSkip(Opcode opcode) {
    if (state.isReachable) {
      emit(opcode);
    } else {
      skip(opcode);
    }
  }

  /// Writes an instruction of optimized code and keeps the checked addresses in step with control.
  private void emitKeepingAddresses(Opcode opcode, CheckedAddresses addresses) {
    boolean wasReachable = state.isReachable;
    int frames = state.control.size();
    ControlFrame frame = state.current();
    boolean hasOtherArm = frame.kind == ControlFrame.Kind.IF;
    emitOrSkip(opcode);
    if (state.control.size() > frames) {
      addresses.enter(reader.position());
    } else if (state.control.size() < frames && !state.control.isEmpty()) {
      addresses.leave(wasReachable && !hasOtherArm && !frame.isTargeted);
    } else if (FunctionAnalysis.beginsArm(opcode) && skippedBlocks == 0) {
      addresses.nextArm();
    }
  }

  private void skip(Opcode opcode) {
    switch (opcode) {
      case BLOCK, LOOP, IF, TRY, TRY_TABLE -> skippedBlocks++;
      case ELSE -> {
        if (skippedBlocks == 0) {
          control.elseBranch();
        }
      }
      case CATCH -> {
        if (skippedBlocks == 0) {
          exceptions.legacyCatch(reader.index());
        }
      }
      case CATCH_ALL -> {
        if (skippedBlocks == 0) {
          exceptions.legacyCatchAll();
        }
      }
      case END -> {
        if (skippedBlocks == 0) {
          end();
        } else {
          skippedBlocks--;
        }
      }
      case DELEGATE -> {
        if (skippedBlocks == 0) {
          exceptions.delegate(reader);
        } else {
          skippedBlocks--;
        }
      }
      default -> {}
    }
  }

  private void end() {
    if (!exceptions.end(reader)) {
      control.end(reader);
    }
  }

  private void emit(Opcode opcode) {
    switch (opcode) {
      case NOP -> {}
      case UNREACHABLE -> control.unreachable();
      case BLOCK -> control.block(reader);
      case LOOP -> control.loop(reader);
      case IF -> control.ifThen(reader);
      case ELSE -> control.elseBranch();
      case END -> end();
      case TRY -> exceptions.legacyTry(reader);
      case CATCH -> exceptions.legacyCatch(reader.index());
      case CATCH_ALL -> exceptions.legacyCatchAll();
      case DELEGATE -> exceptions.delegate(reader);
      case RETHROW -> exceptions.rethrow(reader.index());
      case TRY_TABLE -> exceptions.tryTable(reader);
      case THROW -> exceptions.throwTag(reader.index());
      case THROW_REF -> exceptions.throwReference();
      case BR -> control.br(reader.index());
      case BR_IF -> control.brIf(reader.index());
      case BR_TABLE -> control.brTable(reader);
      case BR_ON_NULL -> control.brOnNull(reader.index(), /* branchesOnNull= */ true);
      case BR_ON_NON_NULL -> control.brOnNull(reader.index(), /* branchesOnNull= */ false);
      case BR_ON_CAST -> control.brOnCast(reader, casts, /* branchesOnSuccess= */ true);
      case BR_ON_CAST_FAIL -> control.brOnCast(reader, casts, /* branchesOnSuccess= */ false);
      case RETURN -> control.returnFromFunction();
      case CALL -> calls.call(reader.index());
      case CALL_INDIRECT -> calls.callIndirect(reader);
      case CALL_REF -> calls.callReference(reader);
      case RETURN_CALL -> tailCalls.call(reader.index());
      case RETURN_CALL_INDIRECT -> tailCalls.callIndirect(reader);
      case RETURN_CALL_REF -> tailCalls.callReference(reader);
      case DROP -> control.drop();
      case SELECT, SELECT_T -> control.select();
      case LOCAL_GET -> variables.getLocal(reader.index());
      case LOCAL_SET -> {
        if (isNeverRead(reader.index())) {
          control.drop();
        } else {
          variables.setLocal(reader.index());
        }
      }
      case LOCAL_TEE -> {
        if (!isNeverRead(reader.index())) {
          variables.teeLocal(reader.index());
        }
      }
      case GLOBAL_GET -> variables.getGlobal(reader.index());
      case GLOBAL_SET -> variables.setGlobal(reader.index());
      case I32_CONST -> state.operands.pushConstant(JvmKind.INT, reader.i32Const());
      case I64_CONST -> state.operands.pushConstant(JvmKind.LONG, reader.i64Const());
      case F32_CONST -> state.operands.pushConstant(JvmKind.FLOAT, reader.f32Bits());
      case F64_CONST -> state.operands.pushConstant(JvmKind.DOUBLE, reader.f64Bits());
      case V128_CONST ->
          state.operands.pushConstant(JvmKind.V128, reader.v128Low(), reader.v128High());
      case I32_EQZ -> numerics.emitEqz();
      case I64_EQZ -> numerics.emitLongEqz();
      default -> {
        if (!numerics.emit(opcode)
            && !memories.emit(opcode, reader)
            && !atomics.emit(opcode, reader)
            && !references.emit(opcode, reader)
            && !structures.emit(opcode, reader)
            && !arrays.emit(opcode, reader)
            && !casts.emit(opcode, reader)
            && !wides.emit(opcode)
            && !vectors.emit(opcode, reader)
            && !vectorMemories.emit(opcode, reader)) {
          throw new IllegalStateException(
              "no code for " + opcode.mnemonic() + " in function " + context.functionIndex);
        }
      }
    }
  }

  private boolean isNeverRead(int local) {
    return state.analysis != null && state.analysis.isNeverRead(local);
  }

  // Regions.

  /// Writes a region as a method of its own, and its call where it was.
  private void callRegion(SplitPlan.Region region) {
    state.spill();
    String operands = state.currentKinds();
    BitSet[] locals = context.regionLocals(region);
    List<ControlFrame> caught = exceptions.caughtFor(region);
    SlotLayout slots = context.regionSlots(locals[0], operands, caught.size());
    if (slots.instanceSlot() > CallShape.MAX_PARAM_SLOTS) {
      throw new CodeLimitException(
          "parameter slots of a part", slots.instanceSlot(), CallShape.MAX_PARAM_SLOTS);
    }
    StringBuilder params = new StringBuilder();
    for (int i = locals[0].nextSetBit(0); i >= 0; i = locals[0].nextSetBit(i + 1)) {
      writer.load(state.localKind(i), state.localSlot(i));
      params.append(state.localKind(i).code());
    }
    for (int i = operands.length() - 1; i >= 0; i--) {
      state.writeDeferred(i);
    }
    caught.forEach(frame -> writer.aload(frame.caughtSlot));
    String trailing = Names.INSTANCE_DESC;
    if (state.isDebuggable()) {
      writer.aload(state.debugFrameSlot());
      trailing = Names.DEBUG_FRAME_DESC + trailing;
    }
    state.writeInstance();
    params.append(operands).repeat(JvmKind.REF.code(), caught.size());
    String descriptor = new CallShape(params.toString(), "I").descriptor(trailing);
    String name = Names.function(context.functionIndex) + "_" + context.regions++;
    Map<RegionExits.Exit, RegionExits.Use> exits =
        writeRegion(region, name, descriptor, slots, locals[1], caught);
    writer.invokestatic(Names.chunk(context.plan.chunkOf(context.functionIndex)), name, descriptor);
    writer.store(JvmKind.INT, state.exitSlot());
    state.pop(operands.length());
    RegionExits.Use tailCall = exits.get(RegionExits.Exit.TAIL_CALL);
    if (tailCall != null) {
      Label otherwise = beginExit(tailCall);
      tailCalls.writeReturn();
      state.writeLabel(otherwise);
    }
    RegionExits.readLocals(state, locals[1]);
    state.reloadMemory();
    exits.forEach((exit, use) -> writeExit(exit, use, locals[1]));
    RegionExits.Use atEnd = exits.get(RegionExits.Exit.END);
    if (atEnd == null) {
      writer.insn(Opcodes.ACONST_NULL);
      writer.insn(Opcodes.ATHROW);
      state.isReachable = false;
    } else {
      RegionExits.readValues(state, locals[1], atEnd.kinds());
    }
  }

  /// Begins what is done if a region left by an exit; the label is where it did not.
  private Label beginExit(RegionExits.Use exit) {
    Label otherwise = new Label();
    writer.load(JvmKind.INT, state.exitSlot());
    writer.iconst(exit.code());
    writer.jump(Opcodes.IF_ICMPNE, otherwise);
    return otherwise;
  }

  /// Writes what is done if a region left by an exit, but for those at its end and by tail calls.
  private void writeExit(RegionExits.Exit exit, RegionExits.Use use, BitSet written) {
    switch (exit.kind()) {
      case END, TAIL_CALL -> {}
      case BRANCH, THREW, THREW_WITHIN -> {
        Label otherwise = beginExit(use);
        RegionExits.readValues(state, written, use.kinds());
        if (exit.kind() == RegionExits.Kind.BRANCH) {
          control.writeBranch(state.control.get(exit.frame()));
        } else {
          exceptions.goOn(exit);
        }
        state.pop(use.kinds().length());
        state.writeLabel(otherwise);
      }
    }
  }

  /// {@return the exits that the region has}
  private Map<RegionExits.Exit, RegionExits.Use> writeRegion(
      SplitPlan.Region region,
      String name,
      String descriptor,
      SlotLayout slots,
      BitSet written,
      List<ControlFrame> caught) {
    MethodVisitor method = begin(context.target, name, descriptor);
    BodyScan scan = BodyScan.of(context.plan.module(), region.start(), region.end());
    MethodState inner =
        new MethodState(
            new BytecodeWriter(method),
            context.plan,
            context.shape,
            context.locals,
            slots,
            state.operandBase() + state.current().height,
            context.cachesMemory(scan),
            context.analysis);
    RegionExits exits = new RegionExits(inner, slots, written);
    FunctionCompiler compiler = new FunctionCompiler(context, inner, exits, region.end());
    compiler.current = region;
    inner.writeRegionProlog(state.control, caught);
    boolean catches = exceptions.isProtected() && scan.throwsExceptions() && !written.isEmpty();
    Protection code = catches ? new Protection(inner.writer) : null;
    while (reader.position() < region.end()) {
      compiler.step();
    }
    if (inner.isReachable) {
      inner.flush();
      exits.end(inner.currentKinds());
    }
    if (code != null) {
      compiler.exceptions.catchForCaller(code);
    }
    exits.writeEpilog();
    inner.writer.endLines();
    ClassFiles.end(method);
    return exits.uses();
  }
}
