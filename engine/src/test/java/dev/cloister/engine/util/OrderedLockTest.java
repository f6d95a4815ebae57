package dev.cloister.engine.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
@SuppressWarnings("LockNotBeforeTry") // Locks are what is tested.
final class OrderedLockTest {
  private final OrderedLock first = new OrderedLock(LockRank.ISOLATES);
  private final OrderedLock second = new OrderedLock(LockRank.COMPILE_JOBS);
  private final OrderedLock alsoSecond = new OrderedLock(LockRank.COMPILE_JOBS);

  @Test
  void locks_inOrder_canBeTaken() {
    first.lock();
    second.lock();
    second.lock();
    first.lock();
    first.unlock();
    second.unlock();
    second.unlock();
    first.unlock();
    OrderedLock.assertNoneHeld();
  }

  @Test
  void lock_thatComesEarlier_isRefused() {
    second.lock();
    try {
      assertThatThrownBy(first::lock)
          .isInstanceOf(AssertionError.class)
          .hasMessage("the lock ISOLATES is taken with COMPILE_JOBS held");
    } finally {
      second.unlock();
    }
    first.lock();
    first.unlock();
  }

  @Test
  void lock_ofTheSameRank_isRefused() {
    second.lock();
    try {
      assertThatThrownBy(alsoSecond::lock).isInstanceOf(AssertionError.class);
    } finally {
      second.unlock();
    }
  }

  @Test
  void lock_thatIsOnlyTried_cannotDeadlock() {
    second.lock();
    try {
      assertThat(first.tryLock()).isTrue();
      first.unlock();
    } finally {
      second.unlock();
    }
  }

  @Test
  void callback_underALock_isRefused() {
    OrderedLock.assertNoneHeld();
    first.lock();
    try {
      assertThatThrownBy(OrderedLock::assertNoneHeld)
          .isInstanceOf(AssertionError.class)
          .hasMessage("the lock ISOLATES is held");
    } finally {
      first.unlock();
    }
    OrderedLock.assertNoneHeld();
  }

  @Test
  void locks_ofAnotherThread_doNotCount() throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    second.lock();
    try {
      Thread other =
          new Thread(() -> {
            OrderedLock.assertNoneHeld();
            first.lock();
            first.unlock();
          });
      other.setUncaughtExceptionHandler((_, e) -> thrown.set(e));
      other.start();
      other.join();
    } finally {
      second.unlock();
    }
    assertThat(thrown.get()).isNull();
  }
}
