package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.TableType;

/// The rules of tables (Spec 3.4.6).
final class TableRules {

  private final CodeState state;
  private final InstructionReader reader;
  private final OperandStack operands;

  TableRules(CodeState state) {
    this.state = state;
    this.reader = state.reader;
    this.operands = state.operands;
  }

  void get() {
    TableType table = state.table(reader.index());
    operands.pop(table.limits().addressType());
    operands.push(table.element());
  }

  void set() {
    TableType table = state.table(reader.index());
    operands.pop(table.element());
    operands.pop(table.limits().addressType());
  }

  void size() {
    operands.push(state.table(reader.index()).limits().addressType());
  }

  void grow() {
    TableType table = state.table(reader.index());
    operands.pop(table.limits().addressType());
    operands.pop(table.element());
    operands.push(table.limits().addressType());
  }

  void fill() {
    TableType table = state.table(reader.index());
    operands.pop(table.limits().addressType());
    operands.pop(table.element());
    operands.pop(table.limits().addressType());
  }

  void copy() {
    TableType target = state.table(reader.index());
    TableType source = state.table(reader.index2());
    requireFits(source.element(), target);
    NumType targetAddress = target.limits().addressType();
    NumType sourceAddress = source.limits().addressType();
    operands.pop(targetAddress == sourceAddress ? targetAddress : NumType.I32);
    operands.pop(sourceAddress);
    operands.pop(targetAddress);
  }

  void init() {
    TableType target = state.table(reader.index2());
    requireFits(state.elementSegment(reader.index()), target);
    operands.pop(NumType.I32);
    operands.pop(NumType.I32);
    operands.pop(target.limits().addressType());
  }

  void dropElements() {
    state.elementSegment(reader.index());
  }

  private void requireFits(RefType elements, TableType table) {
    if (!Subtyping.isSubtype(elements, table.element())) {
      throw state.invalid(
          "type mismatch: elements are "
              + state.text(elements)
              + ", the table holds "
              + state.text(table.element()));
    }
  }
}
