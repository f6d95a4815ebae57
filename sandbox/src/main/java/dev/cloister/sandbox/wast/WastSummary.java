package dev.cloister.sandbox.wast;

import java.util.SortedMap;
import java.util.TreeMap;

/// How many commands passed, failed and were skipped, and the skips by reason.
public final class WastSummary {
  private final SortedMap<String, Integer> skippedByReason = new TreeMap<>();
  private int passed;
  private int failed;

  WastSummary() {}

  void add(CommandResult result) {
    switch (result.verdict()) {
      case Verdict.Passed _ -> passed++;
      case Verdict.Failed _ -> failed++;
      case Verdict.Skipped(String reason) -> skippedByReason.merge(reason, 1, Integer::sum);
    }
  }

  /// The commands that ended as their script says.
  public int passed() {
    return passed;
  }

  /// The commands that ended otherwise.
  public int failed() {
    return failed;
  }

  /// The commands that were not judged.
  public int skipped() {
    return skippedByReason.values().stream().mapToInt(Integer::intValue).sum();
  }

  /// How many commands were not judged for which reason, by the alphabet.
  public SortedMap<String, Integer> skippedByReason() {
    return new TreeMap<>(skippedByReason);
  }

  /// The last line of a report.
  @Override
  public String toString() {
    return "%d passed, %d failed, %d skipped".formatted(passed, failed, skipped());
  }
}
