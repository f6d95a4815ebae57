package dev.cloister.isolate.verticle;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.isolate.verticle.GuestWorker.Work;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The threads that run guests, shared by all tenants.
///
/// They are platform threads with a stack of known size, which the operating system preempts: a
/// guest that spins takes its share of the cores and no more. At most `maxRunning` guests run at
/// once, and besides as many again of tenants whose calls have been short of late: else these would
/// wait for the end of calls that may take as long as their deadline. A guest that waits in a host
/// call lends its place to another, so there can be more threads than that.
///
/// Any thread may submit; nothing but guest threads ever runs a guest.
public final class GuestExecutor implements AutoCloseable {
  /*
   * All state is guarded by one lock, which is held for a few map operations at a time. Who gets to
   * run is decided under it and collected in a list of assignments; threads are woken and started
   * after it is released. A worker is in exactly one of three places: in `idle`, in an assignment,
   * or running.
   */

  /// How many more threads than running guests there may be: guests that wait in host calls.
  private static final int DEFAULT_BLOCKED = 256;

  /// The part of all threads that one tenant can occupy.
  private static final int THREAD_SHARE = 8;

  /// How often a guest that has waited looks whether it is to stop while it waits for its turn.
  private static final long TURN_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final int maxRunning;
  private final int maxThreads;
  private final AtomicLong laneNumbers = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition placeFree = lock.newCondition();

  @GuardedBy("lock")
  private final FairScheduler scheduler;

  @GuardedBy("lock")
  private final Map<StackClass, Deque<GuestWorker>> idle = new HashMap<>();

  @GuardedBy("lock")
  private int idleCount;

  /// Workers, idle ones included.
  @GuardedBy("lock")
  private int threads;

  /// Guests that run, without those that wait in a host call and those that run besides.
  @GuardedBy("lock")
  private int running;

  /// Guests that run besides, because the work of their lanes is brief.
  @GuardedBy("lock")
  private int runningBesides;

  /// Guests that have waited and want to go on; they come before those that have not begun.
  @GuardedBy("lock")
  private int returning;

  @GuardedBy("lock")
  private long workerNumbers;

  @GuardedBy("lock")
  private boolean closed;

  /// Makes an executor.
  ///
  /// @param maxRunning the most guests that run at once, at least 1
  /// @param maxThreads the most threads, at least `maxRunning`
  GuestExecutor(int maxRunning, int maxThreads) {
    if (maxRunning < 1 || maxThreads < maxRunning) {
      throw new IllegalArgumentException(
          "maxRunning must be from 1 to maxThreads: " + maxRunning + ", " + maxThreads);
    }
    this.maxRunning = maxRunning;
    this.maxThreads = maxThreads;
    int runningPerLane = (maxRunning + 1) / 2;
    int threadsPerLane = Math.max(runningPerLane + 1, maxThreads / THREAD_SHARE);
    this.scheduler = new FairScheduler(runningPerLane, threadsPerLane);
  }

  /// An executor that runs two guests per core.
  public static GuestExecutor create() {
    return create(2 * Runtime.getRuntime().availableProcessors());
  }

  /// An executor that runs `maxRunning` guests at once.
  public static GuestExecutor create(int maxRunning) {
    return new GuestExecutor(maxRunning, maxRunning + DEFAULT_BLOCKED);
  }

  /// How many guests run now.
  public int runningCount() {
    lock.lock();
    try {
      return running + runningBesides;
    } finally {
      lock.unlock();
    }
  }

  /// How many threads there are now.
  public int threadCount() {
    lock.lock();
    try {
      return threads;
    } finally {
      lock.unlock();
    }
  }

