package dev.cloister.sandbox.http.handler;

/// A handler wrote what is no answer.
public final class MalformedAnswerException extends Exception {
  private static final int MAX_LENGTH = 200;

  private final String where;
  private final String actual;
  private final String allowed;

  /// Makes one; a long `actual` is cut.
  ///
  /// @param where the place in what it wrote
  /// @param actual what is there
  /// @param allowed what should be
  MalformedAnswerException(String where, String actual, String allowed) {
    super(where + " must be " + allowed);
    this.where = where;
    this.actual = actual.length() > MAX_LENGTH ? actual.substring(0, MAX_LENGTH) : actual;
    this.allowed = allowed;
  }

  /// The place in what the handler wrote.
  public String where() {
    return where;
  }

  /// What is there.
  public String actual() {
    return actual;
  }

  /// What should be.
  public String allowed() {
    return allowed;
  }
}
