package dev.cloister.isolate.verticle;

import java.util.Map;

/// The calls of a tenant in figures.
///
/// @param inFlight calls admitted that have not ended
/// @param waiting those of them that wait for a guest thread
/// @param ended how many ended or were refused since the tenant was made, by
///   [InvocationResult#outcome()]
/// @param cpuNanos the CPU time that they used
public record CallUsage(int inFlight, int waiting, Map<String, Long> ended, long cpuNanos) {
  /// Copies `ended`.
  public CallUsage {
    ended = Map.copyOf(ended);
  }
}
