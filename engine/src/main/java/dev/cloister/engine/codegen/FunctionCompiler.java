package dev.cloister.engine.codegen;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.module.WasmModule;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/// Compiles one validated function to one JVM method, in a single pass over its instructions.
///
/// The method is static, named `f` and the function's index, and takes the parameters and the
/// instance. The exemplar is Wasmtime's Winch: a visitor over an abstract stack that knows where
/// each operand is.
final class FunctionCompiler {
  private final WasmModule module;
  private final int functionIndex;
  private final InstructionReader reader;
  private final BytecodeWriter writer;
  private final BodyScan scan;
  private final MethodState state;
  private final NumericEmitter numerics;
  private final MemoryEmitter memories;
  private final CallEmitter calls;
  private final VariableEmitter variables;
  private final ReferenceEmitter references;
  private final ControlEmitter control;

  /// The number of blocks that were opened in code that cannot be reached.
  private int skippedBlocks;

  private int sites;

  private FunctionCompiler(ModulePlan plan, int functionIndex, MethodVisitor method) {
    this.module = plan.module();
    this.functionIndex = functionIndex;
    this.reader = Sites.instructions(module, functionIndex);
    this.writer = new BytecodeWriter(method);
    this.scan = BodyScan.of(module, functionIndex);
    this.state =
        new MethodState(
            writer,
            plan,
            plan.shapeOfFunction(functionIndex),
            Sites.locals(module, functionIndex),
            scan.accessesMemory());
    this.numerics = new NumericEmitter(state);
    this.memories = new MemoryEmitter(state);
    this.calls = new CallEmitter(state);
    this.variables = new VariableEmitter(state);
    this.references = new ReferenceEmitter(state);
    this.control = new ControlEmitter(state, calls);
  }

  /// Writes a function's method into a class.
  ///
  /// @throws CodeLimitException if it does not fit into a JVM method
  static void compile(ModulePlan plan, int functionIndex, ClassVisitor target) {
    CallShape shape = plan.shapeOfFunction(functionIndex);
    if (shape.paramSlots() > CallShape.MAX_PARAM_SLOTS) {
      throw new CodeLimitException(
          "parameter slots", shape.paramSlots(), CallShape.MAX_PARAM_SLOTS);
    }
    MethodVisitor method =
        target.visitMethod(
            Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC,
            Names.function(functionIndex),
            shape.descriptor(Names.INSTANCE_DESC),
            null,
            null);
    method.visitCode();
    new FunctionCompiler(plan, functionIndex, method).run();
    method.visitMaxs(0, 0);
    method.visitEnd();
  }

  private void run() {
    state.writeProlog();
    if (scan.calls()) {
      control.writeStopCheck();
    }
    while (!state.control.isEmpty()) {
      Opcode opcode = reader.next();
      if (Sites.isSite(opcode)) {
        sites++;
        if (state.isReachable) {
          writer.line(sites);
        }
      }
      if (state.isReachable) {
        emit(opcode);
      } else {
        skip(opcode);
      }
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
      case RETURN -> control.returnFromFunction();
      case CALL -> calls.call(reader.index());
      case CALL_INDIRECT -> calls.callIndirect(reader);
      case CALL_REF -> calls.callReference(reader);
      case DROP -> control.drop();
      case SELECT, SELECT_T -> control.select();
      case LOCAL_GET -> variables.getLocal(reader.index());
      case LOCAL_SET -> variables.setLocal(reader.index());
      case LOCAL_TEE -> variables.teeLocal(reader.index());
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
            && !references.emit(opcode, reader)) {
          throw new IllegalStateException(
              "no code for " + opcode.mnemonic() + " in function " + functionIndex);
        }
      }
    }
  }
}
