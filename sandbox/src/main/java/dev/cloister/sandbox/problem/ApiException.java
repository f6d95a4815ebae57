package dev.cloister.sandbox.problem;

/// A request that is answered with a problem. Says nothing about the server's own health.
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  /// Creates the exception for a problem.
  public ApiException(Problem problem) {
    super(problem.type().slug() + ": " + problem.detail());
    this.problem = problem;
  }

  /// Returns the problem to answer with.
  public Problem problem() {
    return problem;
  }
}
