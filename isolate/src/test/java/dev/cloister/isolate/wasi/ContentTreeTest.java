package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Content is found by its names, listed in order, and changed by nobody.
final class ContentTreeTest {
  private final ContentTree.Builder builder = ContentTree.builder();

  @Test
  void files_areFoundByTheirNames() {
    assertThat(builder.add("a/b/c", new byte[] {1, 2, 3})).isTrue();
    assertThat(builder.add("a/d", new byte[0])).isTrue();
    assertThat(builder.addDirectory("empty")).isTrue();
    ContentTree tree = builder.build();

    DirectoryNode a = directory(tree.root(), "a");
    RegularFileNode file = file(directory(a, "b"), "c");
    byte[] read = new byte[4];
    assertThat(file.read(1, read, 1, 3)).isEqualTo(2);
    assertThat(read).containsExactly(0, 2, 3, 0);
    assertThat(file.read(3, read, 0, 4)).isZero();
    assertThat(file.read(Long.MAX_VALUE, read, 0, 4)).isZero();
    assertThat(file.stat().type()).isEqualTo(FileType.REGULAR_FILE);
    assertThat(file.stat().sizeBytes()).isEqualTo(3);
    assertThat(a.parentInode()).isEqualTo(tree.root().stat().inode());
    assertThat(tree.root().parentInode()).isEqualTo(tree.root().stat().inode());
    assertThat(tree.root().lookup("x")).isNull();
    assertThat(directory(tree.root(), "empty").entryAfter(0)).isNull();
    assertThat(tree.files())
        .extracting(ContentTree.FileEntry::path)
        .containsExactly("a/b/c", "a/d");
  }

  @Test
  void directory_isListedFromAnyEntryOn() {
    for (String name : List.of("c", "a", "b")) {
      assertThat(builder.add(name, new byte[0])).isTrue();
    }
    DirectoryNode root = builder.build().root();

    List<String> names = new ArrayList<>();
    long cookie = 2;
    for (DirectoryEntry entry = root.entryAfter(cookie);
        entry != null;
        entry = root.entryAfter(cookie)) {
      assertThat(entry.cookie()).isGreaterThan(Math.max(2, cookie));
      cookie = entry.cookie();
      names.add(entry.name());
    }
    assertThat(names).containsExactly("a", "b", "c");
    assertThat(root.entryAfter(Long.MAX_VALUE)).isNull();
  }

  @Test
  void nothing_canBeChanged() {
    assertThat(builder.add("f", new byte[] {1})).isTrue();
    DirectoryNode root = builder.build().root();
    RegularFileNode file = file(root, "f");

    assertErrno(Errno.ROFS, () -> root.createFile("g"));
    assertErrno(Errno.ROFS, () -> root.createDirectory("g"));
    assertErrno(Errno.ROFS, () -> root.createSymlink("g", "f"));
    assertErrno(Errno.ROFS, () -> root.link("g", file));
    assertErrno(Errno.ROFS, () -> root.unlink("f"));
    assertErrno(Errno.ROFS, () -> root.removeDirectory("f"));
    assertErrno(Errno.ROFS, () -> root.rename("f", root, "g"));
    assertErrno(Errno.ROFS, () -> root.changeTimes(1, 1));
    assertErrno(Errno.ROFS, () -> file.open(/* reads= */ false, /* writes= */ true));
    assertErrno(Errno.ROFS, () -> file.write(0, new byte[1], 0, 1));
    assertErrno(Errno.ROFS, () -> file.append(new byte[1], 0, 1));
    assertErrno(Errno.ROFS, () -> file.allocate(0, 9));
    assertErrno(Errno.ROFS, () -> file.changeSize(0));
    assertThat(file.open(/* reads= */ true, /* writes= */ false).sizeBytes()).isEqualTo(1);
  }

  @Test
  void pathThatIsTaken_isNotAdded() {
    assertThat(builder.add("a/b", new byte[0])).isTrue();

    assertThat(builder.add("a/b", new byte[0])).isFalse();
    assertThat(builder.add("a", new byte[0])).isFalse();
    assertThat(builder.add("a/b/c", new byte[0])).isFalse();
    assertThat(builder.addDirectory("a/b")).isFalse();
    assertThat(builder.addDirectory("a")).isTrue();
    assertThat(builder.build().files()).hasSize(1);
  }

  @Test
  void missing_countsFilesAndDirectories() {
    assertThat(builder.missing("a/b/c")).isEqualTo(3);
    assertThat(builder.add("a/b/c", new byte[0])).isTrue();
    assertThat(builder.missing("a/b/d")).isEqualTo(1);
    assertThat(builder.missing("a/e/f")).isEqualTo(2);
    assertThat(builder.missing("a/b")).isZero();
  }

  @Test
  void pathsThatLeadElsewhere_areFaulty() {
    for (String path :
        List.of(
            "",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/.",
            "a\\b",
            "a\0",
            "n".repeat(256),
            "n/".repeat(512) + "n")) {
      assertThat(ContentTree.fault(path)).as(path).isNotNull();
    }
    for (String path : List.of("a", "a/b", "...", "..a", "n".repeat(255), "ä b")) {
      assertThat(ContentTree.fault(path)).as(path).isNull();
    }
  }

  private static DirectoryNode directory(DirectoryNode parent, String name) {
    return (DirectoryNode) Objects.requireNonNull(parent.lookup(name));
  }

  private static RegularFileNode file(DirectoryNode parent, String name) {
    return (RegularFileNode) Objects.requireNonNull(parent.lookup(name));
  }
}
