package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cloister.isolate.wasi.BlockingRegion;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class GuestExecutorTest {
  private static final long STACK_BYTES = 1 << 20;
  private static final long MANY = 1_000_000;

  private final GuestExecutor executor = new GuestExecutor(2, 4);
  private final GuestLane lane = executor.openLane();
  private final GuestLane other = executor.openLane();
  private final List<TestTask> tasks = new ArrayList<>();

  @AfterEach
  void finish() {
    tasks.forEach(task -> task.release.countDown());
    executor.close();
  }

  @Test
  void task_runsOnAPlatformThreadOfItsOwnKind() {
    TestTask task = submit(lane, MANY);
    task.release.countDown();

    awaitDone(task);
    Thread thread = Objects.requireNonNull(task.thread);
    assertThat(thread.isVirtual()).isFalse();
    assertThat(thread.getName()).startsWith("guest-");
    assertThat(thread.isDaemon()).isTrue();
  }

  @Test
  void guests_runNoMoreAtOnceThanAllowed() {
    for (int i = 0; i < 5; i++) {
      submit(lane, MANY);
      submit(other, MANY);
    }

    awaitStarted(2);
    assertThat(executor.runningCount()).isEqualTo(2);
    assertThat(executor.waitingCount(lane) + executor.waitingCount(other)).isEqualTo(8);
    tasks.forEach(task -> task.release.countDown());
    tasks.forEach(GuestExecutorTest::awaitDone);
    assertThat(executor.runningCount()).isLessThanOrEqualTo(2);
    await().until(() -> executor.runningCount() == 0);
  }

  @Test
  void oneTenant_leavesHalfToOthers() {
    submit(lane, MANY);
    submit(lane, MANY);
    awaitStarted(1);

    TestTask theirs = submit(other, MANY);

    awaitStarted(2);
    assertThat(theirs.isStarted()).isTrue();
    assertThat(executor.waitingCount(lane)).isEqualTo(1);
  }

  @Test
  void laneOfShortWork_isServedBesides_whereLongWorkHasAllPlaces() {
    makeBrief(other);
    GuestLane third = executor.openLane();
    submit(lane, MANY);
    TestTask longWork = submit(third, MANY);
    awaitStarted(3);
    TestTask waiting = submit(executor.openLane(), MANY);

    TestTask brief = submit(other, MANY);

    await().until(brief::isStarted);
    assertThat(waiting.isStarted()).as("nothing is known of its lane").isFalse();
    assertThat(executor.runningCount()).isEqualTo(3);
    brief.release.countDown();
    awaitDone(brief);
    await().until(() -> executor.runningCount() == 2);
    assertThat(waiting.isStarted()).as("a place besides is for brief lanes").isFalse();
    longWork.release.countDown();
    await().until(waiting::isStarted);
  }

  @Test
  void briefGuestThatHasWaited_goesOnBesides() {
    makeBrief(other);
    TestTask blocking = new TestTask(STACK_BYTES);
    blocking.blocks = true;
    submit(other, blocking, MANY);
    await().until(() -> blocking.isStarted() && executor.runningCount() == 0);
    submit(lane, MANY);
    submit(executor.openLane(), MANY);
    awaitStarted(4);

    blocking.release.countDown();

    awaitDone(blocking);
    await().until(() -> executor.runningCount() == 2);
  }

  @Test
  void queue_isBoundedByItsLength() {
    submit(lane, 0);
    awaitStarted(1);

    assertThat(executor.submit(lane, new TestTask(STACK_BYTES), 0)).isFalse();
    TestTask waiting = submit(lane, 1);
    assertThat(executor.submit(lane, new TestTask(STACK_BYTES), 1)).isFalse();
    assertThat(executor.waitingCount(lane)).isEqualTo(1);
    assertThat(waiting.isStarted()).isFalse();
  }

  @Test
  void withdrawnTask_neverRuns() {
    TestTask running = submit(lane, MANY);
    awaitStarted(1);
    TestTask waiting = submit(lane, MANY);

    assertThat(executor.withdraw(lane, waiting)).isTrue();
    assertThat(executor.withdraw(lane, waiting)).isFalse();
    assertThat(executor.withdraw(lane, running)).isFalse();
    running.release.countDown();
    awaitDone(running);
    TestTask next = submit(lane, MANY);
    next.release.countDown();
    awaitDone(next);
    assertThat(waiting.isStarted()).isFalse();
  }

  @Test
  void guestThatWaits_lendsItsPlace() {
    TestTask blocking = new TestTask(STACK_BYTES);
    blocking.blocks = true;
    submit(lane, blocking, MANY);
    await().until(() -> blocking.isStarted() && executor.runningCount() == 0);

    TestTask next = submit(lane, MANY);
    next.release.countDown();
    awaitDone(next);
    assertThat(blocking.isDone()).isFalse();
    blocking.release.countDown();
    awaitDone(blocking);
  }

  @Test
  void guestThatHasWaited_waitsForItsPlaceAgain() {
    TestTask blocking = new TestTask(STACK_BYTES);
    blocking.blocks = true;
    submit(lane, blocking, MANY);
    await().until(() -> blocking.isStarted() && executor.runningCount() == 0);
    TestTask one = submit(lane, MANY);
    TestTask two = submit(other, MANY);
    await().until(() -> one.isStarted() && two.isStarted());

    blocking.release.countDown();
    TestTask late = submit(other, MANY);
    await().pollDelay(50, TimeUnit.MILLISECONDS).until(() -> !blocking.isDone());
    one.release.countDown();
    awaitDone(blocking);
    assertThat(late.isStarted()).as("who has waited comes before who has not begun").isFalse();
  }

  @Test
  void guestThatIsToStop_doesNotWaitForItsPlace() {
    TestTask blocking = new TestTask(STACK_BYTES);
    blocking.blocks = true;
    submit(lane, blocking, MANY);
    await().until(() -> blocking.isStarted() && executor.runningCount() == 0);
    TestTask one = submit(lane, MANY);
    TestTask two = submit(other, MANY);
    await().until(() -> one.isStarted() && two.isStarted());

    blocking.stopping = true;
    blocking.release.countDown();

    awaitDone(blocking);
    assertThat(one.isDone()).isFalse();
    assertThat(two.isDone()).isFalse();
  }

  @Test
  void threads_areReusedAndReplacedWithinTheirNumber() {
    for (int i = 0; i < 20; i++) {
      TestTask task = new TestTask(STACK_BYTES << i % 5);
      submit(lane, task, MANY);
      task.release.countDown();
      awaitDone(task);
      await().until(() -> executor.runningCount() == 0);
    }

    assertThat(executor.threadCount()).isBetween(1, 4);
  }

  @Test
  void stack_isAsDeepAsAskedFor() {
    TestTask small = new TestTask(256 << 10);
    small.depth = new AtomicInteger();
    TestTask large = new TestTask(16 << 20);
    large.depth = new AtomicInteger();
    for (TestTask task : List.of(small, large)) {
      submit(lane, task, MANY);
      task.release.countDown();
      awaitDone(task);
    }

    assertThat(large.depth.get()).isGreaterThan(8 * small.depth.get());
  }

  @Test
  void taskThatThrows_costsNoThread() {
    TestTask failing = new TestTask(STACK_BYTES);
    failing.failure = new IllegalStateException("expected by the test");
    submit(lane, failing, MANY);
    failing.release.countDown();
    awaitDone(failing);
    await().until(() -> executor.runningCount() == 0);

    TestTask next = submit(lane, MANY);
    next.release.countDown();
    awaitDone(next);
    assertThat(executor.threadCount()).isEqualTo(1);
  }

  @Test
  void closedExecutor_refusesWorkAndLetsThreadsGo() {
    TestTask running = submit(lane, MANY);
    TestTask waiting = submit(lane, MANY);
    awaitStarted(1);

    executor.close();

    assertThat(executor.submit(lane, new TestTask(STACK_BYTES), MANY)).isFalse();
    running.release.countDown();
    waiting.release.countDown();
    awaitDone(waiting);
    await().until(() -> executor.threadCount() == 0);
    Thread thread = Objects.requireNonNull(waiting.thread);
    await().until(() -> !thread.isAlive());
  }

  @Test
  void manyTenantsAtOnce_allGetServed() throws InterruptedException {
    AtomicInteger done = new AtomicInteger();
    List<Thread> submitters = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      GuestLane mine = executor.openLane();
      submitters.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < 500; i++) {
                  boolean isAccepted =
                      executor.submit(mine, new CountingTask(done, i % 7 == 0), MANY);
                  assertThat(isAccepted).isTrue();
                }
              }));
    }
    for (Thread submitter : submitters) {
      submitter.join();
    }

    await().until(() -> done.get() == 2000);
    await().until(() -> executor.runningCount() == 0);
    assertThat(executor.threadCount()).isLessThanOrEqualTo(4);
  }

  @Test
  void impossibleSizes_areRefused() {
    assertThatThrownBy(() -> new GuestExecutor(0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new GuestExecutor(3, 2)).isInstanceOf(IllegalArgumentException.class);
  }

  private TestTask submit(GuestLane where, long queueLength) {
    TestTask task = new TestTask(STACK_BYTES);
    submit(where, task, queueLength);
    return task;
  }

  private void submit(GuestLane where, TestTask task, long queueLength) {
    tasks.add(task);
    assertThat(executor.submit(where, task, queueLength)).isTrue();
  }

  /// Lets `where` run something that takes no time.
  private void makeBrief(GuestLane where) {
    TestTask task = new TestTask(STACK_BYTES);
    task.release.countDown();
    submit(where, task, MANY);
    awaitDone(task);
    await().until(() -> executor.runningCount() == 0);
  }

  private void awaitStarted(int count) {
    await().until(() -> tasks.stream().filter(TestTask::isStarted).count() == count);
  }

  private static void awaitDone(TestTask task) {
    await().until(task::isDone);
  }

  /// Work that begins, perhaps blocks, and ends when it is released.
  private static final class TestTask implements GuestTask {
    private final long stackBytes;
    private final CountDownLatch release = new CountDownLatch(1);
    private volatile @Nullable Thread thread;
    private volatile boolean done;
    private volatile boolean stopping;
    private boolean blocks;
    private @Nullable AtomicInteger depth;
    private @Nullable RuntimeException failure;

    TestTask(long stackBytes) {
      this.stackBytes = stackBytes;
    }

    boolean isStarted() {
      return thread != null;
    }

    boolean isDone() {
      return done;
    }

    @Override
    public long stackBytes() {
      return stackBytes;
    }

    @Override
    public void run(BlockingRegion blocking) {
      thread = Thread.currentThread();
      if (blocks) {
        blocking.enter();
      }
      awaitRelease();
      if (blocks) {
        blocking.exit();
      }
      if (depth != null) {
        measure(depth);
      }
      done = true;
      if (failure != null) {
        throw failure;
      }
    }

    @Override
    public void reject() {
      done = true;
    }

    @Override
    public boolean isStopping() {
      return stopping;
    }

    private void awaitRelease() {
      try {
        release.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private static void measure(AtomicInteger depth) {
      try {
        descend(depth);
      } catch (StackOverflowError _) {
        // that is what is measured
      }
    }

    @SuppressWarnings("InfiniteRecursion") // until the stack is full
    private static int descend(AtomicInteger depth) {
      depth.incrementAndGet();
      return descend(depth) + 1;
    }
  }

  /// Work that counts, some of it after it has waited.
  private static final class CountingTask implements GuestTask {
    private final AtomicInteger done;
    private final boolean blocks;

    CountingTask(AtomicInteger done, boolean blocks) {
      this.done = done;
      this.blocks = blocks;
    }

    @Override
    public long stackBytes() {
      return STACK_BYTES;
    }

    @Override
    public void run(BlockingRegion blocking) {
      if (blocks) {
        blocking.enter();
        Thread.onSpinWait();
        blocking.exit();
      }
      done.incrementAndGet();
    }

    @Override
    public void reject() {}

    @Override
    public boolean isStopping() {
      return false;
    }
  }
}
