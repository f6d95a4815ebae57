package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.RefType;

/// The rule of each instruction: which class has it.
final class InstructionRules {

  private final CodeState state;
  private final ControlRules control;
  private final CallRules call;
  private final VariableRules variable;
  private final MemoryRules memory;
  private final TableRules table;
  private final ReferenceRules reference;
  private final GcRules gc;

  InstructionRules(CodeState state) {
    this.state = state;
    control = new ControlRules(state);
    call = new CallRules(state);
    variable = new VariableRules(state);
    memory = new MemoryRules(state);
    table = new TableRules(state);
    reference = new ReferenceRules(state);
    gc = new GcRules(state);
  }

  /// Applies the rule of `opcode`, at which the reader stands.
  void apply(Opcode opcode) {
    FuncType signature = opcode.signature();
    if (signature != null) {
      applySignature(opcode, signature);
      return;
    }
    switch (opcode.immediates()) {
      case LOCAL -> applyLocal(opcode);
      case TYPE, TYPE_FIELD, TYPE_COUNT, TYPE_DATA, TYPE_ELEMENT, TYPE_TYPE -> applyTyped(opcode);
      default -> applyOther(opcode);
    }
  }

  private void applySignature(Opcode opcode, FuncType signature) {
    switch (opcode.immediates()) {
      case MEMORY_ACCESS, MEMORY_ACCESS_LANE -> memory.access(opcode, signature);
      case LANE -> memory.lane(opcode, signature);
      case SHUFFLE -> memory.shuffle(signature);
      default -> {
        state.operands.popAll(signature.params());
        state.operands.pushAll(signature.results());
      }
    }
  }

  private void applyLocal(Opcode opcode) {
    switch (opcode) {
      case LOCAL_GET -> variable.localGet();
      case LOCAL_SET -> variable.localSet();
      case LOCAL_TEE -> variable.localTee();
      default -> throw noRule(opcode);
    }
  }

  private void applyOther(Opcode opcode) {
    switch (opcode) {
      case UNREACHABLE -> state.setUnreachable();
      case NOP, ATOMIC_FENCE -> {}
      case BLOCK, LOOP, TRY -> control.open(opcode);
      case IF -> control.openIf();
      case ELSE -> control.otherwise();
      case TRY_TABLE -> control.openTryTable();
      case CATCH -> control.legacyCatch();
      case CATCH_ALL -> control.legacyCatchAll();
      case DELEGATE -> control.delegate();
      case RETHROW -> control.rethrow();
      case THROW -> control.throwTag();
      case THROW_REF -> control.throwReference();
      case END -> control.end();
      case BR -> control.branch();
      case BR_IF -> control.branchIf();
      case BR_TABLE -> control.branchTable();
      case RETURN -> control.returnResults();
      case CALL -> call.call(/* isTailCall= */ false);
      case RETURN_CALL -> call.call(/* isTailCall= */ true);
      case CALL_INDIRECT -> call.callIndirect(/* isTailCall= */ false);
      case RETURN_CALL_INDIRECT -> call.callIndirect(/* isTailCall= */ true);
      case DROP -> variable.drop();
      case SELECT -> variable.select();
      case SELECT_T -> variable.selectTyped();
      case GLOBAL_GET -> variable.globalGet();
      case GLOBAL_SET -> variable.globalSet();
      case TABLE_GET -> table.get();
      case TABLE_SET -> table.set();
      case TABLE_SIZE -> table.size();
      case TABLE_GROW -> table.grow();
      case TABLE_FILL -> table.fill();
      case TABLE_COPY -> table.copy();
      case TABLE_INIT -> table.init();
      case ELEM_DROP -> table.dropElements();
      case MEMORY_SIZE -> memory.size();
      case MEMORY_GROW -> memory.grow();
      case MEMORY_FILL -> memory.fill();
      case MEMORY_COPY -> memory.copy();
      case MEMORY_INIT -> memory.init();
      case DATA_DROP -> memory.dropData();
      case REF_NULL -> reference.refNull();
      case REF_IS_NULL -> reference.isNull();
      case REF_FUNC -> reference.func();
      case REF_EQ -> reference.equal();
      case REF_AS_NON_NULL -> reference.asNonNull();
      case BR_ON_NULL -> reference.branchOnNull();
      case BR_ON_NON_NULL -> reference.branchOnNonNull();
      case REF_TEST, REF_TEST_NULL -> reference.test();
      case REF_CAST -> reference.cast(/* nullable= */ false);
      case REF_CAST_NULL -> reference.cast(/* nullable= */ true);
      case BR_ON_CAST -> reference.branchOnCast(/* onFailure= */ false);
      case BR_ON_CAST_FAIL -> reference.branchOnCast(/* onFailure= */ true);
      case ANY_CONVERT_EXTERN -> reference.convert(RefType.EXTERNREF, AbstractHeapType.ANY);
      case EXTERN_CONVERT_ANY -> reference.convert(RefType.ANYREF, AbstractHeapType.EXTERN);
      case REF_I31 -> reference.i31();
      case I31_GET_S, I31_GET_U -> reference.i31Get();
      case ARRAY_LEN -> gc.arrayLength();
      default -> throw noRule(opcode);
    }
  }

  private void applyTyped(Opcode opcode) {
    switch (opcode) {
      case CALL_REF -> call.callReference(/* isTailCall= */ false);
      case RETURN_CALL_REF -> call.callReference(/* isTailCall= */ true);
      case STRUCT_NEW -> gc.structNew();
      case STRUCT_NEW_DEFAULT -> gc.structNewDefault();
      case STRUCT_GET -> gc.structGet(/* isPacked= */ false);
      case STRUCT_GET_S, STRUCT_GET_U -> gc.structGet(/* isPacked= */ true);
      case STRUCT_SET -> gc.structSet();
      case ARRAY_NEW -> gc.arrayNew();
      case ARRAY_NEW_DEFAULT -> gc.arrayNewDefault();
      case ARRAY_NEW_FIXED -> gc.arrayNewFixed();
      case ARRAY_NEW_DATA -> gc.arrayNewData();
      case ARRAY_NEW_ELEM -> gc.arrayNewElements();
      case ARRAY_GET -> gc.arrayGet(/* isPacked= */ false);
      case ARRAY_GET_S, ARRAY_GET_U -> gc.arrayGet(/* isPacked= */ true);
      case ARRAY_SET -> gc.arraySet();
      case ARRAY_FILL -> gc.arrayFill();
      case ARRAY_COPY -> gc.arrayCopy();
      case ARRAY_INIT_DATA -> gc.arrayInitData();
      case ARRAY_INIT_ELEM -> gc.arrayInitElements();
      default -> throw noRule(opcode);
    }
  }

  /// Applies the rule of `ref.func` in a constant expression.
  void applyConstantFunc() {
    reference.constantFunc();
  }

  private static IllegalStateException noRule(Opcode opcode) {
    return new IllegalStateException("no rule for " + opcode.mnemonic());
  }
}
