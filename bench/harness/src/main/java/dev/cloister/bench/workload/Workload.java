package dev.cloister.bench.workload;

import java.nio.file.Path;

/// One program that engines are measured with.
///
/// @param name as it stands in the table
/// @param module the binary
/// @param task what one pass through it is
public record Workload(String name, Path module, Task task) {
  /// One pass.
  public sealed interface Task {
    /// Calls `run(n)`.
    ///
    /// @param n for a pass of a few milliseconds, and what it returns on a fresh instance
    /// @param coldN for a pass that hardly matters beside compilation
    record Run(long n, String checksum, long coldN, String coldChecksum) implements Task {}

    /// Plays a recorded trace, which carries its own expectations, on a fresh instance.
    record Play(Path trace) implements Task {}
  }

  /// {@return this workload with another binary}
  Workload with(String otherName, Path otherModule) {
    return new Workload(otherName, otherModule, task);
  }
}
