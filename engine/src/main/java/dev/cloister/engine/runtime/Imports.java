package dev.cloister.engine.runtime;

import dev.cloister.engine.types.ExternType;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Finds what a module imports. Implementations may be shared by threads if they say so.
@FunctionalInterface
public interface Imports {
  /// No imports at all.
  Imports NONE = (module, name, type) -> null;

  /// {@return what is to be imported, or null if there is nothing of this name}
  ///
  /// Whether it fits is checked by the caller.
  ///
  /// @param type what the importing module declares
  @Nullable Extern resolve(String module, String name, ExternType type);

  /// {@return a builder of a fixed set}
  static Builder builder() {
    return new Builder();
  }

  /// Collects a fixed set of imports.
  final class Builder {
    private record Key(String module, String name) {}

    private final Map<Key, Extern> definitions = new HashMap<>();

    private Builder() {}

    /// Defines one import; a later definition of the same names replaces it.
    public Builder define(String module, String name, Extern value) {
      definitions.put(new Key(module, name), value);
      return this;
    }

    /// {@return the imports defined so far, immutable}
    public Imports build() {
      Map<Key, Extern> copy = Map.copyOf(definitions);
      return (module, name, type) -> copy.get(new Key(module, name));
    }
  }
}
