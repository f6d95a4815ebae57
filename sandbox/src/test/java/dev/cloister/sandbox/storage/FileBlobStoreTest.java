package dev.cloister.sandbox.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Blobs are there whole or not at all.
final class FileBlobStoreTest {
  private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder;
  private final StorageHealth health = new StorageHealth();
  private FileBlobStore store;

  @BeforeEach
  void open() throws IOException {
    store = FileBlobStore.open(folder, health);
  }

  private BlobDigest write(byte[] bytes) throws IOException {
    try (BlobWriter writer = store.begin()) {
      writer.write(bytes, 0, 2);
      writer.write(bytes, 2, bytes.length - 2);
      return writer.commit();
    }
  }

  @Test
  void committedBlob_isReadBack_underItsDigest() throws IOException {
    BlobDigest digest = write(HELLO);

    assertThat(digest).isEqualTo(BlobDigest.of(HELLO));
    assertThat(digest.hex()).startsWith("2cf24dba5fb0a30e");
    assertThat(store.read(digest)).isEqualTo(HELLO);
    assertThat(folder.resolve("sha256/2c").resolve(digest.hex())).exists();
    assertThat(FileBlobStore.open(folder, health).read(digest)).isEqualTo(HELLO);
  }

  @Test
  void blobThatIsNotCommitted_isNotThere() throws IOException {
    try (BlobWriter writer = store.begin()) {
      writer.write(HELLO, 0, HELLO.length);
    }

    assertThatThrownBy(() -> store.read(BlobDigest.of(HELLO)))
        .isInstanceOf(CorruptBlobException.class)
        .hasMessageContaining("is missing");
    assertThat(files()).isEmpty();
  }

  @Test
  void leftoversOfACrash_areRemovedAtOpen() throws IOException {
    BlobWriter crashed = store.begin();
    crashed.write(HELLO, 0, HELLO.length);
    assertThat(files()).hasSize(1);

    FileBlobStore.open(folder, health);

    assertThat(files()).isEmpty();
  }

  @Test
  void changedBlob_isNotHandedOut_andAnotherCommitHealsIt() throws IOException {
    BlobDigest digest = write(HELLO);
    Files.writeString(folder.resolve("sha256/2c").resolve(digest.hex()), "hellp");

    assertThatThrownBy(() -> store.read(digest))
        .isInstanceOf(CorruptBlobException.class)
        .hasMessageContaining(digest.toString());
    assertThatThrownBy(() -> store.read(digest)).isInstanceOf(CorruptBlobException.class);
    assertThat(health.damagedBlobs()).isEqualTo(1);

    write(HELLO);
    assertThat(store.read(digest)).isEqualTo(HELLO);
    assertThat(health.damagedBlobs()).isZero();
  }

  @Test
  void truncatedBlob_isNotHandedOut() throws IOException {
    BlobDigest digest = write(HELLO);
    Path file = folder.resolve("sha256/2c").resolve(digest.hex());
    for (String rest : List.of("hell", "")) {
      Files.writeString(file, rest);

      assertThatThrownBy(() -> store.read(digest))
          .isInstanceOf(CorruptBlobException.class)
          .hasMessageContaining("(" + rest.length() + " bytes)");
    }
    store.delete(digest);
    assertThat(health.damagedBlobs()).isZero();
  }

  @Test
  void collect_removesWhatIsNotReferenced() throws IOException {
    BlobDigest kept = write(HELLO);
    BlobDigest dropped = write("world".getBytes(StandardCharsets.UTF_8));

    assertThat(store.collect(kept::equals)).isEqualTo(1);

    assertThat(store.read(kept)).isEqualTo(HELLO);
    assertThat(store.delete(dropped)).isFalse();
    assertThat(store.delete(kept)).isTrue();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
