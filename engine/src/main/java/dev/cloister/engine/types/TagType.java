package dev.cloister.engine.types;

/// The type of an exception tag (Spec 2.3.15).
///
/// @param type a function type without results; its parameters are the exception's values
public record TagType(DefinedType type) implements ExternType {

  @Override
  public String toString() {
    return "tag " + type.composite();
  }
}
