package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.HeapType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.ValueType;
import java.util.List;

/// The rules of references and casts (Spec 3.4.8, and the branches of 3.4.1 on references).
final class ReferenceRules {

  private final CodeState state;
  private final InstructionReader reader;
  private final OperandStack operands;

  ReferenceRules(CodeState state) {
    this.state = state;
    this.reader = state.reader;
    this.operands = state.operands;
  }

  void refNull() {
    operands.push(RefType.of(true, reader.heapType()));
  }

  void isNull() {
    operands.popReference();
    operands.push(NumType.I32);
  }

  void func() {
    int function = reader.index();
    operands.push(RefType.of(false, state.function(function)));
    if (!state.spaces.isDeclaredFunction(function)) {
      throw state.invalid(
          "undeclared function reference: function "
              + function
              + " is neither exported nor in an element segment or global");
    }
  }

  /// `ref.func` in a constant expression, which declares the function.
  void constantFunc() {
    operands.push(RefType.of(false, state.function(reader.index())));
  }

  void equal() {
    operands.pop(RefType.EQREF);
    operands.pop(RefType.EQREF);
    operands.push(NumType.I32);
  }

  void asNonNull() {
    operands.push(OperandStack.asNonNull(operands.popReference()));
  }

  void branchOnNull() {
    RefType operand = operands.popReference();
    List<ValueType> types = state.controls.label(reader.index()).labelTypes();
    operands.popAll(types);
    operands.pushAll(types);
    operands.push(OperandStack.asNonNull(operand));
  }

  void branchOnNonNull() {
    RefType operand = operands.popReference();
    branchWith(OperandStack.asNonNull(operand));
  }

  /// Checks a branch that takes the operands and, on top of them, `reference`; those operands stay.
  private void branchWith(RefType reference) {
    List<ValueType> types = state.controls.label(reader.index()).labelTypes();
    operands.push(reference);
    if (types.isEmpty()) {
      throw state.invalid(
          "type mismatch: label " + reader.index() + " takes [], the branch passes a reference");
    }
    operands.popAll(types);
    operands.pushAll(types.subList(0, types.size() - 1));
  }

  void test() {
    operands.pop(RefType.of(true, reader.heapType().top()));
    operands.push(NumType.I32);
  }

  void cast(boolean nullable) {
    HeapType target = reader.heapType();
    operands.pop(RefType.of(true, target.top()));
    operands.push(RefType.of(nullable, target));
  }

  /// `br_on_cast`, or `br_on_cast_fail` if `onFailure`.
  void branchOnCast(boolean onFailure) {
    RefType source = reader.castSource();
    RefType target = reader.castTarget();
    if (!Subtyping.isSubtype(target, source)) {
      throw state.invalid(
          "type mismatch: cast from " + state.text(source) + " to " + state.text(target));
    }
    RefType failed = target.nullable() ? source.asNonNull() : source;
    operands.pop(source);
    branchWith(onFailure ? failed : target);
    operands.push(onFailure ? target : failed);
  }

  /// `any.convert_extern` or `extern.convert_any`: null stays null and nothing else becomes it.
  void convert(RefType from, AbstractHeapType to) {
    RefType operand = operands.popReference(from);
    operands.push(RefType.of(operand.nullable(), to));
  }

  void i31() {
    operands.pop(NumType.I32);
    operands.push(RefType.of(false, AbstractHeapType.I31));
  }

  void i31Get() {
    operands.pop(RefType.I31REF);
    operands.push(NumType.I32);
  }
}
