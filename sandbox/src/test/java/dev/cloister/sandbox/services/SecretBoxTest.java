package dev.cloister.sandbox.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.sandbox.storage.DataFolder;
import dev.cloister.sandbox.storage.TenantName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SecretBoxTest {
  private static final TenantName ACME = new TenantName("acme");
  private static final TenantName OTHER = new TenantName("other");
  private static final String VALUE = "correct horse battery staple";

  @TempDir private Path folder;

  @Test
  void sealed_opensAgain_alsoAfterARestart() throws Exception {
    byte[] sealed = open().seal(ACME, "token", VALUE);

    assertThat(open().open(ACME, "token", sealed)).isEqualTo(VALUE);
    assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("horse");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(keyFile())))
        .isEqualTo("rw-------");
  }

  @Test
  void sealed_twice_isDifferent() throws IOException {
    SecretBox box = open();

    assertThat(box.seal(ACME, "token", VALUE)).isNotEqualTo(box.seal(ACME, "token", VALUE));
  }

  @Test
  void sealed_movedOrChanged_doesNotOpen() throws IOException {
    SecretBox box = open();
    byte[] sealed = box.seal(ACME, "token", VALUE);

    assertUnreadable(box, OTHER, "token", sealed, "it was changed");
    assertUnreadable(box, ACME, "tokem", sealed, "it was changed");
    for (int i = 0; i < sealed.length; i++) {
      byte[] changed = sealed.clone();
      changed[i] ^= 1;
      assertUnreadable(box, ACME, "token", changed, "cannot be decrypted");
    }
    assertUnreadable(box, ACME, "token", new byte[5], "another format");
  }

  @Test
  void newKey_inTheFirstLine_seals_andTheOldOneStillOpens() throws Exception {
    byte[] old = open().seal(ACME, "token", VALUE);
    String oldKey = Files.readString(keyFile()).strip();
    Files.writeString(keyFile(), "00".repeat(32) + "\n" + oldKey + "\n");

    SecretBox rotated = open();

    assertThat(rotated.isNewest(old)).isFalse();
    assertThat(rotated.open(ACME, "token", old)).isEqualTo(VALUE);
    byte[] renewed = rotated.seal(ACME, "token", VALUE);
    assertThat(rotated.isNewest(renewed)).isTrue();
    Files.writeString(keyFile(), "00".repeat(32) + "\n");
    assertThat(open().open(ACME, "token", renewed)).isEqualTo(VALUE);
    assertUnreadable(open(), ACME, "token", old, "its key is not in secrets.key");
  }

  @Test
  void keyFile_thatIsNone_isRefused() throws IOException {
    assertThat(open()).isNotNull();
    Files.writeString(keyFile(), "not a key");

    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("secrets.key is not 64 hexadecimal digits");
    Files.writeString(keyFile(), "00".repeat(32));
    Files.setPosixFilePermissions(keyFile(), PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(this::open).hasMessageContaining("0600");
  }

  private Path keyFile() {
    return folder.resolve("secrets.key");
  }

  private SecretBox open() throws IOException {
    try (DataFolder data = DataFolder.open(folder)) {
      return SecretBox.open(data, new SecureRandom());
    }
  }

  private static void assertUnreadable(
      SecretBox box, TenantName tenant, String name, byte[] sealed, String why) {
    assertThatThrownBy(() -> box.open(tenant, name, sealed))
        .isInstanceOf(SecretBox.UnreadableSecretException.class)
        .hasMessageContaining(why)
        .hasMessageNotContaining("horse");
  }
}
