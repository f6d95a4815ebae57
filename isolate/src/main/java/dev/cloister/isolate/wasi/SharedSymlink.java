package dev.cloister.isolate.wasi;

/// A symbolic link of a [SharedFileSystem].
final class SharedSymlink extends SharedNode implements SymlinkNode {
  private final SymlinkNode link;

  SharedSymlink(SharedFileSystem fileSystem, SymlinkNode link) {
    super(fileSystem, link);
    this.link = link;
  }

  @Override
  public String target() {
    return fileSystem().locked(link::target);
  }
}
