package dev.cloister.sandbox.cli;

/// The exit codes of the commands. A guest's own exit code passes through unchanged.
final class ExitCode {
  /// Done.
  static final int OK = 0;

  /// The answer is no: an invalid module, a failed script command, a module that does not link.
  static final int FAILED = 1;

  /// The command line is wrong, or names something that is not there.
  static final int USAGE = 2;

  /// The guest ran out of time, as `timeout(1)` reports it.
  static final int TIMEOUT = 124;

  /// The guest trapped, as a shell reports a process that ended by SIGABRT.
  static final int TRAP = 134;

  private ExitCode() {}
}
