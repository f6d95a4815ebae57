package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.types.DefinedType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.TableType;
import dev.cloister.engine.types.ValueType;
import java.util.List;

/// The rules of calls and tail calls (Spec 3.4.2).
final class CallRules {

  private final CodeState state;
  private final InstructionReader reader;
  private final OperandStack operands;

  CallRules(CodeState state) {
    this.state = state;
    this.reader = state.reader;
    this.operands = state.operands;
  }

  void call(boolean isTailCall) {
    apply((FuncType) state.function(reader.index()).composite(), isTailCall);
    state.callees.add(reader.index());
    if (isTailCall) {
      state.tailCallees.set(reader.index());
    }
  }

  void callIndirect(boolean isTailCall) {
    TableType table = state.table(reader.index2());
    FuncType type = state.functionTypeAt(reader.index());
    if (!Subtyping.isSubtype(table.element(), RefType.FUNCREF)) {
      throw state.invalid(
          "type mismatch: table "
              + reader.index2()
              + " holds "
              + state.text(table.element())
              + ", calls need funcref");
    }
    operands.pop(table.limits().addressType());
    state.callsUnknown = true;
    apply(type, isTailCall);
  }

  void callReference(boolean isTailCall) {
    DefinedType type = state.type(reader.index());
    FuncType signature = state.functionTypeAt(reader.index());
    operands.pop(RefType.of(true, type));
    state.callsUnknown = true;
    apply(signature, isTailCall);
  }

  private void apply(FuncType callee, boolean isTailCall) {
    operands.popAll(callee.params());
    if (!isTailCall) {
      operands.pushAll(callee.results());
      return;
    }
    List<ValueType> expected = state.controls.outermost().results;
    if (!Subtyping.areSubtypes(callee.results(), expected)) {
      throw state.invalid(
          "type mismatch: tail call yields "
              + state.text(callee.results())
              + ", function yields "
              + state.text(expected));
    }
    state.makesTailCalls = true;
    state.setUnreachable();
  }
}
