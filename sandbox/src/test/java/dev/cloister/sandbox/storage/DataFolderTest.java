package dev.cloister.sandbox.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One server at a time uses a data folder.
final class DataFolderTest {
  @TempDir private Path parent;

  @Test
  void openFolder_isInUse_untilItIsClosed() throws IOException {
    Path path = parent.resolve("data");
    try (DataFolder _ = DataFolder.open(path)) {
      assertThatThrownBy(() -> DataFolder.open(path))
          .isInstanceOf(DataFolderInUseException.class)
          .hasMessageContaining(path.toString());
    }

    DataFolder.open(path).close();
  }

  @Test
  void privateFile_isMadeOnce_andReadByItsOwnerOnly() throws IOException {
    try (DataFolder folder = DataFolder.open(parent)) {
      assertThat(folder.privateFile("secret", () -> "first")).isEqualTo("first");
      assertThat(folder.privateFile("secret", () -> "second")).isEqualTo("first");
    }

    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(parent.resolve("secret"))))
        .isEqualTo("rw-------");
  }
}
