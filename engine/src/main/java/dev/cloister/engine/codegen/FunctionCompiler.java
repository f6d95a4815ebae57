package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.FunctionFacts;
import dev.cloister.engine.runtime.CodeKind;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Compiles one validated function to a JVM method, and to more where [SplitPlan] says so, in a
/// single pass over its instructions.
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
  private final @Nullable PackedEmitter packed;
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
  private final SelectEmitter selects;
  private final StackEffects effects;
  private final FuelEmitter fuel;
  private final ExceptionEmitter exceptions;

  /// The region that this method is, if it is one.
  private final SplitPlan.@Nullable Region current;

  /// The number of sites of the method so far; see [Sites].
  private int sites;

  /// The number of blocks that were opened in code that cannot be reached.
  private int skippedBlocks;

  private FunctionCompiler(
      FunctionContext context,
      MethodState state,
      @Nullable RegionExits exits,
      SplitPlan.@Nullable Region region) {
    this.current = region;
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
    this.packed = state.packed == null ? null : new PackedEmitter(state, memories);
    this.calls = new CallEmitter(state);
    this.tailCalls = new TailCallEmitter(state, context.functionIndex, exits);
    this.variables = new VariableEmitter(state);
    this.references = new ReferenceEmitter(state);
    this.structures = new GcEmitter(state);
    this.arrays = new ArrayEmitter(state);
    this.casts = new CastEmitter(state);
    this.effects = new StackEffects(context.plan, reader, state.control);
    this.control = new ControlEmitter(state, context, calls, exits, region);
    this.selects = new SelectEmitter(state);
    this.fuel = new FuelEmitter(state);
    this.exceptions = new ExceptionEmitter(state, control, exits);
  }

  /// Writes a function's methods into the classes of its chunk.
  ///
  /// @throws CodeLimitException if it must be divided more finely
  static void compile(
      CodeKind kind, ModulePlan plan, int functionIndex, SplitPlan split, ChunkClasses classes) {
    FunctionContext context = new FunctionContext(kind, plan, functionIndex, split, classes);
    String trailing = Names.INSTANCE_DESC + (split.hasFrame() ? SlotLayout.ARRAYS_DESC : "");
    String name =
        split.hasFrame() ? Names.functionBody(functionIndex) : Names.function(functionIndex);
    ClassVisitor target = classes.first().writer();
    MethodVisitor method = begin(target, name, context.shape.descriptor(trailing));
    BytecodeWriter writer = new BytecodeWriter(method);
    MethodState state =
        new MethodState(
            writer,
            context,
            context.slots(),
            context.cachesMemory(plan.module().has(functionIndex, FunctionFacts.ACCESSES_MEMORY)),
            /* caller= */ null);
    FunctionCompiler compiler =
        new FunctionCompiler(context, state, /* exits= */ null, /* region= */ null);
    boolean makesTailCalls = plan.module().makesTailCalls(functionIndex);
    state.writeProlog(functionIndex, makesTailCalls && context.canRestart());
    if (plan.module().has(functionIndex, FunctionFacts.CALLS)) {
      compiler.control.writeStopCheck();
    }
    while (!state.control.isEmpty()) {
      compiler.step();
    }
    end(method, writer);
    if (split.hasFrame()) {
      LargeFrameEmitter.write(context, name, context.shape.descriptor(trailing));
    }
    if (makesTailCalls) {
      TailCallEmitter.writeEntry(kind, plan, functionIndex, target);
    }
  }

  private static void end(MethodVisitor method, BytecodeWriter writer) {
    writer.endLines();
    writer.requireMethodSize();
    ClassFiles.end(method);
  }

  private static MethodVisitor begin(ClassVisitor target, String name, String descriptor) {
    MethodVisitor method =
        target.visitMethod(Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC, name, descriptor, null, null);
    method.visitCode();
    return method;
  }

  private void step() {
    SplitPlan.Region region = context.split.regionAt(reader.position(), current);
    if (region != null) {
      if (state.isReachable) {
        callRegion(region);
      } else {
        // It is complete blocks, so nothing in it can be reached either.
        reader.reset(region.end(), reader.end());
      }
      return;
    }
    Integer cost = context.fuel.costAt(reader.position());
    if (cost != null) {
      sites++;
      if (state.isReachable) {
        writer.line(sites);
        fuel.charge(cost);
      }
    }
    if (!state.isReachable) {
      state.instance.forgetStale();
    }
    Opcode opcode = reader.next();
    if (Sites.isSite(opcode)) {
      sites++;
      if (state.isReachable) {
        writer.line(sites);
      }
    }
    if (state.isReachable) {
      state.instance.refreshMemoryBefore(opcode, opcode == Opcode.END && state.control.size() == 1);
      if (state.isDebuggable()) {
        state.debug.before(opcode, reader.offset() - context.bodyOffset());
      }
      state.prepare(effects.pops(opcode));
      if (context.kind == CodeKind.FUEL && FuelSegments.isBulk(opcode)) {
        fuel.chargeBulk(opcode, reader);
      }
    }
    if (state.facts != null) {
      emitKeepingFacts(opcode, state.facts);
    } else {
      emitOrSkip(opcode);
    }
  }

  private void emitOrSkip(Opcode opcode) {
    if (!state.isReachable) {
      skip(opcode);
    } else if (packed != null) {
      emitPacked(opcode, packed);
    } else {
      emit(opcode);
    }
  }

  /// Writes an instruction in a function whose vectors are objects.
  private void emitPacked(Opcode opcode, PackedEmitter emitter) {
    if (emitter.emit(opcode, reader)) {
      return;
    }
    if (!PackedEmitter.takesHalves(opcode)) {
      emit(opcode);
      return;
    }
    int operands = effects.pops(opcode);
    int firstResult = state.operands.size() - operands;
    state.vectorOperands.unpack(operands);
    emit(opcode);
    if (state.isReachable) {
      state.vectorOperands.pack(firstResult);
    }
  }

  /// Writes an instruction of optimized code and keeps what is known of locals in step with
  /// control.
  private void emitKeepingFacts(Opcode opcode, LocalFacts facts) {
    boolean wasReachable = state.isReachable;
    int frames = state.control.size();
    ControlFrame frame = state.current();
    boolean hasOtherArm = frame.kind == ControlFrame.Kind.IF;
    emitOrSkip(opcode);
    if (state.control.size() > frames) {
      facts.enter(reader.position());
    } else if (state.control.size() < frames && !state.control.isEmpty()) {
      facts.leave(wasReachable && !hasOtherArm && !frame.isTargeted);
    } else if (FunctionAnalysis.beginsArm(opcode) && skippedBlocks == 0) {
      facts.nextArm();
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
      case BR_IF -> control.brIf(reader.index(), reader.offset());
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
      case SELECT, SELECT_T -> selects.emit();
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
    if (state.isDebuggable()) {
      state.debug.beforeRegion();
    }
    state.spillToFrame();
    BitSet arguments = SlotLayout.arguments(context.locals, region.passed());
    BitSet others = new BitSet();
    others.or(region.passed());
    others.andNot(arguments);
    RegionExits.leaveLocals(state, others);
    StringBuilder params = new StringBuilder();
    for (int i = arguments.nextSetBit(0); i >= 0; i = arguments.nextSetBit(i + 1)) {
      state.loadLocal(i);
      params.append(state.localKind(i).code());
    }
    String trailing = Names.INSTANCE_DESC + SlotLayout.ARRAYS_DESC;
    if (state.isDebuggable()) {
      writer.aload(state.debugFrameSlot());
      trailing = Names.DEBUG_FRAME_DESC + trailing;
    }
    state.instance.writeInstance();
    state.frameArrays.writeArrays();
    String name = Names.region(context.functionIndex, region.ordinal());
    String descriptor = new CallShape(params.toString(), "I").descriptor(trailing);
    ChunkClasses.Part part = context.classes.partFor(region.bytes());
    MethodVisitor method = begin(part.writer(), name, descriptor);
    BytecodeWriter inner = new BytecodeWriter(method);
    SlotLayout slots = context.slots(region);
    MethodState body =
        new MethodState(
            inner,
            context,
            slots,
            context.cachesMemory(region.accessesMemory()),
            /* caller= */ state);
    RegionExits exits = new RegionExits(body, slots, region.returned());
    writeRegion(region, others, body, exits);
    end(method, inner);

    writer.line(Sites.REGION_CALL);
    writer.invokestatic(part.name(), name, descriptor);
    writer.store(JvmKind.INT, state.exitSlot());
    Integer tailCall = exits.specials().get(RegionExits.Exit.TAIL_CALL);
    if (tailCall != null) {
      Label otherwise = beginExit(tailCall);
      tailCalls.writeReturn();
      state.writeLabel(otherwise);
    }
    RegionExits.readLocals(state, region.returned());
    state.instance.reloadMemory();
    exits.specials().forEach(this::writeExit);
    state.isReachable = exits.codes().get(RegionExits.END);
    control.branchByExit(exits.codes());
  }

  /// Begins what is done if a region left by an exit; the label is where it did not.
  private Label beginExit(int code) {
    Label otherwise = new Label();
    writer.load(JvmKind.INT, state.exitSlot());
    writer.iconst(code);
    writer.jump(Opcodes.IF_ICMPNE, otherwise);
    return otherwise;
  }

  /// Writes what is done if a region left with an exception.
  private void writeExit(RegionExits.Exit exit, int code) {
    if (exit.kind() != RegionExits.Kind.TAIL_CALL) {
      Label otherwise = beginExit(code);
      RegionExits.readValues(state, RegionExits.EXCEPTION);
      exceptions.goOn(exit);
      state.writeLabel(otherwise);
    }
  }

  /// Writes the method of a region; the operands of this one are then what it leaves at its end.
  ///
  /// @param left the locals that it finds where this method left them
  private void writeRegion(
      SplitPlan.Region region, BitSet left, MethodState body, RegionExits exits) {
    FunctionCompiler compiler = new FunctionCompiler(context, body, exits, region);
    BitSet own = (BitSet) region.used().clone();
    own.andNot(region.passed());
    body.writeRegionProlog(state, left, own);
    boolean catches =
        exceptions.isProtected() && region.throwsExceptions() && !region.returned().isEmpty();
    Protection code = catches ? new Protection(body.writer) : null;
    while (reader.position() < region.end()) {
      compiler.step();
    }
    if (body.isReachable) {
      body.spillToFrame();
      exits.end();
      state.takeOperands(body);
    }
    if (code != null) {
      compiler.exceptions.catchForCaller(code);
    }
    exits.writeEpilog();
  }
}
