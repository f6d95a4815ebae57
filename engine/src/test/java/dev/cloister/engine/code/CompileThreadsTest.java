package dev.cloister.engine.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class CompileThreadsTest {
  @Test
  void task_runsOnThreadOfItsOwn() {
    try (CompileThreads threads = new CompileThreads(1)) {
      assertThat(threads.run(() -> Thread.currentThread().getName()))
          .startsWith("cloister-compile");
      // A task may need another one.
      assertThat(threads.<Integer>run(() -> threads.run(() -> 7))).isEqualTo(7);
    }
  }

  @Test
  void faults_ofTasks_areThoseOfTheCaller() {
    try (CompileThreads threads = new CompileThreads(1)) {
      RuntimeException fault = new IllegalArgumentException("fault");
      assertThatThrownBy(() ->
              threads.run(() -> {
                throw fault;
              }))
          .isSameAs(fault);
      Error error = new AssertionError("error");
      assertThatThrownBy(() ->
              threads.run(() -> {
                throw error;
              }))
          .isSameAs(error);
    }
  }

  /// A guest is interrupted while its code is generated: the code is there, and so is the flag.
  @Test
  void interrupt_isKeptUntilTheTaskIsDone() {
    try (CompileThreads threads = new CompileThreads(1)) {
      Thread.currentThread().interrupt();
      assertThat(threads.run(() -> 5)).isEqualTo(5);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  /// As when a guest makes an image, whose first class is generated, and tiers of the module change
  /// at the same time.
  @Test
  void bytesOfClasses_areMadeWhileAllThreadsWaitForALock() throws InterruptedException {
    try (CompileThreads threads = new CompileThreads(2)) {
      Object lock = new Object();
      CountDownLatch waiting = new CountDownLatch(2);
      CountDownLatch ended = new CountDownLatch(2);
      synchronized (lock) {
        for (int i = 0; i < 2; i++) {
          threads.runSoon(() -> {
            waiting.countDown();
            synchronized (lock) {
              ended.countDown();
            }
          });
        }
        waiting.await();

        assertThat(threads.generate(() -> 7)).isEqualTo(7);
        assertThat(ended.getCount()).isEqualTo(2);
      }
      ended.await();
    }
  }

  @Test
  void workAheadOfTime_isDoneByTheThreadsButOne() {
    try (CompileThreads threads = new CompileThreads(2)) {
      CompletableFuture<String> first = new CompletableFuture<>();
      CompletableFuture<Boolean> released = new CompletableFuture<>();
      CompletableFuture<String> second = new CompletableFuture<>();
      threads.runLater(() -> {
        first.complete(Thread.currentThread().getName());
        released.join();
      });
      threads.runLater(() -> second.complete(Thread.currentThread().getName()));
      assertThat(first.join()).startsWith("cloister-compile");
      // One thread is left for those who wait.
      assertThat(threads.run(() -> second.isDone())).isFalse();
      released.complete(true);
      assertThat(second.join()).startsWith("cloister-compile");
    }
  }

  @Test
  void workAheadOfTime_isLeftUndone_whereNoThreadIsLeftForIt() {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    try (CompileThreads threads = new CompileThreads(1)) {
      for (int i = 0; i < 10_000; i++) {
        threads.runLater(() -> done.complete(true));
      }
      assertThat(threads.run(() -> 1)).isEqualTo(1);
    }
    CompileThreads closed = new CompileThreads(2);
    closed.close();
    closed.runLater(() -> done.complete(true));
    assertThat(done.isDone()).isFalse();
  }

  private static <T> CompletableFuture<T> start(Supplier<T> task) {
    return CompletableFuture.supplyAsync(task, run -> Thread.ofPlatform().daemon().start(run));
  }

  @Test
  void close_releasesThoseWhoWaitForTasksThatNeverBegin() throws InterruptedException {
    CompileThreads threads = new CompileThreads(1);
    CountDownLatch begun = new CountDownLatch(1);
    CompletableFuture<Boolean> released = new CompletableFuture<>();
    CompletableFuture<Boolean> running =
        start(() ->
            threads.run(() -> {
              begun.countDown();
              // Computing goes on whether it is interrupted or not.
              return released.join();
            }));
    assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
    CompletableFuture<Thread> waiter = new CompletableFuture<>();
    CompletableFuture<Integer> waiting =
        start(() -> {
          waiter.complete(Thread.currentThread());
          return threads.run(() -> 1);
        });
    while (waiter.join().getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }

    threads.close();

    assertThatThrownBy(waiting::join)
        .isInstanceOf(CompletionException.class)
        .hasRootCauseInstanceOf(CancellationException.class);
    released.complete(true);
    assertThat(running.join()).isTrue();
    assertThatThrownBy(() -> threads.run(() -> 1)).isInstanceOf(RejectedExecutionException.class);
  }
}
