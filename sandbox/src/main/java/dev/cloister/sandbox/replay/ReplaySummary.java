package dev.cloister.sandbox.replay;

/// How many events of a trace happened as recorded.
///
/// @param passed events that happened, or were what the module did
/// @param failed events the module contradicted
/// @param skipped events that were not reached
public record ReplaySummary(int passed, int failed, int skipped) {
  /// Whether everything happened as recorded, to the end.
  public boolean isComplete() {
    return failed == 0 && skipped == 0;
  }

  /// The last line of a report.
  @Override
  public String toString() {
    return "%d passed, %d failed, %d skipped".formatted(passed, failed, skipped);
  }
}
