package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import java.util.Map;
import org.objectweb.asm.ClassVisitor;

/// What the methods that one function becomes have in common while they are written.
final class FunctionContext {
  final ModulePlan plan;
  final int functionIndex;
  final CallShape shape;
  final String locals;
  final InstructionReader reader;
  final SplitPlan split;
  final ClassVisitor target;
  final Map<Integer, CountedLoop> countedLoops;

  /// The number of sites so far; see [Sites].
  int sites;

  /// The number of regions that were written so far.
  int regions;

  FunctionContext(ModulePlan plan, int functionIndex, SplitPlan split, ClassVisitor target) {
    this.plan = plan;
    this.functionIndex = functionIndex;
    this.shape = plan.shapeOfFunction(functionIndex);
    this.locals = Sites.locals(plan.module(), functionIndex);
    this.reader = Sites.instructions(plan.module(), functionIndex);
    this.split = split;
    this.target = target;
    this.countedLoops = CountedLoop.find(plan.module(), functionIndex);
  }
}
