package dev.cloister.sandbox.wast;

/// How one command of a script ended.
public sealed interface Verdict {
  /// As the script says.
  record Passed() implements Verdict {
    static final Passed PASSED = new Passed();
  }

  /// Otherwise than the script says.
  ///
  /// @param expected what the script asks for, in words
  /// @param actual what happened, in words
  record Failed(String expected, String actual) implements Verdict {}

  /// Not judged.
  record Skipped(String reason) implements Verdict {}
}
