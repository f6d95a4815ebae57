package dev.cloister.isolate.wasi;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A directory in memory.
final class MemoryDirectory extends MemoryNode implements DirectoryNode {
  /// What an entry costs beyond the characters of its name.
  private static final long ENTRY_BYTES = 160;

  /// The first cookie of an entry; the lower ones stand for the beginning, `.` and `..`.
  private static final long FIRST_COOKIE = 3;

  private final Map<String, Entry> entries = new HashMap<>();

  /// The entries by cookie, that is, by age.
  private final TreeMap<Long, Entry> order = new TreeMap<>();

  /// Null for a root, and for a directory that was removed.
  private @Nullable MemoryDirectory parent;

  private long nextCookie = FIRST_COOKIE;

  /// Makes a directory in `parent`, or a root, which is named by nothing above it.
  MemoryDirectory(MemoryFileSystem fileSystem, @Nullable MemoryDirectory parent) {
    super(fileSystem);
    this.parent = parent;
    if (parent == null) {
      named();
    }
  }

  @Override
  public @Nullable FileSystemNode lookup(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      return null;
    }
    entry.node().retain();
    return entry.node().asNode();
  }

  @Override
  public @Nullable DirectoryEntry entryAfter(long cookie) {
    Map.Entry<Long, Entry> next = order.higherEntry(cookie);
    if (next == null) {
      return null;
    }
    MemoryNode node = next.getValue().node();
    return new DirectoryEntry(next.getKey(), next.getValue().name(), node.inode(), node.type());
  }

  @Override
  public long parentInode() {
    return parent == null ? inode() : parent.inode();
  }

  @Override
  public RegularFileNode createFile(String name) {
    requireFree(name);
    fileSystem().charge(MemoryFileSystem.NODE_BYTES + entryBytes(name));
    MemoryFile file = new MemoryFile(fileSystem());
    put(name, file);
    file.retain();
    return file;
  }

  @Override
  public void createDirectory(String name) {
    requireFree(name);
    fileSystem().charge(MemoryFileSystem.NODE_BYTES + entryBytes(name));
    put(name, new MemoryDirectory(fileSystem(), this));
  }

  @Override
  public void createSymlink(String name, String target) {
    requireFree(name);
    fileSystem()
        .charge(MemoryFileSystem.NODE_BYTES + MemorySymlink.costBytes(target) + entryBytes(name));
    put(name, new MemorySymlink(fileSystem(), target));
  }

  @Override
  public void link(String name, FileSystemNode node) {
    if (!(node instanceof MemoryNode linked) || linked.fileSystem() != fileSystem()) {
      throw Errno.XDEV.exception();
    }
    if (linked instanceof MemoryDirectory) {
      throw Errno.PERM.exception();
    }
    requireFree(name);
    fileSystem().charge(entryBytes(name));
    put(name, linked);
  }

  @Override
  public void unlink(String name) {
    if (entry(name).node() instanceof MemoryDirectory) {
      throw Errno.ISDIR.exception();
    }
    take(name).unnamed();
  }

  @Override
  public void removeDirectory(String name) {
    if (!(entry(name).node() instanceof MemoryDirectory directory)) {
      throw Errno.NOTDIR.exception();
    }
    if (!directory.entries.isEmpty()) {
      throw Errno.NOTEMPTY.exception();
    }
    take(name);
    directory.parent = null;
    directory.unnamed();
  }

  @Override
  public void rename(String name, DirectoryNode target, String newName) {
    if (!(target instanceof MemoryDirectory directory) || directory.fileSystem() != fileSystem()) {
      throw Errno.XDEV.exception();
    }
    MemoryNode moved = entry(name).node();
    Entry there = directory.entries.get(newName);
    MemoryNode replaced = there == null ? null : there.node();
    if (moved.equals(replaced)) {
      return;
    }
    if (moved instanceof MemoryDirectory movedDirectory && movedDirectory.contains(directory)) {
      throw Errno.INVAL.exception();
    }
    // Before anything changes: what is replaced must not be gone if there is no room for the name.
    fileSystem().charge(entryBytes(newName));
    boolean isDone = false;
    try {
      if (replaced != null && moved instanceof MemoryDirectory) {
        directory.removeDirectory(newName);
      } else if (replaced != null) {
        directory.unlink(newName);
      }
      isDone = true;
    } finally {
      if (!isDone) {
        fileSystem().release(entryBytes(newName));
      }
    }
    directory.move(moved, newName, this, name);
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

  @Override
  long chargedBytes() {
    return 0; // a directory that is gone is empty, and entries are released one by one
  }

  /// Forgets what is in it, without paying anything back.
  void dropEntries() {
    entries.clear();
    order.clear();
    wasModified();
  }

  private boolean contains(MemoryDirectory directory) {
    for (MemoryDirectory above = directory; above != null; above = above.parent) {
      if (above == this) {
        return true;
      }
    }
    return false;
  }

  /// Gives `node` a name here, which is charged already.
  private void move(MemoryNode node, String name, MemoryDirectory source, String sourceName) {
    source.take(sourceName);
    putEntry(name, node);
    if (node instanceof MemoryDirectory directory) {
      directory.parent = this;
    }
  }

  private void requireFree(String name) {
    if (!isNamed()) {
      throw Errno.NOENT.exception(); // this directory was removed
    }
    if (entries.containsKey(name)) {
      throw Errno.EXIST.exception();
    }
  }

  private Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw Errno.NOENT.exception();
    }
    return entry;
  }

  private void put(String name, MemoryNode node) {
    putEntry(name, node);
    node.named();
  }

  private void putEntry(String name, MemoryNode node) {
    Entry entry = new Entry(nextCookie++, name, node);
    entries.put(name, entry);
    order.put(entry.cookie(), entry);
    wasModified();
  }

  private MemoryNode take(String name) {
    Entry entry = entry(name);
    entries.remove(name);
    order.remove(entry.cookie());
    fileSystem().release(entryBytes(name));
    wasModified();
    return entry.node();
  }

  private static long entryBytes(String name) {
    return ENTRY_BYTES + 2L * name.length();
  }

  /// A name and what it stands for.
  private record Entry(long cookie, String name, MemoryNode node) {}
}
