package dev.cloister.sandbox.cli;

import picocli.CommandLine;

/// The command `serve` as a program of its own, for tests that need a process to kill.
public final class ServeProgram {
  private ServeProgram() {}

  /// Runs `serve` with these options.
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new ServeCommand(Terminal.ofProcess())).execute(arguments));
  }
}
