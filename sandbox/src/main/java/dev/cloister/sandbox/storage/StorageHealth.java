package dev.cloister.sandbox.storage;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What was found to be damaged of what is stored. Any thread may call.
///
/// Each thing is logged once, when it is found; a person must act.
public final class StorageHealth {
  private static final Logger LOG = LoggerFactory.getLogger(StorageHealth.class);

  private final Set<BlobDigest> damagedBlobs = ConcurrentHashMap.newKeySet();
  private final List<DamagedRow> damagedRows = new CopyOnWriteArrayList<>();

  /// Creates the record of a store that nothing is known of yet.
  public StorageHealth() {}

  /// Notes a blob that cannot be read as it was written.
  void blobDamaged(CorruptBlobException damage) {
    if (damagedBlobs.add(damage.digest())) {
      LOG.error("event=blob-damaged digest={} reason={}", damage.digest(), damage.getMessage());
    }
  }

  /// Notes that a blob is whole again or no longer there.
  void blobReplaced(BlobDigest digest) {
    if (damagedBlobs.remove(digest)) {
      LOG.info("event=blob-repaired digest={}", digest);
    }
  }

  /// Notes a row that cannot be used. Its tenant is not served until it is repaired.
  public void rowDamaged(DamagedRow row) {
    damagedRows.add(row);
    LOG.error(
        "event=row-damaged isolate={} table={} reason={}", row.tenant(), row.table(), row.reason());
  }

  /// Returns how many blobs were found damaged and not repaired since.
  public int damagedBlobs() {
    return damagedBlobs.size();
  }

  /// Returns the rows that were found damaged at the start.
  public List<DamagedRow> damagedRows() {
    return List.copyOf(damagedRows);
  }
}