  /// Refuses work from now on and lets the threads end when they have nothing to do. What waits
  /// still runs.
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      idle.values().forEach(workers -> workers.forEach(GuestWorker::retire));
      threads -= idleCount;
      idleCount = 0;
      idle.clear();
    } finally {
      lock.unlock();
    }
  }

  /// Makes a tenant's place.
  GuestLane openLane() {
    return new GuestLane(laneNumbers.getAndIncrement());
  }

  /// Lets `task` run, at once or in its turn.
  ///
  /// @param queueLength how much of the lane's work may wait
  /// @return false if it would have to wait and may not, or the executor is closed
  boolean submit(GuestLane lane, GuestTask task, long queueLength) {
    List<Assignment> assignments;
    boolean isAccepted = true;
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      scheduler.add(lane, task);
      assignments = dispatch();
      if (lane.waiting.size() > queueLength) {
        // If anything waits it is the newest work: dispatching took the oldest.
        isAccepted = !scheduler.remove(lane, task);
      }
    } finally {
      lock.unlock();
    }
    handOver(assignments);
    return isAccepted;
  }

  /// How much of the work of `lane` waits.
  int waitingCount(GuestLane lane) {
    lock.lock();
    try {
      return lane.waiting.size();
    } finally {
      lock.unlock();
    }
  }

  /// Takes `task` out of the queue; returns false if it runs or has run.
  boolean withdraw(GuestLane lane, GuestTask task) {
    lock.lock();
    try {
      return scheduler.remove(lane, task);
    } finally {
      lock.unlock();
    }
  }

  /// Notes that `worker` is done with `work`.
  void ended(GuestWorker worker, Work work, long ranNanos) {
    List<Assignment> assignments;
    lock.lock();
    try {
      leavePlace(work);
      scheduler.end(work.lane(), ranNanos);
      if (closed) {
        threads--;
        worker.retire();
      } else {
        idle.computeIfAbsent(worker.stackClass(), _ -> new ArrayDeque<>()).push(worker);
        idleCount++;
      }
      assignments = freePlace();
    } finally {
      lock.unlock();
    }
    handOver(assignments);
  }

  /// Notes that a guest waits in a host call.
  void block(Work work) {
    List<Assignment> assignments;
    lock.lock();
    try {
      leavePlace(work);
      scheduler.block(work.lane());
      assignments = freePlace();
    } finally {
      lock.unlock();
    }
    handOver(assignments);
  }

  /// Notes that a guest has waited; returns when it may go on. One that is to stop may go on at
  /// once.
  void resume(Work work) {
    lock.lock();
    try {
      returning++;
      try {
        while (!takePlaceAgain(work) && !work.task().isStopping()) {
          placeFree.awaitNanos(TURN_CHECK_NANOS);
        }
      } catch (InterruptedException _) {
        // Nobody interrupts guest threads to stop them; the flag is kept, and the guest goes on.
        Thread.currentThread().interrupt();
      }
      returning--;
      if (!work.hasPlace) {
        takePlace(work, /* isBesides= */ false);
      }
      scheduler.resume(work.lane());
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private boolean takePlaceAgain(Work work) {
    if (running < maxRunning) {
      takePlace(work, /* isBesides= */ false);
      return true;
    }
    if (scheduler.isBrief(work.lane()) && runningBesides < maxRunning) {
      takePlace(work, /* isBesides= */ true);
      return true;
    }
    return false;
  }

  @GuardedBy("lock")
  private void takePlace(Work work, boolean isBesides) {
    work.hasPlace = true;
    work.isBesides = isBesides;
    if (isBesides) {
      runningBesides++;
    } else {
      running++;
    }
  }

  @GuardedBy("lock")
  private void leavePlace(Work work) {
    work.hasPlace = false;
    if (work.isBesides) {
      runningBesides--;
    } else {
      running--;
    }
  }

  /// Takes a worker that was idle for long out; returns false if it has just got work.
  boolean dropIdle(GuestWorker worker) {
    lock.lock();
    try {
      Deque<GuestWorker> workers = idle.get(worker.stackClass());
      if (workers == null || !workers.remove(worker)) {
        return false;
      }
      idleCount--;
      threads--;
      return true;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private List<Assignment> freePlace() {
    if (returning > 0) {
      placeFree.signal();
    }
    return dispatch();
  }

  /// Chooses what can run now, and on which thread.
  @GuardedBy("lock")
  private List<Assignment> dispatch() {
    List<Assignment> assignments = new ArrayList<>(1);
    while (idleCount > 0 || threads < maxThreads) {
      boolean isBesides = running + returning >= maxRunning;
      GuestLane lane = isBesides ? nextBesides() : scheduler.next();
      if (lane == null) {
        break;
      }
      GuestTask task = scheduler.start(lane);
      GuestWorker worker = worker(StackClass.of(task.stackBytes()));
      Work work = new Work(lane, task);
      takePlace(work, isBesides);
      assignments.add(new Assignment(worker, work));
    }
    return assignments;
  }

  @GuardedBy("lock")
  private @Nullable GuestLane nextBesides() {
    return runningBesides < maxRunning ? scheduler.nextBrief() : null;
  }

  /// An idle worker of `stackClass`, or a new one, in place of an idle one of another class if need
  /// be.
  @GuardedBy("lock")
  private GuestWorker worker(StackClass stackClass) {
    GuestWorker worker = pollIdle(stackClass);
    if (worker != null) {
      return worker;
    }
    if (threads == maxThreads) {
      for (StackClass other : List.copyOf(idle.keySet())) {
        GuestWorker replaced = pollIdle(other);
        if (replaced != null) {
          replaced.retire();
          threads--;
          break;
        }
      }
    }
    threads++;
    return new GuestWorker(this, stackClass, workerNumbers++);
  }

  @GuardedBy("lock")
  private @Nullable GuestWorker pollIdle(StackClass stackClass) {
    Deque<GuestWorker> workers = idle.get(stackClass);
    GuestWorker worker = workers == null ? null : workers.poll();
    if (worker != null) {
      idleCount--;
    }
    return worker;
  }

  private void handOver(List<Assignment> assignments) {
    for (Assignment assignment : assignments) {
      Work work = assignment.work();
      try {
        assignment.worker().assign(work);
      } catch (OutOfMemoryError _) { // no more threads from the operating system
        dropUnstarted(work);
        work.task().reject();
      }
    }
  }

  private void dropUnstarted(Work work) {
    lock.lock();
    try {
      threads--;
      leavePlace(work);
      scheduler.end(work.lane(), 0);
    } finally {
      lock.unlock();
    }
  }

  /// A decision to be carried out when the lock is free.
  private record Assignment(GuestWorker worker, Work work) {}
}
