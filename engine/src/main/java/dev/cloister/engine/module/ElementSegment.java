package dev.cloister.engine.module;

import dev.cloister.engine.types.RefType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An element segment (Spec 2.5.8): a list of functions or of constant expressions, never both.
///
/// @param mode what instantiation does with it
/// @param tableIndex the table of an active segment
/// @param offset the index of an active segment in its table
/// @param type type of the elements
/// @param functionIndices the functions, or null; nobody may change the array
/// @param expressions the constant expressions, or null
@SuppressWarnings("ArrayRecordComponent") // A list would box a million indices.
public record ElementSegment(
    Mode mode,
    int tableIndex,
    @Nullable ConstExpr offset,
    RefType type,
    int @Nullable [] functionIndices,
    @Nullable List<ConstExpr> expressions) {

  /// What instantiation does with an element segment.
  public enum Mode {
    /// Copies it to a table and drops it.
    ACTIVE,
    /// Keeps it for `table.init`.
    PASSIVE,
    /// Drops it; it only declares functions that are referenced.
    DECLARATIVE
  }

  /// Returns the number of elements.
  public int size() {
    if (functionIndices != null) {
      return functionIndices.length;
    }
    return expressions == null ? 0 : expressions.size();
  }
}
