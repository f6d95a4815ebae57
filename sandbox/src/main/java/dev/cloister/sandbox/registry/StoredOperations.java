package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.OperationRecord;
import java.time.Instant;
import java.util.List;

/// The operations as they are stored: when a method returns, what it did is durable. All methods
/// block.
public final class StoredOperations {
  private final MetadataStore store;

  StoredOperations(MetadataStore store) {
    this.store = store;
  }

  /// Returns all that are stored, the oldest first.
  public List<OperationRecord> all() {
    return store.operations();
  }

  /// Stores one that begins, and forgets those that ended before `oldest`.
  public void begin(OperationRecord operation, Instant oldest) {
    store.write(
        transaction -> {
          transaction.deleteOperationsEndedBefore(oldest);
          transaction.insertOperation(operation);
          return operation;
        },
        _ -> {});
  }

  /// Stores how one ended; does nothing if it was forgotten.
  public void end(String id, String status, OperationRecord.End end) {
    store.write(
        transaction -> {
          transaction.endOperation(id, status, end);
          return end;
        },
        _ -> {});
  }

  /// Forgets one.
  public void delete(String id) {
    store.write(
        transaction -> {
          transaction.deleteOperation(id);
          return id;
        },
        _ -> {});
  }
}
