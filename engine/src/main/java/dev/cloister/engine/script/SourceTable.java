package dev.cloister.engine.script;

import dev.cloister.engine.error.InlinedCall;
import dev.cloister.engine.error.SourcePosition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What instructions came from. Immutable; any thread.
interface SourceTable {
  /// Knows nothing.
  SourceTable EMPTY = _ -> null;

  /// {@return where the instruction at an offset of the module came from, or null if it is not
  /// known}
  @Nullable SourcePosition find(int offset);

  /// {@return the calls of inlined functions that the instruction at an offset of the module is in,
  /// the innermost first}
  default List<InlinedCall> inlinedAt(int offset) {
    return List.of();
  }
}
