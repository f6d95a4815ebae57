package dev.cloister.isolate.verticle;

import dev.cloister.isolate.plugin.InstancePolicy;

/// The end of a call: its result, its figures, and the hold on its output.
///
/// The output stays charged to the tenant until [#close()], so whoever gets the outcome closes it
/// once the answer is written.
public final class InvocationOutcome implements AutoCloseable {
  private final InvocationResult result;
  private final InvocationTimings timings;
  private final InstancePolicy instance;
  private final Runnable release;

  /// Makes an outcome.
  ///
  /// @param release returns what the output is charged; may be run more than once
  InvocationOutcome(
      InvocationResult result,
      InvocationTimings timings,
      InstancePolicy instance,
      Runnable release) {
    this.result = result;
    this.timings = timings;
    this.instance = instance;
    this.release = release;
  }

  /// An outcome of a call that never ran.
  static InvocationOutcome refused(InvocationResult result) {
    return new InvocationOutcome(result, InvocationTimings.NONE, InstancePolicy.FRESH, () -> {});
  }

  /// How the call ended.
  public InvocationResult result() {
    return result;
  }

  /// Where the time went.
  public InvocationTimings timings() {
    return timings;
  }

  /// What kind of instance served it.
  public InstancePolicy instance() {
    return instance;
  }

  /// Returns the output's bytes to the tenant's ledger. Repeating it does nothing.
  @Override
  public void close() {
    release.run();
  }
}
