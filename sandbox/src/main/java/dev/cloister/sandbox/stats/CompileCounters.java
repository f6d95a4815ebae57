package dev.cloister.sandbox.stats;

import dev.cloister.engine.stats.ModuleCompiled;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/// Counts compilations by how their modules came and how they ended, each once. Any thread may
/// count and read.
public final class CompileCounters {
  private final Map<Labels, LongAdder> counts = new ConcurrentHashMap<>();
  private final LongAdder wallMicros = new LongAdder();

  /// Creates counters at zero.
  public CompileCounters() {}

  /// What compilations are told apart by.
  ///
  /// @param mode `sync`, `async` or `streaming`
  /// @param isCached whether somebody else had compiled the module
  /// @param isSuccess whether there is a module
  public record Labels(String mode, boolean isCached, boolean isSuccess)
      implements Comparable<Labels> {
    static Labels of(ModuleCompiled event) {
      String mode = event.isStreamed() ? "streaming" : event.isAsync() ? "async" : "sync";
      return new Labels(mode, event.isCached(), event.isSuccess());
    }

    /// Returns the labels as metrics have them.
    public Map<String, String> toMap() {
      return new TreeMap<>(
          Map.of(
              "mode",
              mode,
              "cached",
              Boolean.toString(isCached),
              "result",
              isSuccess ? "ok" : "failed"));
    }

    @Override
    public int compareTo(Labels other) {
      return toMap().toString().compareTo(other.toMap().toString());
    }
  }

  /// Counts a compilation that has ended.
  public void count(ModuleCompiled event) {
    counts.computeIfAbsent(Labels.of(event), _ -> new LongAdder()).increment();
    wallMicros.add(event.wallMicros());
  }

  /// Returns the number of compilations by their labels; those that never were are absent.
  public Map<Labels, Long> counts() {
    Map<Labels, Long> sums = new TreeMap<>();
    counts.forEach((labels, count) -> sums.put(labels, count.sum()));
    return sums;
  }

  /// Returns how many compilations ended with a module, or without one.
  public long total(boolean isSuccess) {
    return counts().entrySet().stream()
        .filter(count -> count.getKey().isSuccess == isSuccess)
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /// Returns how long all compilations took, with the time in which bytes were waited for.
  public double wallSeconds() {
    return wallMicros.sum() / 1e6;
  }
}
