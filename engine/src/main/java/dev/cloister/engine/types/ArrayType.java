package dev.cloister.engine.types;

/// The elements of arrays (Spec 2.3.8).
public record ArrayType(FieldType field) implements CompositeType {

  @Override
  public String toString() {
    return "(array " + field + ")";
  }
}
