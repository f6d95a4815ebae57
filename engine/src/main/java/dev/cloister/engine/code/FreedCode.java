package dev.cloister.engine.code;

/// What was given up of generated code.
///
/// @param codeBytes the class files
/// @param metadataBytes an estimate of what the JVM and we keep besides
public record FreedCode(long codeBytes, long metadataBytes) {
  /// Nothing.
  public static final FreedCode NONE = new FreedCode(0, 0);

  /// {@return both}
  public FreedCode plus(FreedCode other) {
    return new FreedCode(codeBytes + other.codeBytes, metadataBytes + other.metadataBytes);
  }
}
