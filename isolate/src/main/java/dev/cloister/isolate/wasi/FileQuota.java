package dev.cloister.isolate.wasi;

import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;

/// Is asked before a file system grows.
public interface FileQuota {
  /// Says yes always.
  FileQuota UNLIMITED =
      new FileQuota() {
        @Override
        public boolean charge(long bytes) {
          return true;
        }

        @Override
        public void release(long bytes) {}
      };

  /// Charges `bytes` and returns true, or changes nothing and returns false.
  boolean charge(long bytes);

  /// Returns `bytes` that were charged.
  void release(long bytes);

  /// The quota that a tenant's ledger leaves.
  static FileQuota of(HeapLedger ledger) {
    return new FileQuota() {
      @Override
      public boolean charge(long bytes) {
        return ledger.charge(HeapCategory.FILE, bytes);
      }

      @Override
      public void release(long bytes) {
        ledger.release(HeapCategory.FILE, bytes);
      }
    };
  }
}
