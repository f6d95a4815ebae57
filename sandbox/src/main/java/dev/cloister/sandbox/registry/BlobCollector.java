package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.BlobStore;
import dev.cloister.sandbox.storage.MetadataStore;
import dev.cloister.sandbox.storage.StorageException;
import java.io.IOException;
import java.util.Collection;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Removes blobs that no version names any more.
///
/// An upload makes its blob durable before the version that names it. Between the two it holds
/// [#commitLock]; a blob is only removed while nobody does, so a blob that is about to be named is
/// never taken for one that is not. The lock is held over disk writes on purpose, by virtual
/// threads only.
final class BlobCollector {
  private static final Logger LOG = LoggerFactory.getLogger(BlobCollector.class);

  private final MetadataStore store;
  private final BlobStore blobs;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private final Queue<BlobDigest> offered = new ConcurrentLinkedQueue<>();

  BlobCollector(MetadataStore store, BlobStore blobs) {
    this.store = store;
    this.blobs = blobs;
  }

  /// Returns the lock held from before a blob is committed until its version is.
  Lock commitLock() {
    return lock.readLock();
  }

  /// Removes everything that no version names. Called before uploads are accepted.
  ///
  /// @throws IOException if the blobs cannot be listed or removed
  void collectAll() throws IOException {
    Set<BlobDigest> referenced = store.referencedBlobs();
    int removed = blobs.collect(referenced::contains);
    if (removed > 0) {
      LOG.info("event=blobs-collected count={}", removed);
    }
  }

  /// Notes blobs that may no longer be named by any version.
  void offer(Collection<BlobDigest> digests) {
    offered.addAll(digests);
  }

  /// Removes those of the noted blobs that no version names. What cannot be removed now is removed
  /// at the next start.
  void collectOffered() {
    @Nullable BlobDigest digest = offered.poll();
    while (digest != null) {
      collect(digest);
      digest = offered.poll();
    }
  }

  private void collect(BlobDigest digest) {
    lock.writeLock().lock();
    try {
      if (!store.isReferenced(digest)) {
        blobs.delete(digest);
      }
    } catch (IOException | StorageException e) {
      LOG.warn("event=blob-not-removed digest={}", digest, e);
    } finally {
      lock.writeLock().unlock();
    }
  }
}
