package dev.cloister.isolate.wasi;

import java.nio.charset.StandardCharsets;

/// A symbolic link in memory.
final class MemorySymlink extends MemoryNode implements SymlinkNode {
  private final String target;
  private final int targetBytes;

  MemorySymlink(MemoryFileSystem fileSystem, String target) {
    super(fileSystem);
    this.target = target;
    this.targetBytes = target.getBytes(StandardCharsets.UTF_8).length;
  }

  @Override
  public String target() {
    return target;
  }

  @Override
  FileSystemNode asNode() {
    return this;
  }

  @Override
  FileType type() {
    return FileType.SYMBOLIC_LINK;
  }

  @Override
  long contentBytes() {
    return targetBytes;
  }

  @Override
  long chargedBytes() {
    return costBytes(target);
  }

  /// What a link to `target` is charged beyond a node.
  static long costBytes(String target) {
    return 2L * target.length();
  }
}
