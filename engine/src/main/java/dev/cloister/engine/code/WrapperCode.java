package dev.cloister.engine.code;

/// Code that is between modules and what they call or are called by. It belongs to no module: all
/// that use a signature share it.
///
/// @param kind what it is for
/// @param signature the parameters and results, by the kinds of JVM values that carry them
/// @param bytes its class file
public record WrapperCode(Kind kind, String signature, int bytes) {
  /// What wrappers are for.
  public enum Kind {
    /// Guests call host functions through it.
    IMPORT("import-wrapper"),
    /// References to functions of modules are called through it, from outside or from elsewhere.
    EXPORT("export-wrapper");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    /// {@return the name, for logs}
    public String label() {
      return label;
    }
  }
}
