package dev.cloister.sandbox.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The cache of compiled code: whole files, bounded, those used last.
@Timeout(60)
final class FileCodeStoreTest {
  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);
  private static final String C = "c".repeat(64);

  @TempDir private Path folder;
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private FileCodeStore store;

  @BeforeEach
  void open() throws IOException {
    store = open(100);
  }

  private FileCodeStore open(long maxBytes) throws IOException {
    return FileCodeStore.open(folder, maxBytes, () -> now);
  }

  private void put(String name, int size) throws IOException {
    put(store, name, new byte[size]);
  }

  private static void put(FileCodeStore store, String name, byte[] bytes) throws IOException {
    store.put(name, channel -> channel.write(ByteBuffer.wrap(bytes)));
  }

  private byte @Nullable [] read(String name) throws IOException {
    try (SeekableByteChannel channel = store.open(name)) {
      return channel == null ? null : Channels.newInputStream(channel).readAllBytes();
    }
  }

  private List<Path> files() throws IOException {
    try (var tree = Files.walk(folder)) {
      return tree.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void file_isThereWhole_andReplaced_andRemoved() throws IOException {
    assertThat(read(A)).isNull();
    put(store, A, "first".getBytes(UTF_8));
    assertThat(read(A)).isEqualTo("first".getBytes(UTF_8));
    put(store, A, "second".getBytes(UTF_8));
    assertThat(read(A)).isEqualTo("second".getBytes(UTF_8));
    assertThat(files()).hasSize(1);
    assertThat(store.sizeBytes()).isEqualTo(6);

    store.remove(A);
    store.remove(A);

    assertThat(read(A)).isNull();
  }

  @Test
  void openFile_isReadable_whateverHappensToItsName() throws IOException {
    put(store, A, "first".getBytes(UTF_8));
    try (SeekableByteChannel channel = store.open(A)) {
      put(store, A, "other".getBytes(UTF_8));
      store.remove(A);
      assertThat(channel).isNotNull();
      assertThat(Channels.newInputStream(channel).readAllBytes())
          .isEqualTo("first".getBytes(UTF_8));
    }
  }

  @Test
  void filesWithoutRoom_goByTheirLastUse() throws IOException {
    put(A, 40);
    now = now.plus(Duration.ofHours(1));
    put(B, 40);
    now = now.plus(Duration.ofHours(1));
    assertThat(read(A)).hasSize(40);
    now = now.plus(Duration.ofHours(1));

    put(C, 40);

    assertThat(read(A)).isNotNull();
    assertThat(read(B)).isNull();
    assertThat(read(C)).isNotNull();
    assertThat(store.sizeBytes()).isEqualTo(80);
  }

  @Test
  void lastUses_outliveTheStore_andSoDoesItsBound() throws IOException {
    put(A, 40);
    now = now.plus(Duration.ofHours(1));
    put(B, 40);

    store = open(50);

    assertThat(read(A)).isNull();
    assertThat(read(B)).isNotNull();
  }

  @Test
  void fileLargerThanAll_isRefused_andNothingElseRemoved() throws IOException {
    put(A, 40);
    assertThatThrownBy(() -> put(B, 101))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("exceeds the room");
    assertThat(read(A)).isNotNull();
    assertThat(files()).hasSize(1);
  }

  @Test
  void contentsThatFail_leaveWhatWasThere() throws IOException {
    put(store, A, "first".getBytes(UTF_8));
    assertThatThrownBy(() ->
            store.put(
                A,
                channel -> {
                  channel.write(ByteBuffer.wrap(new byte[3]));
                  throw new IOException("no more");
                }))
        .hasMessage("no more");
    assertThat(read(A)).isEqualTo("first".getBytes(UTF_8));
    assertThat(files()).hasSize(1);
  }

  @Test
  void leftoversOfACrash_areRemovedWhenTheyAreOld() throws IOException {
    put(A, 1);
    Path group = folder.resolve("aa");
    Path old = Files.write(group.resolve("old.part"), new byte[10]);
    Files.setLastModifiedTime(old, FileTime.from(now.minus(Duration.ofHours(2))));
    Path young = Files.write(group.resolve("young.part"), new byte[10]);
    Files.setLastModifiedTime(young, FileTime.from(now));

    store = open(100);

    assertThat(old).doesNotExist();
    assertThat(young).exists();
    assertThat(read(A)).isNotNull();
  }

  @Test
  void name_thatIsNoDigest_isRefused() {
    assertThatThrownBy(() -> store.open("../" + A.substring(3)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void severalAtOnce_readWholeFilesOnly() throws IOException, InterruptedException {
    byte[][] contents =
        IntStream.range(0, 4)
            .mapToObj(i -> String.valueOf(i).repeat(20).getBytes(UTF_8))
            .toArray(byte[][]::new);
    CountDownLatch start = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Integer>> results =
          IntStream.range(0, 4)
              .mapToObj(i ->
                  threads.submit(() -> {
                    start.await();
                    for (int round = 0; round < 50; round++) {
                      put(store, A, contents[i]);
                      assertThat(read(A)).isIn((Object[]) contents);
                    }
                    return i;
                  }))
              .toList();
      start.countDown();
      for (Future<Integer> result : results) {
        try {
          result.get();
        } catch (ExecutionException e) {
          throw new AssertionError(e.getCause());
        }
      }
    }
    assertThat(files()).hasSize(1);
  }
}
