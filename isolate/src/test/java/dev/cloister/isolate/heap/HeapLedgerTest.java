package dev.cloister.isolate.heap;

import static dev.cloister.isolate.heap.HeapCategory.BUFFER;
import static dev.cloister.isolate.heap.HeapCategory.FILE;
import static dev.cloister.isolate.heap.HeapCategory.LINEAR_MEMORY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class HeapLedgerTest {
  @Test
  void charge_upToTheCap_isAccepted() {
    HeapLedger ledger = new HeapLedger(100);

    assertThat(ledger.charge(LINEAR_MEMORY, 60)).isTrue();
    assertThat(ledger.charge(BUFFER, 40)).isTrue();
    assertThat(ledger.charge(BUFFER, 0)).isTrue();

    assertThat(ledger.chargedBytes()).isEqualTo(100);
    assertThat(ledger.snapshot().bytes()).containsEntry(LINEAR_MEMORY, 60L);
    assertThat(ledger.snapshot().bytes()).containsEntry(BUFFER, 40L);
  }

  @Test
  void charge_beyondTheCap_changesNothing() {
    HeapLedger ledger = new HeapLedger(100);
    assertThat(ledger.charge(LINEAR_MEMORY, 60)).isTrue();

    assertThat(ledger.charge(BUFFER, 41)).isFalse();
    assertThat(ledger.charge(BUFFER, Long.MAX_VALUE)).isFalse();

    assertThat(ledger.chargedBytes()).isEqualTo(60);
    assertThat(ledger.snapshot().bytes()).containsEntry(BUFFER, 0L);
  }

  @Test
  void release_moreThanTheCategoryHolds_isRefused() {
    HeapLedger ledger = new HeapLedger(100);
    assertThat(ledger.charge(LINEAR_MEMORY, 60)).isTrue();
    assertThat(ledger.charge(BUFFER, 10)).isTrue();

    assertThatThrownBy(() -> ledger.release(BUFFER, 11)).isInstanceOf(IllegalStateException.class);

    assertThat(ledger.chargedBytes()).isEqualTo(70);
  }

  @Test
  void negativeBytes_areRefused() {
    HeapLedger ledger = new HeapLedger(100);

    assertThatThrownBy(() -> ledger.charge(BUFFER, -1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ledger.release(BUFFER, -1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new HeapLedger(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void move_keepsTheTotal() {
    HeapLedger ledger = new HeapLedger(100);
    assertThat(ledger.charge(BUFFER, 30)).isTrue();

    ledger.move(BUFFER, HeapCategory.CODE_SHARE, 20);

    assertThat(ledger.chargedBytes()).isEqualTo(30);
    assertThat(ledger.snapshot().bytes()).containsEntry(HeapCategory.CODE_SHARE, 20L);
    assertThatThrownBy(() -> ledger.move(BUFFER, FILE, 11))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void peak_isTheHighestTotal() {
    HeapLedger ledger = new HeapLedger(100);
    assertThat(ledger.charge(BUFFER, 70)).isTrue();
    ledger.release(BUFFER, 70);
    assertThat(ledger.charge(BUFFER, 5)).isTrue();

    assertThat(ledger.snapshot().peakBytes()).isEqualTo(70);
    assertThat(ledger.snapshot().chargedBytes()).isEqualTo(5);
  }

  @Test
  void changeCap_belowWhatIsCharged_keepsItAndRefusesMore() {
    HeapLedger ledger = new HeapLedger(100);
    assertThat(ledger.charge(BUFFER, 70)).isTrue();

    ledger.changeCap(50);

    assertThat(ledger.chargedBytes()).isEqualTo(70);
    assertThat(ledger.charge(BUFFER, 1)).isFalse();
    ledger.release(BUFFER, 30);
    assertThat(ledger.charge(BUFFER, 10)).isTrue();
  }

  @Test
  void close_refusesChargesAndAcceptsReleases() {
    HeapLedger ledger = new HeapLedger(100);
    assertThat(ledger.charge(BUFFER, 70)).isTrue();

    ledger.close();
    ledger.changeCap(1000);

    assertThat(ledger.charge(BUFFER, 1)).isFalse();
    assertThat(ledger.capBytes()).isZero();
    ledger.release(BUFFER, 70);
    assertThat(ledger.chargedBytes()).isZero();
  }

  @Test
  void concurrentCharges_neverPassTheCapAndAddUp() throws InterruptedException {
    long cap = 1000;
    HeapLedger ledger = new HeapLedger(cap);
    AtomicBoolean wasAboveCap = new AtomicBoolean();
    CountDownLatch ready = new CountDownLatch(4);
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("HeapLedgerTest seed=" + seed);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Random random = new Random(seed + t);
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                ready.countDown();
                awaitUninterruptibly(ready);
                chargeAndRelease(ledger, random, cap, wasAboveCap);
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(wasAboveCap).isFalse();
    assertThat(ledger.chargedBytes()).isZero();
    assertThat(ledger.snapshot().bytes().values()).containsOnly(0L);
    assertThat(ledger.snapshot().peakBytes()).isBetween(1L, cap);
  }

  private static void chargeAndRelease(
      HeapLedger ledger, Random random, long cap, AtomicBoolean wasAboveCap) {
    HeapCategory[] categories = HeapCategory.values();
    long[] held = new long[categories.length];
    for (int i = 0; i < 20_000; i++) {
      int category = random.nextInt(categories.length);
      if (held[category] == 0) {
        long bytes = random.nextInt(400);
        if (ledger.charge(categories[category], bytes)) {
          held[category] = bytes;
        }
      } else {
        ledger.release(categories[category], held[category]);
        held[category] = 0;
      }
      if (ledger.chargedBytes() > cap || ledger.chargedBytes() < 0) {
        wasAboveCap.set(true);
      }
    }
    for (int category = 0; category < held.length; category++) {
      ledger.release(categories[category], held[category]);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
