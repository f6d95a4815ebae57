package dev.cloister.isolate.wasi;

import org.jspecify.annotations.Nullable;

/// A directory of a [SharedFileSystem].
final class SharedDirectory extends SharedNode implements DirectoryNode {
  private final DirectoryNode directory;

  SharedDirectory(SharedFileSystem fileSystem, DirectoryNode directory) {
    super(fileSystem, directory);
    this.directory = directory;
  }

  @Override
  public @Nullable FileSystemNode lookup(String name) {
    return fileSystem().locked(() -> fileSystem().share(directory.lookup(name)));
  }

  @Override
  public @Nullable DirectoryEntry entryAfter(long cookie) {
    return fileSystem().locked(() -> directory.entryAfter(cookie));
  }

  @Override
  public long parentInode() {
    return fileSystem().locked(directory::parentInode);
  }

  @Override
  public RegularFileNode createFile(String name) {
    return fileSystem().locked(() -> new SharedFile(fileSystem(), directory.createFile(name)));
  }

  @Override
  public void createDirectory(String name) {
    run(() -> directory.createDirectory(name));
  }

  @Override
  public void createSymlink(String name, String target) {
    run(() -> directory.createSymlink(name, target));
  }

  @Override
  public void link(String name, FileSystemNode node) {
    run(() -> directory.link(name, unshare(node)));
  }

  @Override
  public void unlink(String name) {
    run(() -> directory.unlink(name));
  }

  @Override
  public void removeDirectory(String name) {
    run(() -> directory.removeDirectory(name));
  }

  @Override
  public void rename(String name, DirectoryNode target, String newName) {
    run(() -> {
      if (!(unshare(target) instanceof DirectoryNode unshared)) {
        throw Errno.NOTDIR.exception();
      }
      directory.rename(name, unshared, newName);
    });
  }
}
