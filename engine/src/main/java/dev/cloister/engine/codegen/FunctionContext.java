package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.module.FunctionFacts;
import dev.cloister.engine.runtime.CodeKind;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the methods that one function becomes have in common while they are written.
final class FunctionContext {
  final CodeKind kind;
  final ModulePlan plan;
  final int functionIndex;
  final CallShape shape;
  final String locals;
  final InstructionReader reader;
  final SplitPlan split;
  final SlotLayout.FrameArrays arrays;
  final ChunkClasses classes;
  final Map<Integer, CountedLoop> countedLoops;
  final FuelSegments fuel;

  /// Only in optimized code.
  final @Nullable FunctionAnalysis analysis;

  /// Only where vectors are objects.
  final @Nullable PackedPlan packed;

  /// The number of methods so far that map an index to a label.
  private int branchTables;

  FunctionContext(
      CodeKind kind, ModulePlan plan, int functionIndex, SplitPlan split, ChunkClasses classes) {
    this.kind = kind;
    this.plan = plan;
    this.functionIndex = functionIndex;
    this.shape = plan.shapeOfFunction(functionIndex);
    String letters = Sites.locals(plan.module(), functionIndex);
    this.packed = PackedPlan.of(kind, plan, functionIndex, letters, split);
    this.locals = packed == null ? letters : PackedPlan.letters(letters);
    this.reader = Sites.instructions(plan.module(), functionIndex);
    this.split = split;
    this.arrays = new SlotLayout.FrameArrays(locals, split.framed(), caughtFrames());
    this.classes = classes;
    this.countedLoops =
        kind != CodeKind.DEBUG && plan.module().has(functionIndex, FunctionFacts.LOOPS)
            ? CountedLoop.find(plan.module(), functionIndex, locals.length())
            : Map.of();
    this.fuel = FuelSegments.of(kind, plan.module(), functionIndex);
    this.analysis =
        kind == CodeKind.OPTIMIZED ? FunctionAnalysis.of(plan.module(), functionIndex) : null;
  }

  /// {@return how deep blocks are nested if what they have caught may be thrown again by the method
  /// of a region, else 0}
  private int caughtFrames() {
    if (!split.isDivided()) {
      return 0;
    }
    InstructionReader body = Sites.instructions(plan.module(), functionIndex);
    boolean rethrows = false;
    int depth = 1;
    int deepest = 1;
    while (!body.atEnd()) {
      switch (body.next()) {
        case BLOCK, LOOP, IF, TRY, TRY_TABLE -> deepest = Math.max(deepest, ++depth);
        case END, DELEGATE -> depth--;
        case RETHROW -> rethrows = true;
        default -> {}
      }
    }
    return rethrows ? deepest : 0;
  }

  /// {@return module offset of the function's body}
  int bodyOffset() {
    return plan.module().bodyOffset(functionIndex);
  }

  /// {@return whether the function is large for the JIT}
  boolean isLarge() {
    return BytecodeSizes.isLarge(plan.module(), functionIndex);
  }

  /// {@return where the method of the whole function keeps its variables}
  SlotLayout slots() {
    return kind == CodeKind.DEBUG
        ? SlotLayout.ofDebuggableFunction(arrays, locals, shape, split)
        : SlotLayout.ofFunction(arrays, locals, shape, split);
  }

  /// {@return where the method of a region keeps its variables}
  SlotLayout slots(SplitPlan.Region region) {
    return kind == CodeKind.DEBUG
        ? SlotLayout.ofDebuggableRegion(arrays, locals.length())
        : SlotLayout.ofRegion(arrays, locals, region.used(), region.passed());
  }

  /// {@return whether the function can jump to its start to call itself: its parameters are all on
  /// the JVM stack, its locals all in local variables}
  boolean canRestart() {
    return kind != CodeKind.DEBUG
        && shape.stackParams() == shape.params().length()
        && split.framed().isEmpty()
        && (packed == null || !shape.params().contains("V"));
  }

  /// {@return whether a method keeps memory 0 in local variables: in debuggable code a debugger may
  /// let it grow at any position}
  boolean cachesMemory(boolean accessesMemory) {
    return kind != CodeKind.DEBUG && accessesMemory;
  }

  /// Writes the call of a method that maps the index on the JVM stack to the label of the
  /// `br_table` at which the reader stands, and the method.
  void writeBranchTable(BytecodeWriter writer) {
    String name = Names.branchTable(functionIndex, branchTables++);
    ChunkClasses.Part part = classes.partFor(BranchTables.CONSTANT_BYTES);
    BranchTables.write(part.writer(), name, reader);
    writer.invokestatic(part.name(), name, BranchTables.DESCRIPTOR);
  }
}
