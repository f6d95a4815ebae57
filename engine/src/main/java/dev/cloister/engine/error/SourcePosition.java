package dev.cloister.engine.error;

/// A place in the source text that a module was compiled from.
///
/// @param file the source file as the debug information names it, whatever that means on the
///   machine where it was compiled
/// @param line the line in it, from 1
/// @param column the column in the line, from 1, or 0 if it is not known
public record SourcePosition(String file, int line, int column) {
  @Override
  public String toString() {
    return file + ":" + line + (column == 0 ? "" : ":" + column);
  }
}
