package dev.cloister.isolate.wasi;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A directory of a [ContentTree].
final class ContentDirectory extends ContentNode implements DirectoryNode {
  /// The first cookie of an entry; the lower ones stand for the beginning, `.` and `..`.
  private static final long FIRST_COOKIE = 3;

  private final long parentInode;
  private final List<Entry> entries;
  private final Map<String, ContentNode> byName = new HashMap<>();

  ContentDirectory(long inode, long parentInode, List<Entry> entries) {
    super(inode);
    this.parentInode = parentInode;
    this.entries = List.copyOf(entries);
    entries.forEach(entry -> byName.put(entry.name, entry.node));
  }

  /// A name and what it stands for.
  record Entry(String name, ContentNode node) {}

  @Override
  public @Nullable FileSystemNode lookup(String name) {
    ContentNode node = byName.get(name);
    return node == null ? null : node.asNode();
  }

  /// The entries, numbered in their order.
  @Override
  public @Nullable DirectoryEntry entryAfter(long cookie) {
    long next = Math.max(0, cookie - FIRST_COOKIE + 1);
    if (next >= entries.size()) {
      return null;
    }
    Entry entry = entries.get((int) next);
    return new DirectoryEntry(
        FIRST_COOKIE + next, entry.name, entry.node.inode(), entry.node.type());
  }

  @Override
  public long parentInode() {
    return parentInode;
  }

  @Override
  public RegularFileNode createFile(String name) {
    throw readOnly();
  }

  @Override
  public void createDirectory(String name) {
    throw readOnly();
  }

  @Override
  public void createSymlink(String name, String target) {
    throw readOnly();
  }

  @Override
  public void link(String name, FileSystemNode node) {
    throw readOnly();
  }

  @Override
  public void unlink(String name) {
    throw readOnly();
  }

  @Override
  public void removeDirectory(String name) {
    throw readOnly();
  }

  @Override
  public void rename(String name, DirectoryNode target, String newName) {
    throw readOnly();
  }

  @Override
  FileSystemNode asNode() {
    return this;
  }

  @Override
  FileType type() {
    return FileType.DIRECTORY;
  }

  @Override
  long contentBytes() {
    return 0;
  }
}
