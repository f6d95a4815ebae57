package dev.cloister.sandbox.registry;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/// The newest entries of a tenant's log, charged to its ledger.
///
/// A new entry takes the place of the oldest ones, when they are too many and when the tenant has
/// no memory left for more. Not thread-safe: its owner guards it.
///
/// @param <E> the entries
final class ChargedRing<E> {
  private final HeapLedger ledger;
  private final int capacityBytes;
  private final ToIntFunction<E> sizeBytes;
  private final Deque<E> entries = new ArrayDeque<>();
  private int keptBytes;
  private boolean isClosed;

  /// @param capacityBytes the most bytes that entries take
  /// @param sizeBytes what an entry takes
  ChargedRing(HeapLedger ledger, int capacityBytes, ToIntFunction<E> sizeBytes) {
    this.ledger = ledger;
    this.capacityBytes = capacityBytes;
    this.sizeBytes = sizeBytes;
  }

  /// Keeps `entry`, unless it alone is too large or there is no memory for it alone.
  void add(E entry) {
    int size = sizeBytes.applyAsInt(entry);
    if (isClosed || size > capacityBytes) {
      return;
    }
    while (keptBytes + size > capacityBytes || !ledger.charge(HeapCategory.LOG, size)) {
      if (entries.isEmpty()) {
        return;
      }
      release(sizeBytes.applyAsInt(entries.remove()));
    }
    entries.add(entry);
    keptBytes += size;
  }

  /// The entries that `test` accepts, oldest first.
  Stream<E> stream(Predicate<E> test) {
    return entries.stream().filter(test);
  }

  /// Forgets all entries and keeps no more. Repeating it does nothing.
  void close() {
    isClosed = true;
    entries.clear();
    release(keptBytes);
  }

  private void release(int bytes) {
    keptBytes -= bytes;
    ledger.release(HeapCategory.LOG, bytes);
  }
}
