package dev.cloister.engine.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.StopReason;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What is armed when, by a clock that the test moves; no guest runs.
final class StopperTest {
  private static final long MILLIS = 1_000_000;
  private static final long TICK = 20 * MILLIS;
  private static final long SECOND = 1_000 * MILLIS;

  private long now = 7 * SECOND;
  private int wakes;
  private final Stopper stopper =
      new Stopper(new StopPolicy(TICK, 4, SECOND, 3, 60 * SECOND), () -> now, () -> wakes++);

  private static Store running(StopSite... sites) {
    Store store = new Store(HeapLimiter.UNLIMITED);
    for (StopSite site : sites) {
      store.watch(site, /* history= */ null, /* polls= */ false);
    }
    store.enter();
    return store;
  }

  /// One store is asked to stop, armed for, and left.
  private void stopOnce(StopSite site) {
    Store store = running(site);
    store.requestStop(StopReason.DEADLINE);
    now += TICK;
    stopper.step();
    assertThat(site.armed).isTrue();
    store.exit();
    stopper.step();
  }

  @Test
  void stopsOfOneTick_armEachModuleOnce() {
    StopSite first = new StopSite(stopper);
    StopSite second = new StopSite(stopper);
    List<Store> stores =
        Stream.concat(
                IntStream.range(0, 5).mapToObj(_ -> running(first)),
                IntStream.range(0, 2).mapToObj(_ -> running(first, second)))
            .toList();

    stores.forEach(store -> store.requestStop(StopReason.DEADLINE));
    assertThat(wakes).isPositive();
    assertThat(stopper.step()).isEqualTo(TICK);
    now += TICK - 1;
    assertThat(stopper.step()).isEqualTo(1);
    assertThat(stopper.figures().armings()).isZero();

    now++;
    assertThat(stopper.step()).isEqualTo(StopThread.UNTIL_WOKEN);
    assertThat(stopper.figures()).isEqualTo(new Stopper.Figures(7, 1, 2, 2, 0));
    assertThat(first.waiting).isEqualTo(7);
    assertThat(second.waiting).isEqualTo(2);

    stores.forEach(Store::exit);
    assertThat(stopper.step()).isEqualTo(StopThread.NEVER);
    assertThat(stopper.figures().armed()).isZero();
  }

  /// Ticks are moments of the engine, not of requests: who comes late in a tick waits less.
  @Test
  void request_inMidTick_isServedAtItsEnd() {
    StopSite site = new StopSite(stopper);
    now += 3 * TICK + 15 * MILLIS;
    Store store = running(site);

    store.requestStop(StopReason.DEADLINE);

    assertThat(stopper.step()).isEqualTo(5 * MILLIS);
    now += 5 * MILLIS;
    stopper.step();
    assertThat(site.armed).isTrue();
    store.exit();
  }

  @Test
  void storeThatHasLeftBeforeTheTick_armsNothing() {
    StopSite site = new StopSite(stopper);
    Store store = running(site);
    store.requestStop(StopReason.DEADLINE);
    store.exit();
    Store idle = new Store(HeapLimiter.UNLIMITED);
    idle.watch(site, /* history= */ null, /* polls= */ false);
    idle.requestStop(StopReason.DISPOSED);

    now += TICK;

    assertThat(stopper.step()).isEqualTo(StopThread.NEVER);
    assertThat(stopper.figures()).isEqualTo(new Stopper.Figures(1, 1, 0, 0, 0));
  }

  /// A module stays armed while any store waits.
  @Test
  void moduleThatIsArmed_servesLaterStopsWithoutAnotherArming() {
    StopSite site = new StopSite(stopper);
    Store slow = running(site);
    slow.requestStop(StopReason.DEADLINE);
    now += TICK;
    stopper.step();
    for (int i = 0; i < 10; i++) {
      stopOnce(site);
    }
    assertThat(site.armed).isTrue();
    assertThat(stopper.figures().armings()).isEqualTo(1);

    slow.exit();
    stopper.step();
    assertThat(site.armed).isFalse();
  }

  /// With the last arming of its window a module stays armed: later stops need none.
  @Test
  void moduleWhoseArmingsAreUsedUp_staysArmedUntilThereIsRoom() {
    StopSite site = new StopSite(stopper);
    StopSite other = new StopSite(stopper);
    long begin = now;
    for (int i = 1; i <= 3; i++) {
      stopOnce(site);
      assertThat(site.armed).isFalse();
    }
    long firstArming = begin + TICK;
    stopOnce(site);
    assertThat(site.armed).isTrue();
    assertThat(stopper.isUsedUp(site, now)).isTrue();

    for (int i = 0; i < 5; i++) {
      stopOnce(site);
    }
    stopOnce(other);
    assertThat(other.armed).isFalse();
    assertThat(stopper.figures().armings()).isEqualTo(5);
    assertThat(stopper.step()).isEqualTo(firstArming + SECOND - now);

    now = firstArming + SECOND - 1;
    stopper.step();
    assertThat(site.armed).isTrue();
    now++;
    assertThat(stopper.step()).isEqualTo(StopThread.NEVER);
    assertThat(site.armed).isFalse();
    stopOnce(site);
    assertThat(stopper.figures().armings()).isEqualTo(6);
  }

