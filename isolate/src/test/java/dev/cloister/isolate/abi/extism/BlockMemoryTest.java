package dev.cloister.isolate.abi.extism;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.heap.LedgerLimiter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

final class BlockMemoryTest {
  private static final long LIMIT_BYTES = 1 << 20;

  private final HeapLedger ledger = new HeapLedger(64 << 20);
  private final LedgerLimiter limiter = new LedgerLimiter(ledger, LIMIT_BYTES, 0, 0);
  private final BlockMemory memory = new BlockMemory(limiter);

  @Test
  void allocate_ofNothing_isNoBlock() {
    assertThat(memory.allocate(0)).isZero();
    assertThat(memory.allocate(-1)).isZero();
    assertThat(memory.allocate(Long.MIN_VALUE)).isZero();
    assertThat(memory.allocate(Integer.MAX_VALUE)).isZero();
    assertThat(memory.length(0)).isZero();
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void length_ofLiveBlock_isExact() {
    for (int length : new int[] {1, 7, 8, 9, 1000}) {
      assertThat(memory.length(memory.allocate(length))).isEqualTo(length);
    }
  }

  @Test
  void length_ofAnythingElse_is0() {
    long handle = memory.allocate(16);

    assertThat(memory.length(handle + 1)).isZero();
    assertThat(memory.length(handle + 16)).isZero();
    assertThat(memory.length(handle + (1L << 32))).isZero();
    assertThat(memory.length(-1)).isZero();
    assertThat(memory.length(Long.MIN_VALUE | handle)).isZero();
    memory.free(handle);
    assertThat(memory.length(handle)).isZero();
  }

  @Test
  void stores_inABlock_areLoaded() {
    long handle = memory.allocate(9);
    memory.storeLong(handle, 0x1122334455667788L);
    memory.storeByte(handle + 8, 0x1FF);

    assertThat(memory.loadLong(handle)).isEqualTo(0x1122334455667788L);
    assertThat(memory.loadByte(handle)).isEqualTo(0x88);
    assertThat(memory.loadByte(handle + 8)).isEqualTo(0xFF);
    assertThat(memory.loadLong(handle + 1)).isEqualTo(0xFF11223344556677L);
  }

  @Test
  void accesses_outOfBounds_are0OrIgnored() {
    long first = memory.allocate(8);
    long second = memory.allocate(8);
    memory.storeLong(first, 1);
    memory.storeLong(second, 2);
    for (long address :
        new long[] {first + 1, first + 8, second - 1, second + 1, 0, 7, -1, Long.MAX_VALUE}) {
      memory.storeLong(address, -1);
      assertThat(memory.loadLong(address)).as("at %x", address).isZero();
    }
    for (long address : new long[] {first + 8, second - 1, second + 8, 0, -1}) {
      memory.storeByte(address, 5);
      assertThat(memory.loadByte(address)).as("at %x", address).isZero();
    }

    assertThat(memory.loadLong(first)).isEqualTo(1);
    assertThat(memory.loadLong(second)).isEqualTo(2);
  }

  @Test
  void free_ofNothing_isIgnored() {
    long handle = memory.allocate(8);
    memory.free(0);
    memory.free(handle + 1);
    memory.free(handle + (5L << 32));
    memory.free(-1);

    assertThat(memory.length(handle)).isEqualTo(8);
    memory.free(handle);
    memory.free(handle);
    long next = memory.allocate(8);
    assertThat(memory.allocate(8)).isNotEqualTo(next);
  }

  @Test
  void allocateAndFree_inALoop_needNoMoreMemory() {
    long kept = memory.allocate(100);
    for (int i = 0; i < 100_000; i++) {
      long first = memory.allocate(1 + i % 300);
      long second = memory.allocate(1 + i % 70);
      assertThat(first).isNotZero();
      assertThat(second).isNotZero();
      memory.free(first);
      memory.free(second);
    }

    assertThat(memory.sizeBytes()).isLessThan(16 << 10);
    assertThat(memory.length(kept)).isEqualTo(100);
  }

  @Test
  void allocate_beyondTheLimit_isNoBlock_andWhatIsThereStays() {
    long handle = memory.allocate(1000);
    memory.storeByte(handle + 999, 7);

    assertThat(memory.allocate(LIMIT_BYTES)).isZero();
    assertThat(limiter.refusal()).isNotNull();
    assertThat(memory.loadByte(handle + 999)).isEqualTo(7);
    assertThat(memory.allocate(1000)).isNotZero();
    assertThatThrownBy(() -> memory.put(new byte[(int) LIMIT_BYTES]))
        .isInstanceOf(ExtismException.class)
        .hasMessageStartingWith("no memory for a block of 1048576 bytes");
  }

  @Test
  void manySmallBlocks_reachTheLimitToo() {
    int count = 0;
    while (memory.allocate(1) != 0) {
      count++;
    }

    assertThat(count).isGreaterThan(10_000);
    assertThat(ledger.chargedBytes()).isLessThanOrEqualTo(LIMIT_BYTES);
  }

  @Test
  void reset_dropsAllBlocks() {
    long handle = memory.put(new byte[] {1, 2, 3});
    memory.reset();

    assertThat(memory.length(handle)).isZero();
    assertThat(memory.loadByte(handle)).isZero();
    assertThat(memory.length(memory.allocate(5))).isEqualTo(5);
  }

  @Test
  void close_givesBackWhatIsCharged() {
    memory.allocate(10_000);
    assertThat(ledger.chargedBytes()).isGreaterThanOrEqualTo(10_000);
    memory.close();
    memory.close();

    assertThat(ledger.chargedBytes()).isZero();
    assertThat(memory.allocate(8)).isZero();
  }

  @Test
  void largeBlocks_haveArraysOfTheirOwn() {
    long large = memory.put(new byte[100_000]);
    long small = memory.put(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    assertThat(memory.loadLong(large)).isZero();
    assertThat(memory.loadLong(small)).isEqualTo(0x0807060504030201L);

    memory.free(large);
    long again = memory.allocate(90_000);
    assertThat(memory.length(again)).isEqualTo(90_000);
    assertThat(memory.sizeBytes()).isEqualTo(190_000);
    assertThat(memory.loadLong(small)).isEqualTo(0x0807060504030201L);
    memory.reset();
    assertThat(ledger.chargedBytes()).isZero();
    long only = memory.put(new byte[100_000]);
    memory.reset();
    assertThat(ledger.chargedBytes()).as("kept for the next call").isGreaterThan(100_000);
    assertThat(memory.allocate(10_000)).isEqualTo(only);
    assertThat(memory.sizeBytes()).isEqualTo(100_000);
  }

  @Test
  void randomBlocks_keepTheirContent() {
    long seed = Long.getLong("seed", System.nanoTime());
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    BlockMemory memory = new BlockMemory(new LedgerLimiter(ledger, 4 << 20, 0, 0));
    Map<Long, byte[]> expected = new HashMap<>();
    List<Long> handles = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      if (handles.size() > 8 || (!handles.isEmpty() && random.nextInt(3) == 0)) {
        long handle = handles.remove(random.nextInt(handles.size()));
        byte[] content = Objects.requireNonNull(expected.remove(handle));
        assertThat(memory.copy(handle, content.length)).as("seed %d", seed).isEqualTo(content);
        memory.free(handle);
      } else {
        byte[] content = new byte[1 + random.nextInt(random.nextInt(20) == 0 ? 70_000 : 2000)];
        random.nextBytes(content);
        long handle = memory.put(content);
        assertThat(expected.put(handle, content)).as("seed %d", seed).isNull();
        handles.add(handle);
      }
    }
    for (long handle : handles) {
      byte[] content = Objects.requireNonNull(expected.get(handle));
      assertThat(memory.length(handle)).isEqualTo(content.length);
      assertThat(Arrays.equals(memory.copy(handle, content.length), content)).isTrue();
    }
  }
}
