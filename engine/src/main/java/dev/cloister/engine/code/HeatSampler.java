package dev.cloister.engine.code;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.runtime.ImageEpoch;
import dev.cloister.engine.runtime.TierPolicy;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Looks now and then which functions guests are in. Any thread.
///
/// Guest code does not know of it: threads are learnt where instances are made or look for a newer
/// image, and their stacks are taken by a thread that exists only while guests run. It takes at
/// most a 200th of its own time.
final class HeatSampler {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /// The part of the time that may be spent on taking stacks.
  private static final int MAX_PART = 200;

  /// How many threads are looked at in one step.
  private static final int MAX_THREADS = 32;

  /// So many steps without a guest let the thread end.
  private static final int IDLE_STEPS = 50;

  /// So many steps let all stores look for a newer image, by which threads become known that run
  /// old instances only.
  private static final int LEARNING_STEPS = 100;

  private final TierPolicy policy;
  private final Object lock = new Object();
  private final Set<Thread> guests = ConcurrentHashMap.newKeySet();
  private final AtomicLong samples = new AtomicLong();
  private final AtomicLong guestSamples = new AtomicLong();
  private final AtomicLong nanos = new AtomicLong();

  @GuardedBy("lock")
  private boolean isRunning;

  HeatSampler(TierPolicy policy) {
    this.policy = policy;
  }

  /// Notes that the calling thread is about to run guest code.
  void noteGuest() {
    Thread current = Thread.currentThread();
    if (!guests.contains(current)) {
      begin(current);
    }
  }

  private void begin(Thread guest) {
    synchronized (lock) {
      guests.add(guest);
      if (!isRunning) {
        isRunning = true;
        Thread.ofPlatform().daemon().name("cloister-sampler").start(this::run);
      }
    }
  }

  private void run() {
    int idleSteps = 0;
    for (int steps = 1; idleSteps < IDLE_STEPS; steps++) {
      long start = cpuNanos();
      idleSteps = step() ? 0 : idleSteps + 1;
      long taken = cpuNanos() - start;
      nanos.addAndGet(taken);
      if (steps % LEARNING_STEPS == 0) {
        ImageEpoch.advance();
      }
      LockSupport.parkNanos(Math.max(policy.sampleNanos(), taken * MAX_PART));
    }
    synchronized (lock) {
      isRunning = false;
      guests.clear();
    }
    // Threads that go on with old instances are to be learnt again.
    ImageEpoch.advance();
  }

  /// {@return the CPU time of this thread, or 0 if the JVM does not tell} The time of the wall
  /// would count what a thread waits until the other one has a processor to stop at.
  private static long cpuNanos() {
    return Math.max(
        0, THREADS.isCurrentThreadCpuTimeSupported() ? THREADS.getCurrentThreadCpuTime() : 0);
  }

  /// {@return whether a guest was running}
  private boolean step() {
    boolean found = false;
    int looked = 0;
    guests.removeIf(guest -> !guest.isAlive());
    for (Thread guest : guests) {
      if (guest.getState() == Thread.State.RUNNABLE && looked++ < MAX_THREADS) {
        found |= sample(guest.getStackTrace());
      }
    }
    return found;
  }

  /// Counts a sample for the function on top of a stack.
  ///
  /// @return whether there is guest code on the stack, below nothing but the runtime
  boolean sample(StackTraceElement[] stack) {
    samples.incrementAndGet();
    for (StackTraceElement element : stack) {
      String name = element.getClassName();
      if (name.startsWith("dev.cloister.generated.C") && element.getMethodName().startsWith("f")) {
        guestSamples.incrementAndGet();
        NativeModule.sampled(element, this);
        return true;
      }
      if (!isRuntime(name)) {
        // A host function, or no guest at all.
        return false;
      }
    }
    return false;
  }

  private static boolean isRuntime(String className) {
    return className.startsWith("dev.cloister.generated.")
        || className.startsWith("dev.cloister.engine.runtime.")
        || className.startsWith("java.")
        || className.startsWith("jdk.");
  }

  long samples() {
    return samples.get();
  }

  long guestSamples() {
    return guestSamples.get();
  }

  long nanos() {
    return nanos.get();
  }

  boolean isRunning() {
    synchronized (lock) {
      return isRunning;
    }
  }
}
