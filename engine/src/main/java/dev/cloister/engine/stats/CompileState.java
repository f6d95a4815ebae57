package dev.cloister.engine.stats;

/// How far a compilation is.
public enum CompileState {
  /// It has not begun: other compilations go first.
  QUEUED("queued", false),
  /// Bytes are still to come; those that are there are decoded and validated.
  RECEIVING("receiving", false),
  /// All bytes are there and are decoded and validated.
  VALIDATING("validating", false),
  /// Somebody else compiles the same bytes, whose result is waited for.
  WAITING("waiting", false),
  /// Classes are generated for the valid module.
  GENERATING("generating", false),
  /// It has ended: there is a module.
  DONE("done", true),
  /// It has ended: the module is faulty, exceeds a limit, or the engine failed.
  FAILED("failed", true),
  /// It has ended because somebody wanted it to.
  CANCELLED("cancelled", true);

  private final String label;
  private final boolean isEnd;

  CompileState(String label, boolean isEnd) {
    this.label = label;
    this.isEnd = isEnd;
  }

  /// {@return the name in metrics and interfaces}
  public String label() {
    return label;
  }

  /// {@return whether nothing comes after it}
  public boolean isEnd() {
    return isEnd;
  }
}
