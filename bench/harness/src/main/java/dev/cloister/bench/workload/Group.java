package dev.cloister.bench.workload;

import java.util.Locale;

/// What kind of program a workload is. A mean over programs of different kinds would say nothing of
/// any of them, so each group has its own.
public enum Group {
  /// Kernels and small programs that compute.
  COMPUTE("compute"),
  /// Kernels that use vectors.
  SIMD("SIMD"),
  /// Programs that run other programs: a large loop around a large switch.
  INTERPRETER("interpreters"),
  /// Recorded runs of other real programs.
  PROGRAM("programs"),
  /// Next to nothing: a call, an instance.
  BOUNDARY("boundary"),
  /// Programs that need a host that is not here: they can only be compiled.
  BINARY("binaries");

  private final String label;

  Group(String label) {
    this.label = label;
  }

  /// {@return how tables call it}
  public String label() {
    return label;
  }

  /// {@return the group that `workloads.txt` means}
  static Group of(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }
}
