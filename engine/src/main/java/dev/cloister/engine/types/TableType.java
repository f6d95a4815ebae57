package dev.cloister.engine.types;

/// The type of a table (Spec 2.3.13).
///
/// @param element type of the elements
/// @param limits sizes in elements
public record TableType(RefType element, Limits limits) implements ExternType {

  @Override
  public String toString() {
    return "table " + limits + " " + element;
  }
}
