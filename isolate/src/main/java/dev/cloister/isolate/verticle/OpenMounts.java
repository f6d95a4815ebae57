package dev.cloister.isolate.verticle;

import dev.cloister.isolate.wasi.BlockingRegion;
import dev.cloister.isolate.wasi.DirectoryNode;
import dev.cloister.isolate.wasi.FileQuota;
import dev.cloister.isolate.wasi.MemoryFileSystem;
import dev.cloister.isolate.wasi.Preopen;
import dev.cloister.isolate.wasi.WasiClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// The directories of one call, open until it has ended. Used by the thread that runs the guest.
final class OpenMounts implements AutoCloseable {
  private final List<Preopen> preopens = new ArrayList<>();
  private final Deque<Runnable> releases = new ArrayDeque<>();

  private OpenMounts() {}

  /// Opens `mounts`.
  ///
  /// @param quota pays for what the guest keeps in memory
  /// @throws UncheckedIOException if a folder cannot be opened, which is the operator's to mend
  static OpenMounts open(
      List<Mount> mounts, FileQuota quota, WasiClock clock, BlockingRegion blocking) {
    OpenMounts open = new OpenMounts();
    boolean isDone = false;
    try {
      for (Mount mount : mounts) {
        open.add(mount, quota, clock, blocking);
      }
      isDone = true;
      return open;
    } finally {
      if (!isDone) {
        open.close();
      }
    }
  }

  /// The directories as the guest is given them.
  List<Preopen> preopens() {
    return preopens;
  }

  @Override
  public void close() {
    while (!releases.isEmpty()) {
      releases.pop().run();
    }
  }

  private void add(Mount mount, FileQuota quota, WasiClock clock, BlockingRegion blocking) {
    switch (mount) {
      case Mount.Scratch scratch -> {
        MemoryFileSystem files = new MemoryFileSystem(quota, clock);
        releases.push(files::close);
        preopens.add(new Preopen(scratch.guestPath(), files.root(), /* isReadOnly= */ false));
      }
      case Mount.Shared shared ->
          preopens.add(
              new Preopen(shared.guestPath(), shared.files().root(), /* isReadOnly= */ false));
      case Mount.Folder folder -> {
        DirectoryNode root = open(folder, blocking);
        releases.push(root::release);
        boolean isReadOnly = folder.isReadOnly() || folder.folder().isReadOnly();
        preopens.add(new Preopen(folder.guestPath(), root, isReadOnly));
      }
    }
  }

  private static DirectoryNode open(Mount.Folder mount, BlockingRegion blocking) {
    try {
      return mount.folder().open(blocking);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
