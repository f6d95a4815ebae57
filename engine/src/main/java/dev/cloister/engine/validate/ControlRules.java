package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.CatchKind;
import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.types.AbstractHeapType;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.ValueType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The rules of blocks and branches (Spec 3.4.1 to 3.4.2, A.3).
final class ControlRules {

  private static final int RESULT_CACHE_LIMIT = 1024;
  private static final ValueType EXCEPTION = RefType.of(false, AbstractHeapType.EXN);

  private final CodeState state;
  private final InstructionReader reader;
  private final OperandStack operands;
  private final ControlStack controls;

  /// Lists of one type, so that blocks with a result allocate nothing.
  private final Map<ValueType, List<ValueType>> results = new HashMap<>();

  ControlRules(CodeState state) {
    this.state = state;
    this.reader = state.reader;
    this.operands = state.operands;
    this.controls = state.controls;
  }

  /// `block`, `loop`, `try`, and the end of `if` and `try_table`.
  void open(Opcode opcode) {
    List<ValueType> params = List.of();
    List<ValueType> blockResults = List.of();
    switch (reader.blockKind()) {
      case EMPTY -> {}
      case VALUE -> blockResults = listOf(reader.blockValueType());
      case TYPE_INDEX -> {
        FuncType type = state.functionTypeAt(reader.blockTypeIndex());
        params = type.params();
        blockResults = type.results();
      }
    }
    operands.popAll(params);
    controls.push(opcode, params, blockResults);
  }

  private List<ValueType> listOf(ValueType type) {
    List<ValueType> list = results.get(type);
    if (list == null) {
      list = List.of(type);
      if (results.size() < RESULT_CACHE_LIMIT) {
        results.put(type, list);
      }
    }
    return list;
  }

  void openIf() {
    operands.pop(NumType.I32);
    open(Opcode.IF);
  }

  /// `try_table`: labels of its clauses are counted from outside.
  void openTryTable() {
    for (int i = 0; i < reader.catchCount(); i++) {
      List<ValueType> label = controls.label(reader.catchLabel(i)).labelTypes();
      List<ValueType> caught = caughtTypes(reader.catchKind(i), i);
      if (!Subtyping.areSubtypes(caught, label)) {
        throw state.invalid(
            "type mismatch: catch clause "
                + i
                + " yields "
                + state.text(caught)
                + ", its label takes "
                + state.text(label));
      }
    }
    open(Opcode.TRY_TABLE);
  }

  private List<ValueType> caughtTypes(CatchKind kind, int clause) {
    List<ValueType> params =
        kind.hasTag() ? tagParams(reader.catchTag(clause)) : List.<ValueType>of();
    if (!kind.hasReference()) {
      return params;
    }
    List<ValueType> types = new ArrayList<>(params);
    types.add(EXCEPTION);
    return types;
  }

  private List<ValueType> tagParams(int tag) {
    return ((FuncType) state.tag(tag).type().composite()).params();
  }

  void otherwise() {
    requireInnermost(Opcode.IF, Opcode.IF, "else");
    ControlFrame frame = controls.pop();
    controls.push(Opcode.ELSE, frame.params, frame.results);
  }

  void end() {
    ControlFrame frame = controls.pop();
    if (frame.opcode == Opcode.IF && !Subtyping.areSubtypes(frame.params, frame.results)) {
      throw state.invalid(
          "type mismatch: if without else takes "
              + state.text(frame.params)
              + " but yields "
              + state.text(frame.results));
    }
    operands.pushAll(frame.results);
  }

  /// `catch` in the older encoding.
  void legacyCatch() {
    requireInnermost(Opcode.TRY, Opcode.CATCH, "catch");
    List<ValueType> caught = tagParams(reader.index());
    ControlFrame frame = controls.pop();
    controls.push(Opcode.CATCH, frame.params, frame.results, caught);
  }

  /// `catch_all` in the older encoding.
  void legacyCatchAll() {
    requireInnermost(Opcode.TRY, Opcode.CATCH, "catch_all");
    ControlFrame frame = controls.pop();
    controls.push(Opcode.CATCH_ALL, frame.params, frame.results, List.of());
  }

  /// `delegate` in the older encoding: it ends the `try`, and its label is counted from outside.
  void delegate() {
    requireInnermost(Opcode.TRY, Opcode.TRY, "delegate");
    ControlFrame frame = controls.pop();
    List<ValueType> yielded = frame.results;
    controls.label(reader.index());
    operands.pushAll(yielded);
  }

  /// `rethrow` in the older encoding.
  void rethrow() {
    Opcode opened = controls.label(reader.index()).opcode;
    if (opened != Opcode.CATCH && opened != Opcode.CATCH_ALL) {
      throw state.invalid("invalid rethrow label " + reader.index() + ": it is not of a catch");
    }
    state.setUnreachable();
  }

  private void requireInnermost(Opcode first, Opcode second, String mnemonic) {
    Opcode opened = controls.innermost().opcode;
    if (controls.depth() == 1 || (opened != first && opened != second)) {
      throw state.malformed("END opcode expected: " + mnemonic + " without " + first.mnemonic());
    }
  }

  void branch() {
    operands.popAll(controls.label(reader.index()).labelTypes());
    state.setUnreachable();
  }

  void branchIf() {
    operands.pop(NumType.I32);
    List<ValueType> types = controls.label(reader.index()).labelTypes();
    operands.popAll(types);
    operands.pushAll(types);
  }

  @SuppressWarnings("ReferenceEquality") // One list need not be checked twice.
  void branchTable() {
    operands.pop(NumType.I32);
    int last = reader.tableLength();
    state.work(last);
    List<ValueType> types = controls.label(reader.tableLabel(last)).labelTypes();
    operands.requireTop(types);
    List<ValueType> checked = types;
    for (int i = 0; i < last; i++) {
      List<ValueType> label = controls.label(reader.tableLabel(i)).labelTypes();
      if (label == checked) {
        continue;
      }
      if (label.size() != types.size()) {
        throw state.invalid(
            "type mismatch: label "
                + i
                + " takes "
                + state.text(label)
                + ", the default takes "
                + state.text(types));
      }
      operands.requireTop(label);
      checked = label;
    }
    state.setUnreachable();
  }

  void returnResults() {
    operands.popAll(controls.outermost().results);
    state.setUnreachable();
  }

  void throwTag() {
    operands.popAll(tagParams(reader.index()));
    state.setUnreachable();
  }

  void throwReference() {
    operands.pop(RefType.EXNREF);
    state.setUnreachable();
  }
}
