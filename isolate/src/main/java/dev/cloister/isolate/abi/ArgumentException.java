package dev.cloister.isolate.abi;

/// An argument does not fit the parameter it was given for.
public final class ArgumentException extends RuntimeException {
  private final int index;
  private final String expected;
  private final String actual;

  ArgumentException(int index, String expected, String actual) {
    super(
        (index < 0 ? "" : "argument " + index + ": ") + "expected " + expected + ", got " + actual);
    this.index = index;
    this.expected = expected;
    this.actual = actual;
  }

  /// The argument's position from 0, or -1 if their number is wrong.
  public int index() {
    return index;
  }

  /// What the parameter accepts.
  public String expected() {
    return expected;
  }

  /// What was given.
  public String actual() {
    return actual;
  }
}
