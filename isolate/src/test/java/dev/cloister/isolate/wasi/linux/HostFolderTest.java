package dev.cloister.isolate.wasi.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.isolate.wasi.BlockingRegion;
import dev.cloister.isolate.wasi.DirectoryEntry;
import dev.cloister.isolate.wasi.DirectoryNode;
import dev.cloister.isolate.wasi.Errno;
import dev.cloister.isolate.wasi.ErrnoException;
import dev.cloister.isolate.wasi.FileSystemNode;
import dev.cloister.isolate.wasi.FileType;
import dev.cloister.isolate.wasi.RegularFileNode;
import dev.cloister.isolate.wasi.SymlinkNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HostFolderTest {
  @TempDir private Path outside;
  private Path inside = Path.of("");
  private final List<FileSystemNode> held = new ArrayList<>();

  @BeforeEach
  void makeFolder() throws IOException {
    assumeTrue(HostFolderSupport.fault() == null, "no host folders on this machine");
    inside = Files.createDirectory(outside.resolve("inside"));
    Files.writeString(outside.resolve("secret"), "secret");
  }

  @AfterEach
  void everyDescriptor_isClosed() {
    held.forEach(FileSystemNode::release);
    assertThat(HostFolder.openDescriptors()).isZero();
  }

  @Test
  void fileMadeByTheGuest_isOnTheMachine() throws IOException {
    DirectoryNode root = root();
    RegularFileNode file = hold(root.createFile("f"));
    byte[] hello = "hello".getBytes(StandardCharsets.UTF_8);

    assertThat(file.write(0, hello, 0, 5)).isEqualTo(5);
    assertThat(file.append(hello, 0, 5)).isEqualTo(5);
    file.allocate(0, 20);
    file.sync(/* isDataOnly= */ false);
    assertThat(Files.size(inside.resolve("f"))).isEqualTo(20);
    file.changeSize(7);
    assertThat(inside.resolve("f")).hasContent("hellohe");

    byte[] read = new byte[10];
    assertThat(file.read(3, read, 2, 8)).isEqualTo(4);
    assertThat(new String(read, 2, 4, StandardCharsets.UTF_8)).isEqualTo("lohe");
    assertThat(file.read(7, read, 0, 10)).isZero();
  }

  @Test
  void timesAndKinds_areThoseOfTheMachine() throws IOException {
    DirectoryNode root = root();
    root.createSymlink("l", "f");
    root.createDirectory("d");
    RegularFileNode file = hold(root.createFile("f"));
    long when = 1_600_000_000_123_456_789L;

    file.changeTimes(when + 1, when);
    FileSystemNode link = lookup(root, "l");
    link.changeTimes(when + 3, when + 2);
    lookup(root, "d").changeTimes(when + 5, when + 4);

    assertThat(file.stat().modificationNanos()).isEqualTo(when);
    assertThat(file.stat().accessNanos()).isEqualTo(when + 1);
    assertThat(link.stat().modificationNanos()).isEqualTo(when + 2);
    assertThat(link.stat().type()).isEqualTo(FileType.SYMBOLIC_LINK);
    assertThat(((SymlinkNode) link).target()).isEqualTo("f");
    assertThat(lookup(root, "d").stat().modificationNanos()).isEqualTo(when + 4);
    assertThat(lookup(root, "d").stat().type()).isEqualTo(FileType.DIRECTORY);
    assertThat(Files.getLastModifiedTime(inside.resolve("f")).to(TimeUnit.NANOSECONDS))
        .isEqualTo(when);
  }

  @Test
  void linkThatLeadsOut_isNotFollowed() throws IOException {
    Files.createSymbolicLink(inside.resolve("absolute"), outside.resolve("secret"));
    Files.createSymbolicLink(inside.resolve("relative"), Path.of("../secret"));
    Files.createSymbolicLink(inside.resolve("folder"), Path.of(".."));
    DirectoryNode root = root();

    for (String name : List.of("absolute", "relative", "folder")) {
      assertThat(lookup(root, name)).isInstanceOf(SymlinkNode.class);
    }
    LinuxCalls calls = HostFolderSupport.calls();
    int descriptor = calls.openRoot(inside.toString());
    assertErrno(Errno.LOOP, () -> calls.openAt(descriptor, "relative", LinuxCalls.OPEN_READ));
    assertErrno(Errno.XDEV, () -> calls.openAt(descriptor, "..", LinuxCalls.OPEN_PATH));
    assertErrno(Errno.XDEV, () -> calls.openAt(descriptor, "/etc", LinuxCalls.OPEN_PATH));
    assertErrno(Errno.LOOP, () -> calls.openAt(descriptor, "folder/secret", LinuxCalls.OPEN_PATH));
    calls.close(descriptor);
  }

  @Test
  void fileReplacedByALink_isNotOpened() throws IOException {
    Files.writeString(inside.resolve("f"), "mine");
    DirectoryNode root = root();
    RegularFileNode found = (RegularFileNode) lookup(root, "f");
    Files.delete(inside.resolve("f"));
    Files.createSymbolicLink(inside.resolve("f"), outside.resolve("secret"));

    assertErrno(Errno.LOOP, () -> found.open(/* reads= */ true, /* writes= */ true));
  }

  @Test
  void directoryReplacedByALink_staysTheDirectory() throws IOException {
    Files.createDirectory(inside.resolve("d"));
    DirectoryNode root = root();
    DirectoryNode directory = (DirectoryNode) lookup(root, "d");
    Files.move(inside.resolve("d"), inside.resolve("e"));
    Files.createSymbolicLink(inside.resolve("d"), outside);

    hold(directory.createFile("made"));

    assertThat(inside.resolve("e/made")).exists();
    assertThat(outside.resolve("made")).doesNotExist();
  }

  @Test
  void entries_canBeGoneOnFromAnywhere() throws IOException {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      names.add("a-name-that-is-not-that-short-" + i);
      Files.createFile(inside.resolve(names.getLast()));
    }
    DirectoryNode root = root();

    List<DirectoryEntry> all = entriesAfter(root, 2);
    assertThat(all).extracting(DirectoryEntry::name).containsExactlyInAnyOrderElementsOf(names);
    DirectoryEntry middle = all.get(150);
    assertThat(entriesAfter(root, middle.cookie())).isEqualTo(all.subList(151, 300));
    assertThat(entriesAfter(root, all.getLast().cookie())).isEmpty();
    assertThat(all.getFirst().inode())
        .isEqualTo(lookup(root, all.getFirst().name()).stat().inode());
  }

  @Test
  void readOnlyFolder_changesNothing() throws IOException {
    Files.writeString(inside.resolve("f"), "mine");
    Files.createDirectory(inside.resolve("d"));
    DirectoryNode root =
        hold(HostFolder.of(inside, /* isReadOnly= */ true).open(BlockingRegion.NONE));
    RegularFileNode file = (RegularFileNode) lookup(root, "f");

    assertErrno(Errno.ROFS, () -> root.createFile("new"));
    assertErrno(Errno.ROFS, () -> root.createDirectory("new"));
    assertErrno(Errno.ROFS, () -> root.createSymlink("new", "f"));
    assertErrno(Errno.ROFS, () -> root.link("new", file));
    assertErrno(Errno.ROFS, () -> root.rename("f", root, "g"));
    assertErrno(Errno.ROFS, () -> root.unlink("f"));
    assertErrno(Errno.ROFS, () -> root.removeDirectory("d"));
    assertErrno(Errno.ROFS, () -> root.changeTimes(0, 0));
    assertErrno(Errno.ROFS, () -> file.changeTimes(0, 0));
    assertErrno(Errno.ROFS, () -> file.open(/* reads= */ true, /* writes= */ true));
    RegularFileNode opened = hold(file.open(/* reads= */ true, /* writes= */ false));
    assertErrno(Errno.ROFS, () -> opened.write(0, new byte[1], 0, 1));
    assertErrno(Errno.ROFS, () -> opened.append(new byte[1], 0, 1));
    assertErrno(Errno.ROFS, () -> opened.changeSize(0));
    assertErrno(Errno.ROFS, () -> opened.allocate(0, 9));
    assertThat(inside.resolve("f")).hasContent("mine");
  }

  @Test
  void nodesOfAnotherFolder_areNotMixed() throws IOException {
    DirectoryNode root = root();
    Path other = Files.createDirectory(outside.resolve("other"));
    Files.writeString(other.resolve("f"), "theirs");
    DirectoryNode theirs =
        hold(HostFolder.of(other, /* isReadOnly= */ true).open(BlockingRegion.NONE));

    assertErrno(Errno.XDEV, () -> root.link("f", lookup(theirs, "f")));
    assertErrno(Errno.XDEV, () -> root.rename("f", theirs, "g"));
  }

  @Test
  void whatIsNoFile_canOnlyBeLookedAt() throws IOException {
    assumeTrue(makePipe(inside.resolve("pipe")), "no mkfifo here");
    DirectoryNode root = root();
    RegularFileNode pipe = (RegularFileNode) lookup(root, "pipe");

    assertThat(pipe.stat().type()).isEqualTo(FileType.UNKNOWN);
    assertErrno(Errno.ACCES, () -> pipe.open(/* reads= */ true, /* writes= */ false));
    root.unlink("pipe");
    assertThat(inside.resolve("pipe")).doesNotExist();
  }

  @Test
  void tooManyDescriptors_areRefused() throws IOException {
    Files.createFile(inside.resolve("f"));
    DirectoryNode root = root();

    assertErrno(
        Errno.MFILE,
        () -> {
          for (int i = 0; i <= LinuxTree.MAX_DESCRIPTORS; i++) {
            lookup(root, "f");
          }
        });
    assertThat(held).hasSize(LinuxTree.MAX_DESCRIPTORS);
  }

  @Test
  void tooManyDescriptorsOfATenant_areRefused_whoeverOpensThem() throws IOException {
    Files.createFile(inside.resolve("f"));
    HostFolder folder = HostFolder.of(inside, /* isReadOnly= */ false);
    HostDescriptors tenant = HostDescriptors.ofTenant(5);
    DirectoryNode first = hold(folder.open(BlockingRegion.NONE, tenant));
    DirectoryNode second = hold(folder.open(BlockingRegion.NONE, tenant));
    lookup(first, "f");
    lookup(second, "f");
    FileSystemNode last = Objects.requireNonNull(second.lookup("f"));

    assertErrno(Errno.NFILE, () -> lookup(first, "f"));
    assertThatThrownBy(() -> folder.open(BlockingRegion.NONE, tenant))
        .isInstanceOf(LimitExceededException.class)
        .hasMessageContaining("hostDescriptors");
    lookup(hold(folder.open(BlockingRegion.NONE, HostDescriptors.ofTenant(2))), "f");
    last.release();
    lookup(first, "f");
    tenant.changeMax(6);
    lookup(first, "f");
    assertThat(tenant.open()).isEqualTo(6);
  }

  @Test
  void descriptorsOfATenant_areAtMostHalfOfAll() {
    assertThat(HostDescriptors.ofTenant(Long.MAX_VALUE).max())
        .isEqualTo(HostDescriptors.ALL.max() / 2);
  }

  @Test
  void folderThatIsNone_isRefused() throws IOException {
    Path file = Files.createFile(inside.resolve("f"));

    assertThatThrownBy(() -> HostFolder.of(file, /* isReadOnly= */ true))
        .isInstanceOf(IOException.class)
        .hasMessage(file + " cannot be opened as a folder: NOTDIR");
    assertThatThrownBy(() -> HostFolder.of(inside.resolve("none"), /* isReadOnly= */ true))
        .isInstanceOf(IOException.class)
        .hasMessageEndingWith("cannot be opened as a folder: NOENT");
  }

  private DirectoryNode root() throws IOException {
    return hold(HostFolder.of(inside, /* isReadOnly= */ false).open(BlockingRegion.NONE));
  }

  private FileSystemNode lookup(DirectoryNode directory, String name) {
    return hold(Objects.requireNonNull(directory.lookup(name)));
  }

  private <N extends FileSystemNode> N hold(N node) {
    held.addFirst(node);
    return node;
  }

  private static List<DirectoryEntry> entriesAfter(DirectoryNode directory, long cookie) {
    List<DirectoryEntry> entries = new ArrayList<>();
    DirectoryEntry entry = directory.entryAfter(cookie);
    while (entry != null) {
      entries.add(entry);
      entry = directory.entryAfter(entry.cookie());
    }
    return entries;
  }

  private static boolean makePipe(Path path) throws IOException {
    try {
      return new ProcessBuilder("mkfifo", path.toString()).start().waitFor() == 0;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void assertErrno(Errno errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }
}