  /// However the stops come, no second sees more than four armings of a module.
  @Test
  void armings_ofAModule_neverExceedTheLimit() {
    StopSite site = new StopSite(stopper);
    EventWindow fifth = new EventWindow(5, SECOND);
    long seen = 0;
    for (int i = 0; i < 1_000; i++) {
      now += (i * 37L % 11) * 5 * MILLIS;
      stopOnce(site);
      long armings = stopper.figures().armings();
      for (; seen < armings; seen++) {
        fifth.add(now);
        assertThat(fifth.isFull(now)).isFalse();
      }
    }
    assertThat(seen).isGreaterThan(50);
  }

  /// A start function may begin to run a further module in a store that is already to stop.
  @Test
  void moduleThatIsAddedToAStoppingStore_isArmedAsWell() {
    StopSite first = new StopSite(stopper);
    StopSite second = new StopSite(stopper);
    Store store = running(first);
    store.requestStop(StopReason.DEADLINE);
    now += TICK;
    stopper.step();

    store.watch(second, /* history= */ null, /* polls= */ false);
    now += TICK;
    stopper.step();

    assertThat(second.armed).isTrue();
    assertThat(first.waiting).isEqualTo(1);
    store.exit();
    stopper.step();
    assertThat(stopper.figures()).isEqualTo(new Stopper.Figures(1, 2, 2, 0, 0));
  }

  @Test
  void codeThatPolls_needsNoArming() {
    StopSite site = new StopSite(stopper);
    StopHistory history = new StopHistory(stopper);
    Store store = new Store(HeapLimiter.UNLIMITED);
    store.watch(site, history, /* polls= */ true);
    store.enter();

    store.requestStop(StopReason.DEADLINE);

    assertThat(store.isStopFlagged()).isTrue();
    assertThat(wakes).isZero();
    assertThat(history.isForgotten()).isFalse();
    now += TICK;
    assertThat(stopper.step()).isEqualTo(StopThread.NEVER);
    assertThat(stopper.figures()).isEqualTo(new Stopper.Figures(1, 0, 0, 0, 0));
    store.exit();
  }

  private void stopCounted(StopSite site, StopHistory history, boolean polls) {
    Store store = new Store(HeapLimiter.UNLIMITED);
    store.watch(site, history, polls);
    store.enter();
    store.requestStop(StopReason.DEADLINE);
    now += TICK;
    stopper.step();
    store.exit();
    stopper.step();
  }

  @Test
  void history_ofManyStops_isQuarantinedUntilTheyAreOld() {
    StopSite site = new StopSite(stopper);
    StopHistory history = new StopHistory(stopper);
    for (int i = 0; i < 2; i++) {
      stopCounted(site, history, /* polls= */ false);
      now += 10 * SECOND;
    }
    assertThat(history.isQuarantined(site)).isFalse();
    stopCounted(site, history, /* polls= */ false);
    assertThat(history.isQuarantined(site)).isTrue();
    assertThat(new StopHistory(stopper).isQuarantined(site)).isFalse();

    // Stops in quarantine prolong it.
    now += 35 * SECOND;
    stopCounted(site, history, /* polls= */ true);
    now += 20 * SECOND;
    stopCounted(site, history, /* polls= */ true);
    assertThat(history.isQuarantined(site)).isTrue();
    now += 41 * SECOND;
    assertThat(history.isQuarantined(site)).isFalse();
    now += 20 * SECOND;
    assertThat(history.isForgotten()).isTrue();
  }

  /// Many isolates with one guest each that needs stopping.
  @Test
  void history_whereArmingsAreUsedUp_isQuarantinedAfterOneStop() {
    StopSite site = new StopSite(stopper);
    List<StopHistory> histories = Stream.generate(() -> new StopHistory(stopper)).limit(4).toList();
    for (StopHistory history : histories.subList(0, 3)) {
      stopCounted(site, history, /* polls= */ false);
      assertThat(history.isQuarantined(site)).isFalse();
    }
    stopCounted(site, histories.get(3), /* polls= */ false);

    assertThat(histories).allMatch(history -> history.isQuarantined(site));
    assertThat(new StopHistory(stopper).isQuarantined(site)).isFalse();
    assertThat(histories.getFirst().isQuarantined(new StopSite(stopper))).isFalse();
    now += SECOND;
    assertThat(histories).noneMatch(history -> history.isQuarantined(site));
  }

  @Test
  void stopThatCameBefore_leavesHistoryAlone() {
    StopSite site = new StopSite(stopper);
    StopHistory history = new StopHistory(stopper);
    Store store = new Store(HeapLimiter.UNLIMITED);
    store.watch(site, history, /* polls= */ true);
    store.requestStop(StopReason.DEADLINE);
    assertThatThrownBy(store::enter).isInstanceOf(RuntimeException.class);
    assertThat(history.isForgotten()).isTrue();
  }

  @Test
  void policy_withoutSense_isRefused() {
    assertThatThrownBy(() -> new StopPolicy(TICK, 0, SECOND, 3, SECOND))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("armings");
    assertThatThrownBy(() -> new StopPolicy(TICK, 4, SECOND, 1_001, SECOND))
        .hasMessageContaining("quarantineStops");
    assertThatThrownBy(() -> new StopPolicy(0, 4, SECOND, 3, SECOND))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
