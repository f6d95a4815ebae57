package dev.cloister.engine.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.fixture.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Arrays of memories that are kept for other memories: cleared, bounded, never with two owners.
@Timeout(60)
@SuppressWarnings("ReferenceEquality") // Which array it is, not what is in it.
final class MemoryPoolTest {
  private static final int PAGE = 1 << 16;

  /// Large enough to be cleared by the pool's own thread.
  private static final int LARGE = 64 * PAGE;

  private static byte[] dirty(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 0x5a);
    return bytes;
  }

  private static void assertZeros(byte[] bytes, int length) {
    assertThat(bytes).hasSize(length);
    assertThat(Arrays.mismatch(bytes, new byte[length])).isEqualTo(-1);
  }

  @Test
  void take_returnsWhatWasGivenOnce_cleared() {
    try (MemoryPool pool = new MemoryPool(1 << 24)) {
      byte[] given = dirty(2 * PAGE);
      pool.give(given);
      assertThat(pool.idleBytes()).isEqualTo(2 * PAGE);

      byte[] taken = pool.take(2 * PAGE);
      assertThat(taken).isSameAs(given);
      assertZeros(taken, 2 * PAGE);
      assertThat(pool.idleBytes()).isZero();
      assertThat(pool.take(2 * PAGE)).isNotSameAs(given);
    }
  }

  @Test
  void takeCopy_returnsTheCopyAndZeros() {
    byte[] source = new byte[PAGE];
    Arrays.fill(source, 0, 100, (byte) 7);
    for (int length : new int[] {2 * PAGE, 64 * PAGE}) {
      byte[] expected = Arrays.copyOf(source, length);
      try (MemoryPool pool = new MemoryPool(1L << 26)) {
        assertThat(pool.takeCopy(source, 100, length)).isEqualTo(expected);
        for (int i = 0; i < 4; i++) {
          pool.give(i % 2 == 0 ? dirty(length) : Arrays.copyOf(source, length));
          assertThat(pool.takeCopy(source, 100, length)).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void take_ofAnotherLength_returnsNone() {
    try (MemoryPool pool = new MemoryPool(1 << 24)) {
      byte[] given = dirty(2 * PAGE);
      pool.give(given);
      assertZeros(pool.take(PAGE), PAGE);
      assertZeros(pool.take(3 * PAGE), 3 * PAGE);
      assertThat(pool.idleBytes()).isEqualTo(2 * PAGE);
    }
  }

  @Test
  void take_ofOddOrHugeLength_isServed() {
    try (MemoryPool pool = new MemoryPool(1 << 24)) {
      for (int length : new int[] {0, 1, PAGE - 1, PAGE + 1, 1 << 24, (1 << 24) + PAGE}) {
        pool.give(dirty(length));
        assertThat(pool.idleBytes()).isZero();
        assertZeros(pool.take(length), length);
      }
    }
  }

  @Test
  void large_clearedByTheirThreadOrTheTaker() {
    try (MemoryPool pool = new MemoryPool(1L << 26)) {
      Random random = Seed.random();
      for (int i = 0; i < 40; i++) {
        for (int given = random.nextInt(4); given >= 0; given--) {
          pool.give(dirty(LARGE));
        }
        for (int taken = random.nextInt(4); taken >= 0; taken--) {
          assertZeros(pool.take(LARGE), LARGE);
        }
      }
    }
  }

  /// Little used arrays are cleared at once, by giving their pages back where that is possible.
  @Test
  void largeAndSparse_areCleared() {
    try (MemoryPool pool = new MemoryPool(1L << 26)) {
      Random random = Seed.random();
      for (int i = 0; i < 12; i++) {
        byte[] used = pool.take(LARGE);
        assertZeros(used, LARGE);
        for (int writes = random.nextInt(100); writes > 0; writes--) {
          used[random.nextInt(LARGE)] = 1;
        }
        used[0] = 1;
        used[LARGE - 1] = 1;
        pool.give(used);
      }
    }
  }

  @Test
  void idle_isBounded_theOldestIsDropped() {
    try (MemoryPool pool = new MemoryPool(8 * PAGE)) {
      byte[] oldest = dirty(PAGE);
      byte[] second = dirty(PAGE);
      pool.give(oldest);
      pool.give(second);
      for (int i = 0; i < 3; i++) {
        pool.give(dirty(2 * PAGE));
      }
      assertThat(pool.idleBytes()).isEqualTo(8 * PAGE);

      pool.give(dirty(PAGE));
      assertThat(pool.idleBytes()).isEqualTo(8 * PAGE);
      List<byte[]> left = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        left.add(pool.take(PAGE));
      }
      assertThat(left).anyMatch(bytes -> bytes == second).noneMatch(bytes -> bytes == oldest);
      assertThat(pool.idleBytes()).isEqualTo(6 * PAGE);
    }
  }

  @Test
  void trim_dropsAll() {
    try (MemoryPool pool = new MemoryPool(1L << 26)) {
      byte[] given = dirty(PAGE);
      pool.give(given);
      pool.trim();
      assertThat(pool.idleBytes()).isZero();
      assertThat(pool.take(PAGE)).isNotSameAs(given);
      pool.give(given);
      assertThat(pool.take(PAGE)).isSameAs(given);
    }
  }

  @Test
  void closed_keepsNothing() {
    MemoryPool pool = new MemoryPool(1L << 26);
    pool.give(dirty(PAGE));
    pool.give(dirty(LARGE));
    pool.close();
    pool.give(dirty(PAGE));
    pool.give(dirty(LARGE));
    assertZeros(pool.take(PAGE), PAGE);
    assertZeros(pool.take(LARGE), LARGE);
    while (pool.idleBytes() != 0) { // what was being cleared
      Thread.onSpinWait();
    }
  }

  @Test
  void none_keepsNothing() {
    byte[] given = dirty(PAGE);
    MemoryPool.NONE.give(given);
    assertThat(MemoryPool.NONE.take(PAGE)).isNotSameAs(given);
    assertThat(MemoryPool.NONE.idleBytes()).isZero();
  }

  @Test
  void negativeBound_isRefused() {
    assertThatThrownBy(() -> new MemoryPool(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  /// Owners fill their array with a number of their own; nobody else must ever write to it.
  @Test
  void manyThreads_neverShareAnArray() throws InterruptedException, ExecutionException {
    long seed = Seed.value();
    try (MemoryPool pool = new MemoryPool(1L << 25);
        ExecutorService threads = Executors.newFixedThreadPool(6)) {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int t = 1; t <= 6; t++) {
        byte mark = (byte) t;
        tasks.add(() -> {
          use(pool, new Random(seed + mark), mark);
          return null;
        });
      }
      for (Future<Void> task : threads.invokeAll(tasks)) {
        task.get();
      }
    }
  }

  private static void use(MemoryPool pool, Random random, byte mark) {
    int[] lengths = {PAGE, 2 * PAGE, 33 * PAGE};
    List<byte[]> held = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      if (held.size() < 4 && random.nextBoolean()) {
        byte[] bytes = pool.take(lengths[random.nextInt(lengths.length)]);
        assertZeros(bytes, bytes.length);
        Arrays.fill(bytes, mark);
        held.add(bytes);
      } else if (!held.isEmpty()) {
        byte[] bytes = held.remove(random.nextInt(held.size()));
        byte[] expected = new byte[bytes.length];
        Arrays.fill(expected, mark);
        assertThat(Arrays.mismatch(bytes, expected)).isEqualTo(-1);
        pool.give(bytes);
      }
    }
  }
}
