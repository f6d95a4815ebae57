package dev.cloister.isolate.wasi;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A file system in memory that outlives calls and is used by several at once.
///
/// Every operation on a node happens as a whole, under one lock; between two of them others may
/// change what they like, as on a disk. When it is closed everything charged is returned, and calls
/// that still run are told `STALE`.
public final class SharedFileSystem implements AutoCloseable {
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final MemoryFileSystem files;

  @GuardedBy("lock")
  private boolean closed;

  /// Makes an empty file system.
  public SharedFileSystem(FileQuota quota, WasiClock clock) {
    files = new MemoryFileSystem(quota, clock);
  }

  /// The directory that everything is in.
  public DirectoryNode root() {
    synchronized (lock) {
      if (closed) {
        throw Errno.STALE.exception();
      }
      return new SharedDirectory(this, files.root());
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      if (!closed) {
        closed = true;
        files.close();
      }
    }
  }

  /// Does `work`, which touches nodes, while nobody else does.
  ///
  /// @throws ErrnoException `STALE` if the file system was closed
  <T extends @Nullable Object> T locked(Supplier<T> work) {
    synchronized (lock) {
      if (closed) {
        throw Errno.STALE.exception();
      }
      return work.get();
    }
  }

  /// Does `work` as [#locked] does, and nothing at all once closed.
  void lockedIfOpen(Runnable work) {
    synchronized (lock) {
      if (!closed) {
        work.run();
      }
    }
  }

  /// `node` for calls that run at the same time; its hold goes over.
  @Nullable FileSystemNode share(@Nullable FileSystemNode node) {
    return switch (node) {
      case null -> null;
      case DirectoryNode directory -> new SharedDirectory(this, directory);
      case RegularFileNode file -> new SharedFile(this, file);
      case SymlinkNode link -> new SharedSymlink(this, link);
    };
  }
}
