package dev.cloister.engine.runtime;

import dev.cloister.engine.error.StoppedException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// The threads that wait at addresses of one shared memory, by address and in the order in which
/// they came (threads proposal, "wait and notify operators").
///
/// The exemplar is WebKit's parking lot: the value is compared under the lock that notifiers take,
/// so a thread that stores and then notifies misses nobody who still saw the old value.
final class ParkingLot {
  /// Results of waiting, as Wasm numbers them.
  static final int WOKEN = 0;

  static final int NOT_EQUAL = 1;
  static final int TIMED_OUT = 2;

  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by lock: queues that are not empty, by address.
  private final Map<Long, ArrayDeque<Waiter>> queues = new HashMap<>();

  private static final class Waiter {
    final Thread thread = Thread.currentThread();
    volatile boolean isWoken;
  }

  /// Waits until somebody wakes the calling thread.
  ///
  /// @param isExpected whether the memory still holds what the caller expects; a short look
  /// @param timeoutNanos forever if it is negative
  /// @param store what the caller runs; a request to stop it ends the waiting
  /// @throws StoppedException if the store was asked to stop
  int await(long address, BooleanSupplier isExpected, long timeoutNanos, Store store) {
    StackGuard.probe();
    Waiter waiter = new Waiter();
    lock.lock();
    try {
      if (!isExpected.getAsBoolean()) {
        return NOT_EQUAL;
      }
      queues.computeIfAbsent(address, _ -> new ArrayDeque<>()).add(waiter);
    } finally {
      lock.unlock();
    }
    if (timeoutNanos != 0) {
      park(waiter, timeoutNanos, store);
    }
    if (!waiter.isWoken && remove(address, waiter)) {
      store.throwIfStopped();
      return TIMED_OUT;
    }
    return WOKEN;
  }

  private static void park(Waiter waiter, long timeoutNanos, Store store) {
    long end = System.nanoTime() + timeoutNanos;
    boolean isInterrupted = false;
    store.beginWait();
    try {
      while (!waiter.isWoken && !store.isStopRequested()) {
        if (timeoutNanos < 0) {
          LockSupport.park(waiter);
        } else {
          long left = end - System.nanoTime();
          if (left <= 0) {
            break;
          }
          LockSupport.parkNanos(waiter, left);
        }
        // Guests are stopped by their store. An interrupt is kept for the host.
        isInterrupted |= Thread.interrupted();
      }
    } finally {
      store.endWait();
      if (isInterrupted) {
        waiter.thread.interrupt();
      }
    }
  }

  /// {@return whether the waiter was still waiting}
  private boolean remove(long address, Waiter waiter) {
    lock.lock();
    try {
      ArrayDeque<Waiter> queue = queues.get(address);
      if (queue == null || !queue.remove(waiter)) {
        return false;
      }
      if (queue.isEmpty()) {
        queues.remove(address);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Wakes those who have waited longest at an address.
  ///
  /// @param count how many at most, unsigned
  /// @return how many were woken
  int wake(long address, int count) {
    StackGuard.probe();
    long most = Integer.toUnsignedLong(count);
    int woken = 0;
    lock.lock();
    try {
      ArrayDeque<Waiter> queue = queues.get(address);
      while (queue != null && woken < most) {
        Waiter waiter = queue.removeFirst();
        waiter.isWoken = true;
        LockSupport.unpark(waiter.thread);
        woken++;
        if (queue.isEmpty()) {
          queues.remove(address);
          queue = null;
        }
      }
    } finally {
      lock.unlock();
    }
    return woken;
  }
}
