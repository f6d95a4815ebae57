package dev.cloister.sandbox;

import dev.cloister.sandbox.cli.CloisterCommand;
import dev.cloister.sandbox.cli.Terminal;

/// The program behind `bin/cloister` and `scripts/cloister`: hands the words of the command line to
/// [CloisterCommand] and ends the process with its exit code.
public final class Main {
  private Main() {}

  /// Runs one command. Ends the process even when threads of a stopped guest still live.
  public static void main(String[] arguments) {
    System.exit(CloisterCommand.execute(Terminal.ofProcess(), arguments));
  }
}
