package dev.cloister.isolate.wasi;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Files in memory that never change, for any number of guests at once.
///
/// Whoever makes one pays for it. Nodes are held by nobody: they stay as long as the tree does.
public final class ContentTree {
  /// A tree without files.
  public static final ContentTree EMPTY = builder().build();

  /// What a file or directory takes besides its bytes and name.
  public static final long NODE_BYTES = 256;

  private static final int MAX_NAME_BYTES = 255;
  private static final int MAX_PATH_BYTES = 1024;

  private final ContentDirectory root;
  private final List<FileEntry> files;

  private ContentTree(ContentDirectory root, List<FileEntry> files) {
    this.root = root;
    this.files = files;
  }

  /// A file of a tree.
  ///
  /// @param path its names with `/` between them
  /// @param bytes its content, which nobody may change
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record FileEntry(String path, byte[] bytes) {}

  /// Starts an empty tree.
  public static Builder builder() {
    return new Builder();
  }

  /// What is wrong with `path` as the path of a file in a tree, in words, or null if nothing is.
  public static @Nullable String fault(String path) {
    if (path.getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
      return "longer than " + MAX_PATH_BYTES + " bytes";
    }
    for (String name : path.split("/", -1)) {
      if (name.isEmpty() || name.equals(".") || name.equals("..")) {
        return "a name that is \"" + name + "\"";
      }
      if (name.indexOf('\0') >= 0 || name.indexOf('\\') >= 0) {
        return "a name with NUL or a backslash";
      }
      if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
        return "a name longer than " + MAX_NAME_BYTES + " bytes";
      }
    }
    return null;
  }

  /// The directory that everything is in.
  public DirectoryNode root() {
    return root;
  }

  /// The files, in the order of their paths.
  public List<FileEntry> files() {
    return files;
  }

  /// Collects a tree. Confined to one thread.
  public static final class Builder {
    private final Branch top = new Branch();
    private final Map<String, FileEntry> files = new TreeMap<>();
    private long lastInode;

    private Builder() {}

    /// A directory that is being filled.
    private static final class Branch {
      final Map<String, Branch> branches = new TreeMap<>();
      final Map<String, byte[]> leaves = new TreeMap<>();
    }

    /// Adds a file, which belongs to the tree from now on, and the directories that it is in.
    ///
    /// @param path one without a [ContentTree#fault]
    /// @return false if there is a file or directory of this path, or a file where a directory of
    ///   it would have to be; nothing is added then
    public boolean add(String path, byte[] bytes) {
      String[] names = path.split("/", -1);
      String last = names[names.length - 1];
      @Nullable Branch branch = branch(names, names.length - 1);
      if (branch == null || branch.branches.containsKey(last)) {
        return false;
      }
      if (branch.leaves.putIfAbsent(last, bytes) != null) {
        return false;
      }
      files.put(path, new FileEntry(path, bytes));
      return true;
    }

    /// Adds a directory, unless it is there already.
    ///
    /// @param path one without a [ContentTree#fault]
    /// @return false if a file is in its place
    public boolean addDirectory(String path) {
      String[] names = path.split("/", -1);
      return branch(names, names.length) != null;
    }

    /// Counts the files and directories that [#add] or [#addDirectory] would make of `path`.
    public int missing(String path) {
      String[] names = path.split("/", -1);
      Branch branch = top;
      for (int i = 0; i < names.length; i++) {
        Branch below = branch.branches.get(names[i]);
        if (below == null) {
          return names.length - i;
        }
        branch = below;
      }
      return 0;
    }

    /// Makes the tree.
    public ContentTree build() {
      return new ContentTree(directory(top, /* parentInode= */ 0), List.copyOf(files.values()));
    }

    private @Nullable Branch branch(String[] names, int count) {
      Branch branch = top;
      for (int i = 0; i < count; i++) {
        if (branch.leaves.containsKey(names[i])) {
          return null;
        }
        branch = branch.branches.computeIfAbsent(names[i], _ -> new Branch());
      }
      return branch;
    }

    private ContentDirectory directory(Branch branch, long parentInode) {
      long inode = ++lastInode;
      List<ContentDirectory.Entry> entries = new ArrayList<>();
      branch.branches.forEach(
          (name, below) -> entries.add(new ContentDirectory.Entry(name, directory(below, inode))));
      branch.leaves.forEach((name, bytes) ->
          entries.add(new ContentDirectory.Entry(name, new ContentFile(++lastInode, bytes))));
      return new ContentDirectory(inode, parentInode == 0 ? inode : parentInode, entries);
    }
  }
}
