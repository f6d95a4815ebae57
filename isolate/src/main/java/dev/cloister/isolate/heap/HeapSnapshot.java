package dev.cloister.isolate.heap;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/// A tenant's charged bytes at one moment.
///
/// @param bytes bytes per category, every category present
/// @param chargedBytes the sum over `bytes`
/// @param peakBytes the highest total since the ledger was opened
/// @param capBytes the limit in force
public record HeapSnapshot(
    Map<HeapCategory, Long> bytes, long chargedBytes, long peakBytes, long capBytes) {

  /// Copies `bytes`.
  public HeapSnapshot {
    bytes = Collections.unmodifiableMap(new EnumMap<>(bytes));
  }
}
