package dev.cloister.isolate.verticle;

import dev.cloister.engine.runtime.Store;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.heap.LedgerLimiter;

/// What one call holds while it runs: a store under the tenant's limits, and its output.
final class CallResources implements AutoCloseable {
  private final HeapLedger ledger;
  private final LedgerLimiter limiter;
  private final Store store;
  private final BoundedOutput output;

  CallResources(HeapLedger ledger, CallLimits limits) {
    this.ledger = ledger;
    this.limiter =
        new LedgerLimiter(
            ledger, limits.memoryPerInstanceBytes(), limits.tableElements(), limits.gcHeapBytes());
    this.store = new Store(limiter);
    if (limits.fuelPerCall() > 0) {
      store.setFuel(limits.fuelPerCall());
    }
    this.output = new BoundedOutput(ledger, limits.responseBytes());
  }

  HeapLedger ledger() {
    return ledger;
  }

  LedgerLimiter limiter() {
    return limiter;
  }

  Store store() {
    return store;
  }

  /// The output; it outlives these resources and is closed by whoever delivers it.
  BoundedOutput output() {
    return output;
  }

  /// Drops the instance and returns everything charged for it.
  @Override
  public void close() {
    try {
      store.close();
    } finally {
      limiter.close();
    }
  }
}
