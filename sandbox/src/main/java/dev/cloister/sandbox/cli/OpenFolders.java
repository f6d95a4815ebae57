package dev.cloister.sandbox.cli;

import dev.cloister.isolate.wasi.BlockingRegion;
import dev.cloister.isolate.wasi.DirectoryNode;
import dev.cloister.isolate.wasi.Preopen;
import dev.cloister.isolate.wasi.linux.HostFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The folders that a guest is given, held while it runs.
final class OpenFolders implements AutoCloseable {
  private final List<Preopen> preopens = new ArrayList<>();

  /// Opens `folder`, which the guest knows as `guestPath`.
  void add(HostFolder folder, String guestPath) throws IOException {
    DirectoryNode root = folder.open(BlockingRegion.NONE);
    preopens.add(new Preopen(guestPath, root, folder.isReadOnly()));
  }

  List<Preopen> preopens() {
    return List.copyOf(preopens);
  }

  @Override
  public void close() {
    preopens.forEach(preopen -> preopen.root().release());
    preopens.clear();
  }
}
