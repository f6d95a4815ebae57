package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.runtime.CodeKind;
import java.util.BitSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassVisitor;

/// What the methods that one function becomes have in common while they are written.
final class FunctionContext {
  final CodeKind kind;
  final ModulePlan plan;
  final int functionIndex;
  final CallShape shape;
  final String locals;
  final InstructionReader reader;
  final SplitPlan split;
  final ClassVisitor target;
  final Map<Integer, CountedLoop> countedLoops;
  final FuelSegments fuel;

  /// Only in optimized code.
  final @Nullable FunctionAnalysis analysis;

  /// The number of sites so far; see [Sites].
  int sites;

  /// The number of regions that were written so far.
  int regions;

  FunctionContext(
      CodeKind kind, ModulePlan plan, int functionIndex, SplitPlan split, ClassVisitor target) {
    this.kind = kind;
    this.plan = plan;
    this.functionIndex = functionIndex;
    this.shape = plan.shapeOfFunction(functionIndex);
    this.locals = Sites.locals(plan.module(), functionIndex);
    this.reader = Sites.instructions(plan.module(), functionIndex);
    this.split = split;
    this.target = target;
    this.countedLoops =
        kind == CodeKind.DEBUG ? Map.of() : CountedLoop.find(plan.module(), functionIndex);
    this.fuel =
        kind == CodeKind.FUEL ? FuelSegments.of(plan.module(), functionIndex) : FuelSegments.NONE;
    this.analysis =
        kind == CodeKind.OPTIMIZED ? FunctionAnalysis.of(plan.module(), functionIndex) : null;
  }

  /// {@return module offset of the function's body}
  int bodyOffset() {
    return plan.module().bodyOffset(functionIndex);
  }

  /// {@return where the method of the whole function keeps its variables}
  SlotLayout slots() {
    int params = shape.params().length();
    boolean callsRegions = split.size() > 0;
    return kind == CodeKind.DEBUG
        ? SlotLayout.ofDebuggableFunction(locals, params, callsRegions)
        : SlotLayout.ofFunction(locals, params, callsRegions);
  }

  /// {@return the locals that a region is given, and those that it gives back; none where they are
  /// in a debug frame}
  BitSet[] regionLocals(SplitPlan.Region region) {
    return kind == CodeKind.DEBUG
        ? new BitSet[] {new BitSet(), new BitSet()}
        : SplitPlan.locals(plan.module(), region);
  }

  /// {@return where the method of a region keeps its variables}
  ///
  /// @param used the locals that it is given
  /// @param operands the letters of the operands that are pending where it begins
  /// @param caught the number of exceptions that it is given
  SlotLayout regionSlots(BitSet used, String operands, int caught) {
    return kind == CodeKind.DEBUG
        ? SlotLayout.ofDebuggableRegion(locals.length(), operands, caught)
        : SlotLayout.ofRegion(locals, used, operands, caught);
  }

  /// {@return whether a method keeps memory 0 in local variables: in debuggable code a debugger may
  /// let it grow at any position}
  boolean cachesMemory(BodyScan scan) {
    return kind != CodeKind.DEBUG && scan.accessesMemory();
  }
}
