package dev.cloister.isolate.wasi;

/// A file system in memory, for one call.
///
/// Every node and every byte of capacity is charged to a [FileQuota] before it exists; a refusal is
/// the guest's `NOSPC`. Closing returns all of it. Confined to one thread at a time.
public final class MemoryFileSystem implements AutoCloseable {
  /// What a node costs beyond its content and name.
  static final long NODE_BYTES = 256;

  private final FileQuota quota;
  private final WasiClock clock;
  private final MemoryDirectory root;
  private long chargedBytes;
  private long lastInode;

  /// Makes an empty file system.
  public MemoryFileSystem(FileQuota quota, WasiClock clock) {
    this.quota = quota;
    this.clock = clock;
    this.root = new MemoryDirectory(this, null);
  }

  /// The directory that everything is in.
  public DirectoryNode root() {
    return root;
  }

  /// Whether nothing was ever made, or all of it is gone.
  public boolean isEmpty() {
    return chargedBytes == 0;
  }

  /// Drops everything; no node but the root may be held.
  public void clear() {
    root.dropEntries();
    close();
  }

  /// Returns everything charged; the nodes must not be used any more.
  @Override
  public void close() {
    quota.release(chargedBytes);
    chargedBytes = 0;
  }

  /// Charges `bytes` or answers `NOSPC`.
  void charge(long bytes) {
    if (!tryCharge(bytes)) {
      throw Errno.NOSPC.exception();
    }
  }

  boolean tryCharge(long bytes) {
    if (!quota.charge(bytes)) {
      return false;
    }
    chargedBytes += bytes;
    return true;
  }

  void release(long bytes) {
    assert bytes <= chargedBytes : "released " + bytes + " of " + chargedBytes;
    chargedBytes -= bytes;
    quota.release(bytes);
  }

  long nextInode() {
    return ++lastInode;
  }

  long nowNanos() {
    return clock.realtimeNanos();
  }
}
