package dev.cloister.isolate.mount;

import dev.cloister.engine.error.LimitExceededException;
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

/// The directories of one instance, open until it is closed. Used by the thread that runs the
/// guest.
public final class OpenMounts implements AutoCloseable {
  private final List<Mount> mounts;
  private final List<Preopen> preopens = new ArrayList<>();
  private final List<MemoryFileSystem> scratches = new ArrayList<>();
  private final Deque<Runnable> releases = new ArrayDeque<>();

  private OpenMounts(List<Mount> mounts) {
    this.mounts = mounts;
  }

  /// Opens `mounts`.
  ///
  /// @param quota pays for what the guest keeps in memory
  /// @param blocking is told when the guest waits for a disk
  /// @throws UncheckedIOException if a folder cannot be opened, which is the operator's to mend
  /// @throws LimitExceededException of `hostDescriptors`
  public static OpenMounts open(
      List<Mount> mounts, FileQuota quota, WasiClock clock, BlockingRegion blocking) {
    OpenMounts open = new OpenMounts(List.copyOf(mounts));
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

  /// What was opened.
  public List<Mount> mounts() {
    return mounts;
  }

  /// The directories as the guest is given them.
  public List<Preopen> preopens() {
    return preopens;
  }

  /// Whether nothing is kept here that is the guest's alone.
  public boolean isEmpty() {
    return scratches.stream().allMatch(MemoryFileSystem::isEmpty);
  }

  /// Drops what is the guest's alone, of which it must have nothing open.
  public void clear() {
    scratches.forEach(MemoryFileSystem::clear);
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
        scratches.add(files);
        releases.push(files::close);
        preopens.add(new Preopen(scratch.guestPath(), files.root(), /* isReadOnly= */ false));
      }
      case Mount.Shared shared ->
          preopens.add(
              new Preopen(shared.guestPath(), shared.files().root(), /* isReadOnly= */ false));
      case Mount.Content content ->
          preopens.add(
              new Preopen(content.guestPath(), content.files().root(), /* isReadOnly= */ true));
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
      return mount.folder().open(blocking, mount.descriptors());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
