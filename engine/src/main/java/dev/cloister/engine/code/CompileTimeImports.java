package dev.cloister.engine.code;

import java.util.Set;

/// The imports whose meaning is compiled into the code (V8 `CompileTimeImports`): built-in
/// functions that the engine itself provides. Two modules with equal bytes but other ones are not
/// the same.
///
/// @param names of those that are in use; none exist yet
public record CompileTimeImports(Set<String> names) {
  /// None at all.
  public static final CompileTimeImports NONE = new CompileTimeImports(Set.of());

  /// Makes the set immutable.
  public CompileTimeImports {
    names = Set.copyOf(names);
  }
}
