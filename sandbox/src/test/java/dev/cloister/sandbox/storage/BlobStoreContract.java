package dev.cloister.sandbox.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What every blob store does: blobs are there whole or not at all.
abstract class BlobStoreContract {
  static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

  final StorageHealth health = new StorageHealth();
  private @Nullable BlobStore opened;

  /// Opens the store, as after a crash if it is open.
  abstract BlobStore openStore() throws IOException;

  /// Returns how many sequences of bytes are kept, whole or in part, named or not.
  abstract int keptContents() throws IOException;

  /// Replaces what is stored for a digest by `bytes`, as a failure of the medium may.
  abstract void damage(BlobDigest digest, byte[] bytes) throws Exception;

  @BeforeEach
  final void open() throws IOException {
    opened = openStore();
  }

  final BlobStore store() {
    return Objects.requireNonNull(opened, "not open");
  }

  final BlobDigest write(byte[] bytes) throws IOException {
    try (BlobWriter writer = store().begin()) {
      int half = bytes.length / 2;
      writer.write(bytes, 0, half);
      writer.write(bytes, half, bytes.length - half);
      return writer.commit();
    }
  }

  static byte[] randomBytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 131_071, 131_072, 131_073, 262_144, 3_000_001})
  void committedBlob_isReadBack_underItsDigest(int size) throws IOException {
    byte[] bytes = randomBytes(size);

    BlobDigest digest = write(bytes);

    assertThat(digest).isEqualTo(BlobDigest.of(bytes));
    assertThat(store().read(digest)).isEqualTo(bytes);
    open();
    assertThat(store().read(digest)).isEqualTo(bytes);
    assertThat(keptContents()).isEqualTo(1);
  }

  @Test
  void blobInManyPieces_isTheirSum() throws IOException {
    byte[] bytes = randomBytes(300_000);
    try (BlobWriter writer = store().begin()) {
      Random random = new Random(1);
      int at = 0;
      while (at < bytes.length) {
        int count = Math.min(random.nextInt(5_000), bytes.length - at);
        writer.write(bytes, at, count);
        at += count;
      }
      assertThat(writer.commit()).isEqualTo(BlobDigest.of(bytes));
    }

    assertThat(store().read(BlobDigest.of(bytes))).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 300_000})
  void blobThatIsNotCommitted_isNotThere_andLeavesNothing(int size) throws IOException {
    byte[] bytes = randomBytes(size);
    try (BlobWriter writer = store().begin()) {
      writer.write(bytes, 0, size);
      assertThatThrownBy(() -> store().read(BlobDigest.of(bytes)))
          .isInstanceOf(CorruptBlobException.class)
          .hasMessageContaining("is missing");
    }

    assertThatThrownBy(() -> store().read(BlobDigest.of(bytes)))
        .isInstanceOf(CorruptBlobException.class);
    assertThat(keptContents()).isZero();
  }

  @Test
  void leftoversOfACrash_areRemovedAtOpen_andNothingElse() throws IOException {
    BlobDigest kept = write(HELLO);
    BlobWriter crashed = store().begin();
    crashed.write(randomBytes(300_000), 0, 300_000);
    assertThat(keptContents()).isEqualTo(2);

    open();

    assertThat(keptContents()).isEqualTo(1);
    assertThat(store().read(kept)).isEqualTo(HELLO);
  }

  @Test
  void sameBytesAgain_replaceThemselves() throws IOException {
    byte[] bytes = randomBytes(300_000);
    BlobDigest digest = write(bytes);

    assertThat(write(bytes)).isEqualTo(digest);

    assertThat(store().read(digest)).isEqualTo(bytes);
    assertThat(keptContents()).isEqualTo(1);
  }

  @Test
  void sameBytes_writtenReadAndDeletedAtOnce_areWholeOrMissing() throws Exception {
    byte[] bytes = randomBytes(300_000);
    BlobDigest digest = BlobDigest.of(bytes);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> work = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        boolean isDeleting = i == 5;
        work.add(
            threads.submit(() -> {
              for (int j = 0; j < 5; j++) {
                boolean _ = isDeleting ? store().delete(digest) : write(bytes).equals(digest);
                readWholeOrMissing(digest, bytes);
              }
              return null;
            }));
      }
      for (Future<?> each : work) {
        each.get();
      }
    }
    write(bytes);
    assertThat(store().read(digest)).isEqualTo(bytes);
    assertThat(keptContents()).isEqualTo(1);
  }

  private void readWholeOrMissing(BlobDigest digest, byte[] bytes) throws IOException {
    try {
      assertThat(store().read(digest)).isEqualTo(bytes);
    } catch (CorruptBlobException e) {
      assertThat(e).hasMessageContaining("is missing");
    }
  }

  @Test
  void changedBlob_isNotHandedOut_andAnotherCommitHealsIt() throws Exception {
    BlobDigest digest = write(HELLO);
    BlobDigest other = write(randomBytes(300_000));
    damage(digest, "hellp".getBytes(StandardCharsets.UTF_8));

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> store().read(digest))
          .isInstanceOf(CorruptBlobException.class)
          .hasMessageContaining(digest.toString());
    }
    assertThat(health.damagedBlobs()).isEqualTo(1);
    assertThat(store().read(other)).isEqualTo(randomBytes(300_000));

    write(HELLO);
    assertThat(store().read(digest)).isEqualTo(HELLO);
    assertThat(health.damagedBlobs()).isZero();
    assertThat(keptContents()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 200_000, 299_999})
  void truncatedBlob_isNotHandedOut(int rest) throws Exception {
    BlobDigest digest = write(randomBytes(300_000));
    damage(digest, randomBytes(rest));

    assertThatThrownBy(() -> store().read(digest))
        .isInstanceOf(CorruptBlobException.class)
        .hasMessageContaining(rest + " ");

    assertThat(health.damagedBlobs()).isEqualTo(1);
    store().delete(digest);
    assertThat(health.damagedBlobs()).isZero();
    assertThat(keptContents()).isZero();
  }

  @Test
  void collect_removesWhatIsNotReferenced() throws IOException {
    BlobDigest kept = write(HELLO);
    BlobDigest dropped = write(randomBytes(300_000));

    assertThat(store().collect(kept::equals)).isEqualTo(1);

    assertThat(store().read(kept)).isEqualTo(HELLO);
    assertThat(keptContents()).isEqualTo(1);
    assertThat(store().delete(dropped)).isFalse();
    assertThat(store().delete(kept)).isTrue();
    assertThat(keptContents()).isZero();
  }
}
