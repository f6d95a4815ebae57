package dev.cloister.sandbox.config;

/// A mistake in a configuration.
///
/// @param file the file as it was named by the user, or the variable of the environment
/// @param line the line, from 1; 0 in a variable
/// @param column the column, from 1
/// @param text what is wrong, and what would be right
public record ConfigFault(String file, int line, int column, String text) {

  static ConfigFault ofVariable(String name, String text) {
    return new ConfigFault(name, 0, 0, text);
  }

  /// Returns the form compilers use: `file:line:column: text`.
  @Override
  public String toString() {
    return line == 0 ? file + ": " + text : file + ":" + line + ":" + column + ": " + text;
  }
}
