package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.types.GlobalType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.ValueType;

/// The rules of locals, globals and the parametric instructions (Spec 3.4.4, 3.4.5).
final class VariableRules {

  private final CodeState state;
  private final InstructionReader reader;
  private final OperandStack operands;
  private final Locals locals;

  VariableRules(CodeState state) {
    this.state = state;
    this.reader = state.reader;
    this.operands = state.operands;
    this.locals = state.locals;
  }

  void localGet() {
    int local = checkLocal();
    if (!locals.isInitialized(local)) {
      throw state.invalid(
          "uninitialized local " + local + " of type " + state.text(locals.type(local)));
    }
    operands.push(locals.type(local));
  }

  void localSet() {
    int local = checkLocal();
    operands.pop(locals.type(local));
    locals.setInitialized(local);
  }

  void localTee() {
    localSet();
    operands.push(locals.type(reader.index()));
  }

  private int checkLocal() {
    int local = reader.index();
    if (Integer.compareUnsigned(local, locals.count()) >= 0) {
      throw state.invalid(
          "unknown local " + Integer.toUnsignedString(local) + ", there are " + locals.count());
    }
    return local;
  }

  void globalGet() {
    operands.push(state.global(reader.index()).valueType());
  }

  void globalSet() {
    GlobalType type = state.global(reader.index());
    if (!type.mutable()) {
      throw state.invalid("immutable global " + reader.index());
    }
    operands.pop(type.valueType());
  }

  void drop() {
    operands.pop();
  }

  void select() {
    operands.pop(NumType.I32);
    ValueType second = operands.pop();
    ValueType first = operands.pop();
    if (first instanceof RefType || second instanceof RefType) {
      throw state.invalid("type mismatch: select of references needs a type");
    }
    if (first != null && second != null && !first.equals(second)) {
      throw state.invalid("type mismatch: select of " + first + " and " + second);
    }
    operands.push(first == null ? second : first);
  }

  void selectTyped() {
    if (reader.valueTypeCount() != 1) {
      throw state.invalid("invalid result arity: select yields " + reader.valueTypeCount());
    }
    ValueType type = reader.valueType(0);
    operands.pop(NumType.I32);
    operands.pop(type);
    operands.pop(type);
    operands.push(type);
  }
}
