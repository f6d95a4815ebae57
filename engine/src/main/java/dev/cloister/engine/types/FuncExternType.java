package dev.cloister.engine.types;

/// The type of an imported or exported function.
public record FuncExternType(DefinedType type) implements ExternType {

  @Override
  public String toString() {
    return "func " + type.composite();
  }
}
