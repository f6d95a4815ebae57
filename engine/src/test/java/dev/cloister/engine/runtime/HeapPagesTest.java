package dev.cloister.engine.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cloister.engine.fixture.Seed;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Pages behind arrays that are given back. Tests run with the collector of the server.
final class HeapPagesTest {
  private static final int LARGE = 20 << 20;

  private static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 0x5a);
    return bytes;
  }

  private static void assertAll(byte[] bytes, int value) {
    byte[] expected = new byte[bytes.length];
    Arrays.fill(expected, (byte) value);
    assertThat(Arrays.mismatch(bytes, expected)).isEqualTo(-1);
  }

  private static void assumeAvailable() {
    assumeTrue(HeapPages.clear(filled(LARGE)), "pages of the heap can be given back");
  }

  @Test
  void clear_largeArray_isAllZeros_andServesAgain() {
    assumeAvailable();
    byte[] bytes = filled(LARGE);
    for (int i = 0; i < 3; i++) {
      assertThat(HeapPages.clear(bytes)).isTrue();
      assertAll(bytes, 0);
      Arrays.fill(bytes, (byte) (i + 1));
      assertAll(bytes, i + 1);
    }
  }

  @Test
  void clear_changesNothingElse() {
    assumeAvailable();
    byte[][] arrays = new byte[5][];
    Random random = Seed.random();
    for (int i = 0; i < arrays.length; i++) {
      arrays[i] = filled((2 << 20) + random.nextInt(1 << 20));
    }
    for (int i = 1; i < arrays.length; i += 2) {
      assertThat(HeapPages.clear(arrays[i])).isTrue();
    }
    for (int i = 0; i < arrays.length; i++) {
      assertAll(arrays[i], i % 2 == 0 ? 0x5a : 0);
    }
  }

  /// Small arrays lie anywhere: what the call refuses is not cleared, and the caller is told.
  @Test
  void clear_saysWhetherItDid() {
    for (int length : new int[] {0, 1, 4_095, 4_096, 10_000, 70_000, 300_000}) {
      byte[] bytes = filled(length);
      if (HeapPages.clear(bytes)) {
        assertAll(bytes, 0);
      } else {
        assertThat(length == 0 || bytes[length - 1] == 0x5a).isTrue();
      }
    }
  }

  @Test
  void isSparse_sparseAndDense_areToldApart() {
    byte[] bytes = new byte[LARGE];
    assertThat(HeapPages.isSparse(bytes)).isTrue();
    Arrays.fill(bytes, 0, LARGE / 16, (byte) 1);
    assertThat(HeapPages.isSparse(bytes)).isTrue();
    Arrays.fill(bytes, 0, LARGE / 2, (byte) 1);
    assertThat(HeapPages.isSparse(bytes)).isFalse();
    assertThat(HeapPages.isSparse(new byte[1])).isTrue();
  }

  @Test
  void copy_isEqual_whereverTheZerosAre() {
    Random random = Seed.random();
    for (int round = 0; round < 50; round++) {
      byte[] source = new byte[200_000];
      for (int i = random.nextInt(20); i > 0; i--) {
        source[random.nextInt(source.length)] = (byte) random.nextInt();
      }
      int count = random.nextInt(source.length + 1);
      byte[] target = new byte[source.length + random.nextInt(100)];
      HeapPages.copy(source, target, count);
      assertThat(target).isEqualTo(Arrays.copyOf(Arrays.copyOf(source, count), target.length));
    }
  }
}
