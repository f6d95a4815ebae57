package dev.cloister.isolate.verticle;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class SystemDeadlineTimerTest {
  private static final int FAR_MILLIS = 60_000;

  private final DeadlineTimer timer = new SystemDeadlineTimer();
  private final BlockingQueue<String> ran = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    timer.close();
  }

  @Test
  void guard_whatIsDueBeforeOthers_runsWithoutThem() throws InterruptedException {
    Runnable _ = timer.guard(FAR_MILLIS, () -> ran.add("far"));
    Runnable _ = timer.guard(20, () -> ran.add("near"));
    Runnable _ = timer.guard(10, () -> ran.add("nearer"));

    assertThat(ran.poll(30, SECONDS)).isEqualTo("nearer");
    assertThat(ran.poll(30, SECONDS)).isEqualTo("near");
    assertThat(ran).isEmpty();
  }

  @Test
  void guard_whatWasKeptFromRunning_doesNotRun() throws InterruptedException {
    Runnable cancellation = timer.guard(10, () -> ran.add("cancelled"));
    cancellation.run();
    Runnable _ = timer.guard(30, () -> ran.add("later"));

    assertThat(ran.poll(30, SECONDS)).isEqualTo("later");
    assertThat(ran).isEmpty();
  }

  @Test
  void guard_runsNoSoonerThanAsked() throws InterruptedException {
    long start = System.nanoTime();
    Runnable _ = timer.guard(30, () -> ran.add("due"));

    assertThat(ran.poll(30, SECONDS)).isEqualTo("due");
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(MILLISECONDS.toNanos(30));
  }

  @Test
  void guard_manyFromManyThreads_allRunOnce() throws InterruptedException {
    int threads = 4;
    int each = 500;
    CountDownLatch runs = new CountDownLatch(threads * each);
    for (int i = 0; i < threads; i++) {
      int seed = i;
      Thread.ofVirtual()
          .start(() -> {
            for (int n = 0; n < each; n++) {
              Runnable _ = timer.guard((n * 7 + seed) % 50, runs::countDown);
            }
          });
    }

    assertThat(runs.await(60, SECONDS)).isTrue();
  }

  @Test
  void schedule_runsOnceUnlessCancelled() throws InterruptedException {
    timer.schedule(10, () -> ran.add("cancelled")).run();
    Runnable _ = timer.schedule(30, () -> ran.add("due"));

    assertThat(ran.poll(30, SECONDS)).isEqualTo("due");
    assertThat(ran).isEmpty();
  }
}
