package dev.cloister.sandbox.wast;

import java.nio.file.Path;

/// What became of one command.
///
/// @param script the file of the script
/// @param line 1-based line in the text the script was converted from
/// @param type the name of the command in the file
public record CommandResult(Path script, int line, String type, Verdict verdict) {
  /// One line for people: where, what was expected, what happened.
  public String describe() {
    String place = script + ":" + line + ": " + type;
    return switch (verdict) {
      case Verdict.Passed _ -> place + ": passed";
      case Verdict.Failed failed ->
          place + ": expected " + failed.expected() + ", actual " + failed.actual();
      case Verdict.Skipped skipped -> place + ": skipped: " + skipped.reason();
    };
  }

  CommandResult with(Verdict other) {
    return new CommandResult(script, line, type, other);
  }
}
