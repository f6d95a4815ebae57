package dev.cloister.engine.stats;

/// How a module comes to the engine.
public enum CompileMode {
  /// Whole, and the caller waits.
  SYNC("sync"),
  /// Whole, and the caller goes on.
  ASYNC("async"),
  /// In pieces.
  STREAMING("streaming");

  private final String label;

  CompileMode(String label) {
    this.label = label;
  }

  /// {@return the name in metrics and interfaces}
  public String label() {
    return label;
  }
}
