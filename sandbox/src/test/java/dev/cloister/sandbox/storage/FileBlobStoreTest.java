package dev.cloister.sandbox.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contract, and what is the folder's own.
final class FileBlobStoreTest extends BlobStoreContract {
  @TempDir private Path folder;

  @Override
  BlobStore openStore() throws IOException {
    return FileBlobStore.open(folder, health);
  }

  @Override
  int keptContents() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return Math.toIntExact(files.filter(Files::isRegularFile).count());
    }
  }

  @Override
  void damage(BlobDigest digest, byte[] bytes) throws IOException {
    Files.write(file(digest), bytes);
  }

  private Path file(BlobDigest digest) {
    return folder.resolve("sha256").resolve(digest.hex().substring(0, 2)).resolve(digest.hex());
  }

  @Test
  void blob_isAFile_namedByItsDigest() throws IOException {
    BlobDigest digest = write(HELLO);

    assertThat(digest.hex()).startsWith("2cf24dba5fb0a30e");
    assertThat(Files.readAllBytes(folder.resolve("sha256/2c").resolve(digest.hex())))
        .isEqualTo(HELLO);
  }

  @Test
  void filesOfOthers_areLeftAlone() throws IOException {
    BlobDigest digest = write(HELLO);
    Path stray = Files.writeString(folder.resolve("sha256/2c/.nfs000"), "x");
    Path atTheTop = Files.writeString(folder.resolve("sha256/README"), "x");
    // A blob in the wrong place is none.
    Path misplaced = Files.copy(file(digest), folder.resolve("sha256/ff").resolve(digest.hex()));

    assertThat(store().collect(_ -> false)).isEqualTo(1);

    assertThat(file(digest)).doesNotExist();
    assertThat(stray).exists();
    assertThat(atTheTop).exists();
    assertThat(misplaced).exists();
  }
}
