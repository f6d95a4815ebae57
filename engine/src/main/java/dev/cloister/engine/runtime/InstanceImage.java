package dev.cloister.engine.runtime;

import org.jspecify.annotations.Nullable;

/// What an instance is to begin with in place of its segments and its start function.
@FunctionalInterface
public interface InstanceImage {
  /// Sets everything of a new instance that is mutable but its globals.
  ///
  /// Its imports, tags, memories and tables are there; the latter have their least sizes, and null
  /// for elements.
  ///
  /// @return the values of all globals by index, boxed as in [FuncRef#call], each of its type
  @Nullable Object[] restore(InstanceState state);
}
