package dev.cloister.engine.error;

import java.util.concurrent.CancellationException;

/// That a compilation was ended before it had a result. It says nothing about the module.
public final class CompilationCancelledException extends CancellationException {

  private static final long serialVersionUID = 1L;

  /// Who ended a compilation.
  public enum Reason {
    /// Somebody who asked for this compilation to end.
    REQUEST("by request"),
    /// Whoever removed what is compiled, a plugin for example.
    MODULE_REMOVED("the module was removed"),
    /// Whoever removed the isolate.
    ISOLATE_REMOVED("the isolate was removed"),
    /// The end of the engine.
    ENGINE_CLOSED("the engine was closed");

    private final String text;

    Reason(String text) {
      this.text = text;
    }

    /// Returns the reason in words.
    public String text() {
      return text;
    }
  }

  private final long job;
  private final Reason reason;

  /// Creates the end of job number `job`.
  public CompilationCancelledException(long job, Reason reason) {
    super("compilation " + job + " was cancelled: " + reason.text());
    this.job = job;
    this.reason = reason;
  }

  /// Returns the number of the compilation.
  public long job() {
    return job;
  }

  /// Returns who ended it.
  public Reason reason() {
    return reason;
  }
}
