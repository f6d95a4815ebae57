package dev.cloister.engine.types;

import java.util.List;

/// Types as messages about a module show them: like the text format, with the module's own type
/// indices. The same module always gives the same text.
public final class TypeText {

  private static final int SHOWN_TYPES = 32;

  private TypeText() {}

  /// Returns `type`, with the index that its heap type has in `types`.
  public static String of(StorageType type, TypeSpace types) {
    if (type instanceof RefType reference && reference.heapType() instanceof DefinedType defined) {
      return (reference.nullable() ? "(ref null " : "(ref ") + index(defined, types) + ")";
    }
    return type.toString();
  }

  /// Returns the first of the types between brackets.
  public static String of(List<? extends StorageType> list, TypeSpace types) {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < Math.min(list.size(), SHOWN_TYPES); i++) {
      text.append(i == 0 ? "" : " ").append(of(list.get(i), types));
    }
    return text.append(list.size() > SHOWN_TYPES ? " ...]" : "]").toString();
  }

  private static String index(DefinedType type, TypeSpace types) {
    for (int i = 0; i < types.typeCount(); i++) {
      if (types.type(i) == type) {
        return Integer.toString(i);
      }
    }
    return type.toString();
  }
}
