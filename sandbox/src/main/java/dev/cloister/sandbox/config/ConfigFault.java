package dev.cloister.sandbox.config;

/// A mistake in a configuration file.
///
/// @param file the file as it was named by the user
/// @param line the line, from 1
/// @param column the column, from 1
/// @param text what is wrong, and what would be right
public record ConfigFault(String file, int line, int column, String text) {

  /// Returns the form compilers use: `file:line:column: text`.
  @Override
  public String toString() {
    return file + ":" + line + ":" + column + ": " + text;
  }
}
