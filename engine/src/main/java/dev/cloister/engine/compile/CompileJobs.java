package dev.cloister.engine.compile;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.error.CompilationCancelledException.Reason;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.stats.CompileJobInfo;
import dev.cloister.engine.stats.CompileMode;
import dev.cloister.engine.stats.EngineEvents;
import dev.cloister.engine.util.LockRank;
import dev.cloister.engine.util.OrderedLock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The compilations that are going on, by number. Safe to use by any thread.
public final class CompileJobs {
  private final EngineEvents events;
  private final int maxJobs;
  private final ThreadClock clock;
  private final OrderedLock lock = new OrderedLock(LockRank.COMPILE_JOBS);

  /// The oldest first.
  @GuardedBy("lock")
  private final Map<Long, CompileJob> jobs = new LinkedHashMap<>();

  @GuardedBy("lock")
  private long lastId;

  @GuardedBy("lock")
  private boolean isClosed;

  /// Creates an empty registry.
  ///
  /// @param events are told of every change
  /// @param maxJobs the most jobs at once
  public CompileJobs(EngineEvents events, int maxJobs) {
    this(events, maxJobs, ThreadClock.ofProcessorTime());
  }

  CompileJobs(EngineEvents events, int maxJobs, ThreadClock clock) {
    this.events = events;
    this.maxJobs = maxJobs;
    this.clock = clock;
  }

  /// Begins a job. Nobody is told yet, so a lock that comes earlier may be held; [#announce] must
  /// follow.
  ///
  /// @throws LimitExceededException if there are too many
  public CompileJob create(CompileRequest request, CompileMode mode) {
    lock.lock();
    try {
      if (isClosed) {
        throw new IllegalStateException("the engine was closed");
      }
      if (jobs.size() >= maxJobs) {
        throw new LimitExceededException("compileJobs", jobs.size() + 1L, maxJobs);
      }
      CompileJob job = new CompileJob(this, ++lastId, request, mode, clock);
      jobs.put(job.id(), job);
      return job;
    } finally {
      lock.unlock();
    }
  }

  /// Tells that a job has begun.
  public void announce(CompileJob job) {
    tell(job);
  }

  /// {@return the job with this number, if it has not ended}
  public @Nullable CompileJob find(long id) {
    lock.lock();
    try {
      return jobs.get(id);
    } finally {
      lock.unlock();
    }
  }

  /// {@return all jobs, the oldest first}
  public List<CompileJobInfo> infos() {
    return matching(_ -> true).stream().map(CompileJob::info).toList();
  }

  /// {@return whether an isolate has a job}
  public boolean hasJobOf(Object owner) {
    return !matching(job -> job.isOf(owner)).isEmpty();
  }

  /// Cancels a job.
  ///
  /// @return whether there is one with this number that had not been cancelled
  public boolean cancel(long id, Reason reason) {
    CompileJob job = find(id);
    return job != null && job.cancel(reason);
  }

  /// Cancels the jobs of an isolate.
  ///
  /// @return how many were
  public int cancelOf(Object owner, Reason reason) {
    return cancel(matching(job -> job.isOf(owner)), reason);
  }

  /// Cancels the jobs of an isolate for what the embedder calls `tag`.
  ///
  /// @return how many were
  public int cancelTagged(Object owner, String tag, Reason reason) {
    return cancel(matching(job -> job.isOf(owner) && job.hasTag(tag)), reason);
  }

  /// Cancels all jobs and takes no more.
  public void close() {
    lock.lock();
    try {
      isClosed = true;
    } finally {
      lock.unlock();
    }
    cancel(matching(_ -> true), Reason.ENGINE_CLOSED);
  }

  private static int cancel(List<CompileJob> found, Reason reason) {
    int count = 0;
    for (CompileJob job : found) {
      // Without the lock: whoever waits goes on in here.
      if (job.cancel(reason)) {
        count++;
      }
    }
    return count;
  }

  private List<CompileJob> matching(Predicate<CompileJob> filter) {
    List<CompileJob> found;
    lock.lock();
    try {
      found = new ArrayList<>(jobs.values());
    } finally {
      lock.unlock();
    }
    found.removeIf(filter.negate());
    return found;
  }

  void remove(CompileJob job) {
    lock.lock();
    try {
      if (!jobs.remove(job.id(), job)) {
        throw new IllegalStateException("job " + job.id() + " is not there");
      }
    } finally {
      lock.unlock();
    }
    tell(job);
  }

  void tell(CompileJob job) {
    if (!events.isSilent()) {
      CompileJobInfo info = job.info();
      events.tell(listener -> listener.compileJobChanged(info));
    }
  }
}
