package dev.cloister.sandbox.storage;

import java.time.Instant;
import java.util.List;

/// What an alias named from some moment on.
///
/// @param number 1 for the alias's first change, then 2, and so on
/// @param targets the versions, of which some may be gone by now
/// @param changedAt when it came to name them
public record AliasChange(long number, List<AliasTarget> targets, Instant changedAt) {

  /// Copies the targets.
  public AliasChange {
    targets = List.copyOf(targets);
  }
}
