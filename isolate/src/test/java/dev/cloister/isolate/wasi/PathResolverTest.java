package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.fake.FakeClock;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Invariant: whatever path and links there are, a walk that begins in `base` ends below `base`.
final class PathResolverTest {
  private final MemoryFileSystem files = new MemoryFileSystem(FileQuota.UNLIMITED, new FakeClock());

  /// `/base` with `file`, `dir/inner`, `dir/deep/` and links; `/secret` beside it.
  private final DirectoryNode base = makeDirectory(files.root(), "base");

  @BeforeEach
  void populate() {
    files.root().createFile("secret");
    base.createFile("file");
    DirectoryNode dir = makeDirectory(base, "dir");
    dir.createFile("inner");
    makeDirectory(dir, "deep");
    base.createSymlink("to-file", "file");
    base.createSymlink("to-dir", "dir");
    base.createSymlink("to-inner", "to-dir/inner");
    base.createSymlink("out", "../secret");
    base.createSymlink("absolute", "/secret");
    base.createSymlink("loop", "loop");
    base.createSymlink("dangling", "nothing");
    dir.createSymlink("up", "..");
    dir.createSymlink("up-and-out", "../../secret");
  }

  @ParameterizedTest
  @CsvSource({
    "file, file",
    "./file, file",
    "dir/inner, inner",
    "dir//inner, inner",
    "dir/../file, file",
    "dir/deep/../../dir/./inner, inner",
    "to-file, file",
    "to-inner, inner",
    "to-dir/inner, inner",
    "dir/up/file, file",
    "dir/up/dir/up/file, file",
  })
  void path_leadsToItsFile(String path, String name) {
    ResolvedPath resolved = PathResolver.resolve(base, path, /* followLast= */ true);

    assertThat(resolved.node()).isInstanceOf(RegularFileNode.class);
    assertThat(resolved.name()).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {".", "./", "dir/..", "dir/up", "dir/deep/../.."})
  void path_leadsToTheBase(String path) {
    assertThat(PathResolver.resolve(base, path, /* followLast= */ true).requireNode())
        .isSameAs(base);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "..",
        "../secret",
        "dir/../../secret",
        "/secret",
        "/",
        "out",
        "absolute",
        "dir/up-and-out",
        "to-dir/up-and-out",
        "dir/up/../secret",
        "dir/deep/../../../base/file",
        "out/x"
      })
  void path_thatLeadsOut_isRefused(String path) {
    assertErrno(Errno.PERM, () -> PathResolver.resolve(base, path, /* followLast= */ true));
  }

  @ParameterizedTest
  @CsvSource({
    "nothing/file, NOENT",
    "file/x, NOTDIR",
    "file/.., NOTDIR",
    "to-file/x, NOTDIR",
    "loop, LOOP",
    "loop/x, LOOP",
    "dangling/x, NOENT",
    "'', NOENT",
  })
  void path_thatLeadsNowhere_saysWhy(String path, Errno errno) {
    assertErrno(errno, () -> PathResolver.resolve(base, path, /* followLast= */ true));
  }

  @Test
  void lastLink_isFollowedOnlyIfAsked() {
    assertThat(PathResolver.resolve(base, "to-file", /* followLast= */ false).node())
        .isInstanceOf(SymlinkNode.class);
    assertThat(PathResolver.resolve(base, "to-dir/", /* followLast= */ false).node())
        .isInstanceOf(DirectoryNode.class);
    assertThat(PathResolver.resolve(base, "loop", /* followLast= */ false).node())
        .isInstanceOf(SymlinkNode.class);
  }

  @Test
  void missingLastName_isNoError() {
    ResolvedPath resolved = PathResolver.resolve(base, "dir/new", /* followLast= */ true);

    assertThat(resolved.node()).isNull();
    assertThat(resolved.parent()).isSameAs(base.lookup("dir"));
    assertErrno(Errno.NOENT, resolved::requireNode);
  }

  @Test
  void danglingLink_leadsToWhereItsTargetWouldBe() {
    ResolvedPath resolved = PathResolver.resolve(base, "dangling", /* followLast= */ true);

    assertThat(resolved.node()).isNull();
    assertThat(resolved.name()).isEqualTo("nothing");
  }

  @Test
  void slashAtTheEnd_wantsADirectory() {
    assertErrno(
        Errno.NOTDIR,
        () -> PathResolver.resolve(base, "file/", /* followLast= */ true).requireNode());
    assertThat(PathResolver.resolve(base, "dir/", /* followLast= */ true).requireNode())
        .isInstanceOf(DirectoryNode.class);
    assertThat(PathResolver.resolve(base, "new/", /* followLast= */ true).mustBeDirectory())
        .isTrue();
  }

  @Test
  void longNames_areRefused() {
    String longest = "n".repeat(GuestPath.MAX_NAME_BYTES);

    assertThat(PathResolver.resolve(base, longest, /* followLast= */ true).node()).isNull();
    assertErrno(
        Errno.NAMETOOLONG, () -> PathResolver.resolve(base, longest + "n", /* followLast= */ true));
    assertErrno(
        Errno.NAMETOOLONG,
        () -> PathResolver.resolve(base, "ä".repeat(128), /* followLast= */ true));
  }

  @Test
  void randomPaths_neverLeadOut() {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("PathResolverTest seed=" + seed);
    Random random = new Random(seed);
    FileSystemNode secret = Objects.requireNonNull(files.root().lookup("secret"));
    String[] parts = {
      "..",
      ".",
      "",
      "dir",
      "deep",
      "file",
      "inner",
      "up",
      "out",
      "to-dir",
      "to-inner",
      "secret",
      "base",
      "up-and-out",
      "absolute",
      "dangling"
    };
    for (int i = 0; i < 50_000; i++) {
      StringBuilder path = new StringBuilder();
      for (int n = random.nextInt(1, 8); n > 0; n--) {
        path.append(parts[random.nextInt(parts.length)]).append(n > 1 ? "/" : "");
      }
      ResolvedPath resolved = resolveOrNull(path.toString(), random.nextBoolean());
      if (resolved != null) {
        assertThat(resolved.node()).as("%s, seed %d", path, seed).isNotSameAs(secret);
        assertThat(resolved.node()).as("%s, seed %d", path, seed).isNotSameAs(files.root());
        assertThat(resolved.parent()).as("%s, seed %d", path, seed).isNotSameAs(files.root());
      }
    }
  }

  private @Nullable ResolvedPath resolveOrNull(String path, boolean followLast) {
    try {
      return PathResolver.resolve(base, path, followLast);
    } catch (ErrnoException _) {
      return null;
    }
  }

  private static DirectoryNode makeDirectory(DirectoryNode parent, String name) {
    parent.createDirectory(name);
    return (DirectoryNode) Objects.requireNonNull(parent.lookup(name));
  }
}
