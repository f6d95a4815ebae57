package dev.cloister.engine.script;

import dev.cloister.engine.error.SourcePosition;
import org.jspecify.annotations.Nullable;

/// What instructions came from. Immutable; any thread.
interface SourceTable {
  /// Knows nothing.
  SourceTable EMPTY = _ -> null;

  /// {@return where the instruction at an offset of the module came from, or null if it is not
  /// known}
  @Nullable SourcePosition find(int offset);
}
