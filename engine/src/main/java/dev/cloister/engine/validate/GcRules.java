package dev.cloister.engine.validate;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.types.ArrayType;
import dev.cloister.engine.types.FieldType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.PackedType;
import dev.cloister.engine.types.RefType;
import dev.cloister.engine.types.StorageType;
import dev.cloister.engine.types.StructType;
import dev.cloister.engine.types.Subtyping;
import dev.cloister.engine.types.ValueType;
import java.util.List;

/// The rules of structures and arrays (Spec 3.4.9, 3.4.10).
final class GcRules {

  private final CodeState state;
  private final InstructionReader reader;
  private final OperandStack operands;

  GcRules(CodeState state) {
    this.state = state;
    this.reader = state.reader;
    this.operands = state.operands;
  }

  private RefType reference(boolean nullable, int typeIndex) {
    return RefType.of(nullable, state.type(typeIndex));
  }

  void structNew() {
    List<FieldType> fields = state.structTypeAt(reader.index()).fields();
    for (int i = fields.size() - 1; i >= 0; i--) {
      operands.pop(fields.get(i).storage().unpacked());
    }
    operands.push(reference(false, reader.index()));
  }

  void structNewDefault() {
    List<FieldType> fields = state.structTypeAt(reader.index()).fields();
    for (int i = 0; i < fields.size(); i++) {
      requireDefault(fields.get(i));
    }
    operands.push(reference(false, reader.index()));
  }

  private void requireDefault(FieldType field) {
    if (!field.isDefaultable()) {
      throw state.invalid(
          "type mismatch: field type " + state.text(field.storage()) + " has no default value");
    }
  }

  /// `struct.get`, or for packed fields its two other forms.
  void structGet(boolean isPacked) {
    FieldType field = field(state.structTypeAt(reader.index()));
    requirePacked(field, isPacked);
    operands.pop(reference(true, reader.index()));
    operands.push(field.storage().unpacked());
  }

  void structSet() {
    FieldType field = field(state.structTypeAt(reader.index()));
    if (!field.mutable()) {
      throw state.invalid("immutable field " + reader.index2());
    }
    operands.pop(field.storage().unpacked());
    operands.pop(reference(true, reader.index()));
  }

  private FieldType field(StructType struct) {
    int count = struct.fields().size();
    if (Integer.compareUnsigned(reader.index2(), count) >= 0) {
      throw state.invalid(
          "unknown field " + Integer.toUnsignedString(reader.index2()) + ", there are " + count);
    }
    return struct.fields().get(reader.index2());
  }

  private void requirePacked(FieldType field, boolean isPacked) {
    if (field.storage() instanceof PackedType != isPacked) {
      throw state.invalid(
          "type mismatch: field type "
              + state.text(field.storage())
              + (isPacked ? " is not packed" : " is packed"));
    }
  }

  void arrayNew() {
    FieldType element = state.arrayTypeAt(reader.index()).field();
    operands.pop(NumType.I32);
    operands.pop(element.storage().unpacked());
    operands.push(reference(false, reader.index()));
  }

  void arrayNewDefault() {
    requireDefault(state.arrayTypeAt(reader.index()).field());
    operands.pop(NumType.I32);
    operands.push(reference(false, reader.index()));
  }

  void arrayNewFixed() {
    ValueType element = state.arrayTypeAt(reader.index()).field().storage().unpacked();
    int count = reader.index2();
    state.limits.check(WasmLimit.ARRAY_NEW_FIXED, Integer.toUnsignedLong(count), state.offset());
    for (int i = 0; i < count; i++) {
      operands.pop(element);
    }
    operands.push(reference(false, reader.index()));
  }

  void arrayNewData() {
    requireNumeric(state.arrayTypeAt(reader.index()));
    state.checkDataSegment(reader.index2());
    operands.pop(NumType.I32);
    operands.pop(NumType.I32);
    operands.push(reference(false, reader.index()));
  }

  void arrayNewElements() {
    requireHolds(state.arrayTypeAt(reader.index()), state.elementSegment(reader.index2()));
    operands.pop(NumType.I32);
    operands.pop(NumType.I32);
    operands.push(reference(false, reader.index()));
  }

  /// `array.get`, or for packed elements its two other forms.
  void arrayGet(boolean isPacked) {
    FieldType element = state.arrayTypeAt(reader.index()).field();
    requirePacked(element, isPacked);
    operands.pop(NumType.I32);
    operands.pop(reference(true, reader.index()));
    operands.push(element.storage().unpacked());
  }

  void arraySet() {
    ArrayType array = mutableArray(reader.index());
    operands.pop(array.field().storage().unpacked());
    operands.pop(NumType.I32);
    operands.pop(reference(true, reader.index()));
  }

  void arrayLength() {
    operands.pop(RefType.ARRAYREF);
    operands.push(NumType.I32);
  }

  void arrayFill() {
    ArrayType array = mutableArray(reader.index());
    operands.pop(NumType.I32);
    operands.pop(array.field().storage().unpacked());
    operands.pop(NumType.I32);
    operands.pop(reference(true, reader.index()));
  }

  void arrayCopy() {
    StorageType target = mutableArray(reader.index()).field().storage();
    StorageType source = state.arrayTypeAt(reader.index2()).field().storage();
    if (!Subtyping.isSubtype(source, target)) {
      throw state.invalid(
          "array types do not match: " + state.text(source) + " is no " + state.text(target));
    }
    operands.pop(NumType.I32);
    operands.pop(NumType.I32);
    operands.pop(reference(true, reader.index2()));
    operands.pop(NumType.I32);
    operands.pop(reference(true, reader.index()));
  }

  void arrayInitData() {
    requireNumeric(mutableArray(reader.index()));
    state.checkDataSegment(reader.index2());
    popInitOperands();
  }

  void arrayInitElements() {
    requireHolds(mutableArray(reader.index()), state.elementSegment(reader.index2()));
    popInitOperands();
  }

  private void popInitOperands() {
    operands.pop(NumType.I32);
    operands.pop(NumType.I32);
    operands.pop(NumType.I32);
    operands.pop(reference(true, reader.index()));
  }

  private ArrayType mutableArray(int typeIndex) {
    ArrayType array = state.arrayTypeAt(typeIndex);
    if (!array.field().mutable()) {
      throw state.invalid("immutable array type " + typeIndex);
    }
    return array;
  }

  private void requireNumeric(ArrayType array) {
    if (array.field().storage() instanceof RefType type) {
      throw state.invalid("array type is not numeric or vector: it holds " + state.text(type));
    }
  }

  private void requireHolds(ArrayType array, RefType elements) {
    if (!Subtyping.isSubtype((StorageType) elements, array.field().storage())) {
      throw state.invalid(
          "type mismatch: elements are "
              + state.text(elements)
              + ", the array holds "
              + state.text(array.field().storage()));
    }
  }
}
