package dev.cloister.engine.code;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.stats.CodeCollected;
import dev.cloister.engine.stats.EngineEvents;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Events of code reach listeners once, in order, on another thread.
@Timeout(60)
final class CodeEventsTest {
  private final RecordingListener listener = new RecordingListener();
  private final EngineEvents engine = new EngineEvents(List.of(listener));

  private static CodeCollected event(long number) {
    return new CodeCollected(number, false, false, 0, 0, 0, 0, 0);
  }

  private static void add(CodeEvents events, long number) {
    events.add(told -> told.codeCollected(event(number)));
    events.flush();
  }

  private List<Long> numbers() {
    return listener.told(CodeCollected.class).stream().map(CodeCollected::number).toList();
  }

  @Test
  void events_areToldByTheExecutor_inOrder() {
    Deque<Runnable> tasks = new ArrayDeque<>();
    CodeEvents events = new CodeEvents(engine, tasks::add);
    IntStream.range(0, 3).forEach(i -> add(events, i));

    assertThat(listener.told()).isEmpty();
    assertThat(tasks).hasSize(1);
    tasks.remove().run();
    assertThat(numbers()).containsExactly(0L, 1L, 2L);
    assertThat(tasks).isEmpty();
  }

  @Test
  void close_tellsWhatWaits_andNothingAfterwards() {
    Deque<Runnable> tasks = new ArrayDeque<>();
    CodeEvents events = new CodeEvents(engine, tasks::add);
    add(events, 1);

    events.close();
    assertThat(numbers()).containsExactly(1L);
    tasks.remove().run();
    add(events, 2);
    events.close();
    assertThat(tasks).isEmpty();
    assertThat(numbers()).containsExactly(1L);
  }

  @Test
  void executorThatHasEnded_leavesEventsToClose() {
    CodeEvents events =
        new CodeEvents(
            engine,
            _ -> {
              throw new RejectedExecutionException("ended");
            });
    add(events, 1);
    add(events, 2);

    assertThat(listener.told()).isEmpty();
    events.close();
    assertThat(numbers()).containsExactly(1L, 2L);
  }

  /// What one thread adds is told once and in its order, however many others add.
  @Test
  void stress_manyThreadsAdd_eachEventIsToldOnceInOrder() throws Exception {
    int threads = 4;
    int each = 20_000;
    CountDownLatch start = new CountDownLatch(1);
    try (ExecutorService tellers = Executors.newFixedThreadPool(2);
        ExecutorService adders = Executors.newFixedThreadPool(threads)) {
      CodeEvents events = new CodeEvents(engine, tellers);
      List<Future<?>> added = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        long first = (long) t * each;
        added.add(
            adders.submit(() -> {
              start.await();
              for (int i = 0; i < each; i++) {
                add(events, first + i);
              }
              return null;
            }));
      }
      start.countDown();
      for (Future<?> future : added) {
        future.get();
      }
      TestModules.await("all are told", () -> listener.told().size() == threads * each);
      for (long t = 0; t < threads; t++) {
        long first = t * each;
        assertThat(numbers().stream().filter(n -> n / each == first / each))
            .hasSize(each)
            .isSorted();
      }
    }
  }
}
