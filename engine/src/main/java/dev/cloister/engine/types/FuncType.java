package dev.cloister.engine.types;

import java.util.List;

/// The parameters and results of functions (Spec 2.3.7).
public record FuncType(List<ValueType> params, List<ValueType> results) implements CompositeType {

  /// No parameters, no results.
  public static final FuncType EMPTY = new FuncType(List.of(), List.of());

  /// Creates the type; both lists are copied.
  public FuncType {
    params = List.copyOf(params);
    results = List.copyOf(results);
  }

  @Override
  public String toString() {
    return list(params) + " -> " + list(results);
  }

  private static String list(List<ValueType> types) {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < types.size(); i++) {
      text.append(i == 0 ? "" : " ").append(types.get(i));
    }
    return text.append(']').toString();
  }
}
