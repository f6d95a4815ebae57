package dev.cloister.engine.util;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/// A lock that knows its place in the order of locks.
///
/// Where assertions are enabled, as in all tests, taking it with a lock held that comes later, or
/// with another one of its own rank, fails: also when no other thread is there to make a deadlock
/// of it. Elsewhere it is a plain lock, at no cost. The same lock can be taken again.
public final class OrderedLock implements Lock {
  private static final boolean IS_CHECKED = OrderedLock.class.desiredAssertionStatus();

  /// What each thread holds, the last taken first; a thread's own queue is touched by it alone.
  private static final Map<Thread, Deque<OrderedLock>> HELD = new ConcurrentHashMap<>();

  private final LockRank rank;
  private final ReentrantLock lock = new ReentrantLock();

  /// Creates a lock that is free.
  public OrderedLock(LockRank rank) {
    this.rank = rank;
  }

  /// Checks that the current thread holds none of these locks: what follows runs code of others,
  /// waits, or writes. Only where assertions are enabled.
  public static void assertNoneHeld() {
    if (IS_CHECKED) {
      Deque<OrderedLock> held = HELD.get(Thread.currentThread());
      if (held != null) {
        throw new AssertionError("the lock " + held.getFirst().rank + " is held");
      }
    }
  }

  @Override
  public void lock() {
    checkOrder();
    lock.lock();
    taken();
  }

  @Override
  public void lockInterruptibly() throws InterruptedException {
    checkOrder();
    lock.lockInterruptibly();
    taken();
  }

  /// Never fails the check, since it never waits.
  @Override
  public boolean tryLock() {
    boolean isTaken = lock.tryLock();
    if (isTaken) {
      taken();
    }
    return isTaken;
  }

  @Override
  public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
    checkOrder();
    boolean isTaken = lock.tryLock(time, unit);
    if (isTaken) {
      taken();
    }
    return isTaken;
  }

  @Override
  public void unlock() {
    lock.unlock();
    if (IS_CHECKED) {
      HELD.computeIfPresent(
          Thread.currentThread(),
          (_, held) -> {
            held.removeFirstOccurrence(this);
            return held.isEmpty() ? null : held;
          });
    }
  }

  @Override
  public Condition newCondition() {
    return lock.newCondition();
  }

  @Override
  public String toString() {
    return rank + " " + lock;
  }

  private void checkOrder() {
    if (!IS_CHECKED || lock.isHeldByCurrentThread()) {
      return;
    }
    for (OrderedLock held : HELD.getOrDefault(Thread.currentThread(), new ArrayDeque<>())) {
      if (held.rank.compareTo(rank) >= 0) {
        throw new AssertionError("the lock " + rank + " is taken with " + held.rank + " held");
      }
    }
  }

  private void taken() {
    if (IS_CHECKED) {
      HELD.computeIfAbsent(Thread.currentThread(), _ -> new ArrayDeque<>()).push(this);
    }
  }
}
