package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import java.util.Map;

/// What the methods that one function becomes have in common while they are written.
final class FunctionContext {
  final ModulePlan plan;
  final int functionIndex;
  final CallShape shape;
  final String locals;
  final InstructionReader reader;
  final SplitPlan split;
  final SlotLayout.FrameArrays arrays;
  final ChunkClasses classes;
  final Map<Integer, CountedLoop> countedLoops;

  /// The number of methods so far that map an index to a label.
  private int branchTables;

  FunctionContext(ModulePlan plan, int functionIndex, SplitPlan split, ChunkClasses classes) {
    this.plan = plan;
    this.functionIndex = functionIndex;
    this.shape = plan.shapeOfFunction(functionIndex);
    this.locals = Sites.locals(plan.module(), functionIndex);
    this.reader = Sites.instructions(plan.module(), functionIndex);
    this.split = split;
    this.arrays = new SlotLayout.FrameArrays(locals, split.framed());
    this.classes = classes;
    this.countedLoops = CountedLoop.find(plan.module(), functionIndex, locals.length());
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
