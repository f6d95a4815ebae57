package dev.cloister.isolate.wasi.linux;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.wasi.BlockingRegion;
import dev.cloister.isolate.wasi.DirectoryNode;
import dev.cloister.isolate.wasi.Errno;
import dev.cloister.isolate.wasi.ErrnoException;
import java.io.IOException;
import java.nio.file.Path;

/// A folder of this machine that guests may be given.
///
/// Whoever makes one decides what tenants reach: paths come from the operator alone. What a guest
/// does in it stays beneath it, whatever links it or others make there. May be used from any
/// thread; what [#open(BlockingRegion)] returns belongs to one guest.
public final class HostFolder {
  private final Path path;
  private final boolean isReadOnly;

  private HostFolder(Path path, boolean isReadOnly) {
    this.path = path;
    this.isReadOnly = isReadOnly;
  }

  /// The folder `path`.
  ///
  /// @param isReadOnly whether guests can change nothing in it
  /// @throws IOException if it cannot be opened as a folder, or this machine cannot keep guests in
  ///   it: the message says which
  public static HostFolder of(Path path, boolean isReadOnly) throws IOException {
    String fault = HostFolderSupport.fault();
    if (fault != null) {
      throw new IOException("folders of this machine cannot be used: " + fault);
    }
    HostFolder folder = new HostFolder(path.toAbsolutePath(), isReadOnly);
    folder.open(BlockingRegion.NONE).release();
    return folder;
  }

  /// How many descriptors of the process all guests hold in all folders.
  public static int openDescriptors() {
    return HostDescriptors.ALL.open();
  }

  /// Where it is on the machine.
  public Path path() {
    return path;
  }

  /// Whether guests can change nothing in it.
  public boolean isReadOnly() {
    return isReadOnly;
  }

  /// The folder as a guest sees it; whoever asks holds it.
  ///
  /// @param blocking is told when the guest waits for the disk
  /// @throws IOException if it cannot be opened now
  public DirectoryNode open(BlockingRegion blocking) throws IOException {
    return open(blocking, HostDescriptors.UNCOUNTED);
  }

  /// The folder as a guest of a tenant sees it; whoever asks holds it.
  ///
  /// @param blocking is told when the guest waits for the disk
  /// @param descriptors counts what the tenant's guests have open
  /// @throws LimitExceededException of `hostDescriptors` if they have too much open already
  /// @throws IOException if it cannot be opened now
  public DirectoryNode open(BlockingRegion blocking, HostDescriptors descriptors)
      throws IOException {
    try {
      return new LinuxTree(HostFolderSupport.calls(), isReadOnly, blocking, descriptors)
          .open(path.toString());
    } catch (ErrnoException refused) {
      HostDescriptors full = descriptors.isFull() ? descriptors : HostDescriptors.ALL;
      if (refused.errno() == Errno.NFILE && full.isFull()) {
        throw new LimitExceededException("hostDescriptors", full.open() + 1L, full.max());
      }
      throw new IOException(
          path + " cannot be opened as a folder: " + refused.getMessage(), refused);
    }
  }
}
