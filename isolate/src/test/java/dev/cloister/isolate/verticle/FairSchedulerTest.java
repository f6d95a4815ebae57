package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.wasi.BlockingRegion;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class FairSchedulerTest {
  private static final long LONG_NANOS = 50 * FairScheduler.TURN_NANOS;

  private final FairScheduler scheduler =
      new FairScheduler(/* maxRunningPerLane= */ 2, /* maxThreadsPerLane= */ 3);
  private final GuestLane first = new GuestLane(1);
  private final GuestLane second = new GuestLane(2);

  @Test
  void emptyScheduler_hasNothing() {
    assertThat(scheduler.next()).isNull();
  }

  @Test
  void workOfALane_runsInItsOrder() {
    List<GuestTask> tasks = addTasks(first, 3);

    assertThat(startNext()).isSameAs(tasks.get(0));
    scheduler.end(first, 0);
    assertThat(startNext()).isSameAs(tasks.get(1));
    scheduler.end(first, 0);
    assertThat(startNext()).isSameAs(tasks.get(2));
  }

  @Test
  void lanes_alternateHoweverMuchOneAsksFor() {
    addTasks(first, 100);
    addTasks(second, 3);
    List<GuestLane> served = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      GuestLane lane = Objects.requireNonNull(scheduler.next());
      served.add(lane);
      scheduler.start(lane);
      scheduler.end(lane, FairScheduler.TURN_NANOS);
    }

    assertThat(served).containsExactly(first, second, first, second, first, second);
  }

  @Test
  void laneWithLongTurns_getsFewerOfThem() {
    addTasks(first, 100);
    addTasks(second, 100);
    long firstNanos = 0;
    long secondNanos = 0;
    for (int i = 0; i < 60; i++) {
      GuestLane lane = Objects.requireNonNull(scheduler.next());
      scheduler.start(lane);
      long ran = lane == first ? LONG_NANOS : FairScheduler.TURN_NANOS;
      scheduler.end(lane, ran);
      if (lane == first) {
        firstNanos += ran;
      } else {
        secondNanos += ran;
      }
    }

    assertThat(Math.abs(firstNanos - secondNanos)).isLessThanOrEqualTo(LONG_NANOS);
  }

  @Test
  void idleLane_savesNothingUp() {
    addTasks(first, 1);
    for (int i = 0; i < 20; i++) {
      addTasks(first, 1);
      startNext();
      scheduler.end(first, FairScheduler.TURN_NANOS);
    }
    addTasks(second, 10);
    addTasks(first, 10);
    int servedSecond = 0;
    for (int i = 0; i < 4; i++) {
      GuestLane lane = Objects.requireNonNull(scheduler.next());
      servedSecond += lane == second ? 1 : 0;
      scheduler.start(lane);
      scheduler.end(lane, FairScheduler.TURN_NANOS);
    }

    assertThat(servedSecond).isBetween(1, 3);
  }

  @Test
  void debt_isBounded() {
    addTasks(first, 1);
    startNext();
    scheduler.end(first, 3600L * 1_000_000_000);
    addTasks(second, 1000);
    addTasks(first, 1);
    int before = 0;
    while (scheduler.next() == second) {
      startNext();
      scheduler.end(second, 10 * FairScheduler.TURN_NANOS);
      before++;
    }

    assertThat(before)
        .isLessThanOrEqualTo(
            (int) (FairScheduler.DEBT_NANOS / (10 * FairScheduler.TURN_NANOS)) + 2);
  }

  @Test
  void laneOfShortWork_isBrief_untilItsWorkIsLong() {
    addTasks(first, 40);
    assertThat(scheduler.nextBrief()).as("nothing is known of it").isNull();

    startNext();
    scheduler.end(first, 1_000);
    assertThat(scheduler.nextBrief()).isSameAs(first);

    startNext();
    scheduler.end(first, 100 * FairScheduler.BRIEF_NANOS);
    assertThat(scheduler.nextBrief()).isNull();
    assertThat(scheduler.next()).isSameAs(first);
    int calls = 0;
    while (scheduler.nextBrief() == null) {
      startNext();
      scheduler.end(first, 1_000);
      calls++;
    }
    assertThat(calls).as("one long call is not made up for by another").isGreaterThan(8);
  }

  @Test
  void shortWork_costsWhatItTakes() {
    addTasks(first, 1);
    addTasks(second, 20);
    startNext();
    scheduler.end(first, 10 * FairScheduler.TURN_NANOS);
    addTasks(first, 1);
    int before = 0;
    while (scheduler.next() == second && before < 20) {
      startNext();
      scheduler.end(second, FairScheduler.TURN_NANOS / 10);
      before++;
    }

    assertThat(before).as("20 tenths are less than what the other one had").isEqualTo(20);
  }

  @Test
  void lane_runsNoMoreThanItMay() {
    addTasks(first, 5);
    startNext();
    startNext();

    assertThat(scheduler.next()).isNull();
    scheduler.block(first);
    assertThat(scheduler.next()).isSameAs(first);
    startNext();
    scheduler.block(first);
    assertThat(scheduler.next()).as("three threads are taken").isNull();
    scheduler.resume(first);
    scheduler.end(first, 0);
    assertThat(scheduler.next()).isSameAs(first);
  }

  @Test
  void removedWork_doesNotRun() {
    List<GuestTask> tasks = addTasks(first, 2);

    assertThat(scheduler.remove(first, tasks.get(0))).isTrue();
    assertThat(scheduler.remove(first, tasks.get(0))).isFalse();
    assertThat(startNext()).isSameAs(tasks.get(1));
    assertThat(scheduler.remove(first, tasks.get(1))).isFalse();
    assertThat(scheduler.next()).isNull();
  }

  private GuestTask startNext() {
    return scheduler.start(Objects.requireNonNull(scheduler.next()));
  }

  private List<GuestTask> addTasks(GuestLane lane, int count) {
    List<GuestTask> tasks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      GuestTask task = new IdleTask();
      tasks.add(task);
      scheduler.add(lane, task);
    }
    return tasks;
  }

  /// Work that does nothing.
  private static final class IdleTask implements GuestTask {
    @Override
    public long stackBytes() {
      return 0;
    }

    @Override
    public void run(BlockingRegion blocking) {}

    @Override
    public void reject() {}

    @Override
    public boolean isStopping() {
      return false;
    }
  }
}
