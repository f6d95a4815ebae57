package dev.cloister.engine.persist;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.module.ModuleHash;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Nothing of an archive is believed that was not written with the key.
final class ArchiveFormatTest {
  private static final ArchiveKey KEY = ArchiveKey.of(new byte[] {1});
  private static final ModuleHash MODULE = ModuleHash.of(new byte[] {42});
  private static final String IDENTITY = "engine a\njava 25\nfeatures x";
  private static final byte[] FIRST = "first body".getBytes(UTF_8);
  private static final byte[] SECOND = "second".getBytes(UTF_8);

  @TempDir private Path folder;

  private static byte[] archive() throws UnusableArchiveException {
    Map<String, ArchiveIndex.Unit> units = new LinkedHashMap<>();
    units.put("b", new ArchiveIndex.Unit(0, FIRST.length, ArchiveFormat.digest(FIRST)));
    units.put("a", new ArchiveIndex.Unit(0, SECOND.length, ArchiveFormat.digest(SECOND)));
    byte[] head = ArchiveFormat.head(KEY, MODULE, IDENTITY, units);
    byte[] file = Arrays.copyOf(head, head.length + FIRST.length + SECOND.length);
    System.arraycopy(FIRST, 0, file, head.length, FIRST.length);
    System.arraycopy(SECOND, 0, file, head.length + FIRST.length, SECOND.length);
    return file;
  }

  private ArchiveIndex read(byte[] file) throws IOException {
    return read(file, KEY, MODULE, IDENTITY);
  }

  private ArchiveIndex read(byte[] file, ArchiveKey key, ModuleHash module, String identity)
      throws IOException {
    Path path = folder.resolve("archive");
    Files.write(path, file);
    try (SeekableByteChannel channel = Files.newByteChannel(path)) {
      return ArchiveFormat.readHead(channel, key, module, identity);
    }
  }

  @Test
  void head_whenRead_hasTheUnitsInOrder() throws IOException {
    byte[] file = archive();
    ArchiveIndex index = read(file);

    assertThat(index.units().keySet()).containsExactly("b", "a");
    ArchiveIndex.Unit second = Objects.requireNonNull(index.units().get("a"));
    int offset = (int) second.offset();
    byte[] body = Arrays.copyOfRange(file, offset, offset + second.length());
    assertThat(body).isEqualTo(SECOND);
    assertThat(second.isBody(body)).isTrue();
    assertThat(second.isBody(FIRST)).isFalse();
    assertThat(index.fileBytes()).isEqualTo(file.length);
  }

  @Test
  void file_cutOffAnywhere_isRefused() throws IOException {
    byte[] file = archive();
    for (int length = 0; length < file.length; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> read(cut)).isInstanceOf(UnusableArchiveException.class);
    }
  }

  @Test
  void file_withMoreBehindIt_isRefused() throws IOException {
    byte[] longer = Arrays.copyOf(archive(), archive().length + 1);
    assertThatThrownBy(() -> read(longer))
        .isInstanceOf(UnusableArchiveException.class)
        .hasMessageContaining("bytes in place of");
  }

  @Test
  void head_withAnyBitChanged_isRefused() throws IOException {
    byte[] file = archive();
    int bodies = FIRST.length + SECOND.length;
    for (int i = 0; i < file.length - bodies; i++) {
      for (int bit = 1; bit < 256; bit <<= 1) {
        byte[] changed = file.clone();
        changed[i] ^= (byte) bit;
        assertThatThrownBy(() -> read(changed))
            .as("byte %d", i)
            .isInstanceOf(UnusableArchiveException.class);
      }
    }
  }

  @Test
  void bodyWithAnyBitChanged_isNotTheUnits() throws IOException {
    ArchiveIndex.Unit unit = Objects.requireNonNull(read(archive()).units().get("b"));
    for (int i = 0; i < FIRST.length; i++) {
      byte[] changed = FIRST.clone();
      changed[i] ^= 1;
      assertThat(unit.isBody(changed)).isFalse();
    }
    assertThat(unit.isBody(Arrays.copyOf(FIRST, FIRST.length + 1))).isFalse();
  }

  @Test
  void archive_ofAnotherKey_isNotAuthentic() throws IOException {
    byte[] file = archive();
    assertThatThrownBy(() -> read(file, ArchiveKey.of(new byte[] {2}), MODULE, IDENTITY))
        .isInstanceOf(UnusableArchiveException.class)
        .hasMessage("it is not authentic");
  }

  @Test
  void archive_ofAnotherModule_isRefused() throws IOException {
    byte[] file = archive();
    ModuleHash other = ModuleHash.of(new byte[] {43});
    assertThatThrownBy(() -> read(file, KEY, other, IDENTITY))
        .isInstanceOf(UnusableArchiveException.class)
        .hasMessage("it is of module " + MODULE);
  }

  @Test
  void archive_ofOtherSoftware_isRefusedWithWhatDiffers() throws IOException {
    byte[] file = archive();
    assertThatThrownBy(() -> read(file, KEY, MODULE, "engine b\njava 25\nfeatures x"))
        .isInstanceOf(UnusableArchiveException.class)
        .hasMessage("it was made by engine a");
  }

  @Test
  void headAboveTheLimit_isRefused() {
    Map<String, ArchiveIndex.Unit> units = new LinkedHashMap<>();
    byte[] digest = new byte[32];
    String longName = "x".repeat(60_000);
    for (int i = 0; i < 600; i++) {
      units.put(longName + i, new ArchiveIndex.Unit(0, 1, digest));
    }
    assertThatThrownBy(() -> ArchiveFormat.head(KEY, MODULE, IDENTITY, units))
        .isInstanceOf(UnusableArchiveException.class)
        .hasMessageStartingWith("its head would have");
  }
}
