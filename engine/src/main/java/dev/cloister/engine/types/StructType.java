package dev.cloister.engine.types;

import java.util.List;
import java.util.stream.Collectors;

/// The fields of structures (Spec 2.3.8).
public record StructType(List<FieldType> fields) implements CompositeType {

  /// Creates the type; the list is copied.
  public StructType {
    fields = List.copyOf(fields);
  }

  @Override
  public String toString() {
    return fields.stream()
        .map(field -> " (field " + field + ")")
        .collect(Collectors.joining("", "(struct", ")"));
  }
}
