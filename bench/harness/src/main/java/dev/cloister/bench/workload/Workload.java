package dev.cloister.bench.workload;

import java.nio.file.Path;

/// One program that engines are measured with.
///
/// @param name as it stands in the table
/// @param module the binary
/// @param task what one pass through it is
/// @param group its kind
/// @param isGrowable true for the build whose memory could grow
public record Workload(String name, Path module, Task task, Group group, boolean isGrowable) {
  /// One that computes, with the memory that it has.
  public Workload(String name, Path module, Task task) {
    this(name, module, task, Group.COMPUTE, /* isGrowable= */ false);
  }

  /// One pass.
  public sealed interface Task {
    /// Calls `run(n)`.
    ///
    /// @param n for a pass of a few milliseconds, and what it returns on a fresh instance
    /// @param coldN for a pass that hardly matters beside compilation
    record Run(long n, String checksum, long coldN, String coldChecksum) implements Task {}

    /// Plays a recorded trace, which carries its own expectations, on a fresh instance.
    record Play(Path trace) implements Task {}

    /// Nothing: it can only be compiled.
    record Compile() implements Task {}
  }

  /// {@return the group, and which build it is if there are two}
  public String groupLabel() {
    return isGrowable ? group.label() + ", growable memory" : group.label();
  }

  /// {@return the build of this workload whose memory could grow}
  Workload growable(String otherName, Path otherModule) {
    return new Workload(otherName, otherModule, task, group, /* isGrowable= */ true);
  }
}
