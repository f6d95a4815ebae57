package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.runtime.CodeKind;
import java.util.BitSet;
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
  private final MemoryEmitter memories;
  private final CallEmitter calls;
  private final TailCallEmitter tailCalls;
  private final VariableEmitter variables;
  private final ReferenceEmitter references;
  private final GcEmitter structures;
  private final ArrayEmitter arrays;
  private final CastEmitter casts;
  private final ControlEmitter control;
  private final FuelEmitter fuel;

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
    this.calls = new CallEmitter(state);
    this.tailCalls = new TailCallEmitter(state, context.functionIndex, exits);
    this.variables = new VariableEmitter(state);
    this.references = new ReferenceEmitter(state);
    this.structures = new GcEmitter(state);
    this.arrays = new ArrayEmitter(state);
    this.casts = new CastEmitter(state);
    this.control = new ControlEmitter(state, calls, exits, context.countedLoops, codeEnd);
    this.fuel = new FuelEmitter(state);
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
      case END -> {
        if (skippedBlocks == 0) {
          control.end(reader);
        } else {
          skippedBlocks--;
        }
      }
      default -> {}
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
      case END -> control.end(reader);
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
      case I32_EQZ -> numerics.emitEqz();
      case I64_EQZ -> numerics.emitLongEqz();
      default -> {
        if (!numerics.emit(opcode)
            && !memories.emit(opcode, reader)
            && !references.emit(opcode, reader)
            && !structures.emit(opcode, reader)
            && !arrays.emit(opcode, reader)
            && !casts.emit(opcode, reader)
            && !wides.emit(opcode)) {
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
    SlotLayout slots = context.regionSlots(locals[0], operands);
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
    String trailing = Names.INSTANCE_DESC;
    if (state.isDebuggable()) {
      writer.aload(state.debugFrameSlot());
      trailing = Names.DEBUG_FRAME_DESC + trailing;
    }
    state.writeInstance();
    String descriptor =
        new CallShape(params.append(operands).toString(), "I").descriptor(trailing);
    String name = Names.function(context.functionIndex) + "_" + context.regions++;
    Map<Integer, String> exits = writeRegion(region, name, descriptor, slots, locals[1]);
    writer.invokestatic(Names.chunk(context.plan.chunkOf(context.functionIndex)), name, descriptor);
    writer.store(JvmKind.INT, state.exitSlot());
    state.pop(operands.length());
    if (exits.containsKey(RegionExits.TAIL_CALL)) {
      returnForTailCall();
    }
    RegionExits.readLocals(state, locals[1]);
    state.reloadMemory();
    exits.forEach((code, kinds) -> {
      if (code > RegionExits.END) {
        writeExit(code, kinds, locals[1]);
      }
    });
    String atEnd = exits.get(RegionExits.END);
    if (atEnd == null) {
      writer.insn(Opcodes.ACONST_NULL);
      writer.insn(Opcodes.ATHROW);
      state.isReachable = false;
    } else {
      RegionExits.readValues(state, locals[1], atEnd);
    }
  }

  /// Returns if a region left with a pending tail call.
  private void returnForTailCall() {
    Label otherwise = new Label();
    writer.load(JvmKind.INT, state.exitSlot());
    writer.iconst(RegionExits.TAIL_CALL);
    writer.jump(Opcodes.IF_ICMPNE, otherwise);
    tailCalls.writeReturn();
    state.writeLabel(otherwise);
  }

  /// Goes on where a region branched to, if it left by the exit with this code.
  private void writeExit(int code, String kinds, BitSet written) {
    Label otherwise = new Label();
    writer.load(JvmKind.INT, state.exitSlot());
    writer.iconst(code);
    writer.jump(Opcodes.IF_ICMPNE, otherwise);
    RegionExits.readValues(state, written, kinds);
    control.writeBranch(state.control.get(code - 1));
    state.pop(kinds.length());
    state.writeLabel(otherwise);
  }

  /// {@return the kinds of the values of each exit that the region has, by code}
  private Map<Integer, String> writeRegion(
      SplitPlan.Region region, String name, String descriptor, SlotLayout slots, BitSet written) {
    MethodVisitor method = begin(context.target, name, descriptor);
    MethodState inner =
        new MethodState(
            new BytecodeWriter(method),
            context.plan,
            context.shape,
            context.locals,
            slots,
            state.operandBase() + state.current().height,
            context.cachesMemory(
                BodyScan.of(context.plan.module(), region.start(), region.end())),
            context.analysis);
    RegionExits exits = new RegionExits(inner, slots, written);
    FunctionCompiler compiler = new FunctionCompiler(context, inner, exits, region.end());
    compiler.current = region;
    inner.writeRegionProlog(state.control);
    while (reader.position() < region.end()) {
      compiler.step();
    }
    if (inner.isReachable) {
      inner.flush();
      exits.end(inner.currentKinds());
    }
    exits.writeEpilog();
    ClassFiles.end(method);
    return exits.kinds();
  }
}
