package dev.cloister.engine.runtime;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Asks the JVM for collections on behalf of guests at the limit of their heap, of all stores of
/// the process together.
///
/// One collection serves all that wait when it begins, and between two of them is a pause as long
/// as the last one took: no guest can have the server do nothing but collect.
final class CollectionPacer {
  /// How often a guest that waits looks whether it was stopped.
  private static final long STOP_CHECK_MILLIS = 10;

  private static final CollectionPacer SHARED = new CollectionPacer();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /// Collections that have begun and that have ended.
  @GuardedBy("lock")
  private long begun;

  @GuardedBy("lock")
  private long ended;

  /// The collection that was asked for last.
  @GuardedBy("lock")
  private long wanted;

  private CollectionPacer() {
    Thread.ofPlatform().daemon().name("cloister-gc").start(this::collectForEver);
  }

  /// Waits until the JVM has done a collection that began after this call.
  ///
  /// @throws dev.cloister.engine.error.StoppedException if the store is stopped meanwhile
  static void awaitCollection(Store store) {
    SHARED.await(store);
  }

  private void await(Store store) {
    boolean wasInterrupted = false;
    lock.lock();
    try {
      long ticket = begun + 1;
      wanted = Math.max(wanted, ticket);
      changed.signalAll();
      while (ended < ticket) {
        store.throwIfStopped();
        try {
          changed.await(STOP_CHECK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
          // Who interrupts a guest stops its store as well; otherwise it is no reason to give up.
          wasInterrupted = true;
        }
      }
    } finally {
      lock.unlock();
      if (wasInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void collectForEver() {
    while (true) {
      lock.lock();
      try {
        while (wanted <= begun) {
          changed.awaitUninterruptibly();
        }
        begun++;
      } finally {
        lock.unlock();
      }
      long start = System.nanoTime();
      System.gc();
      long tookNanos = System.nanoTime() - start;
      lock.lock();
      try {
        ended = begun;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      try {
        TimeUnit.NANOSECONDS.sleep(tookNanos);
      } catch (InterruptedException _) {
        // Nobody but the end of the process interrupts it.
        return;
      }
    }
  }
}
