package dev.cloister.isolate.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.runtime.WaitRegion;
import dev.cloister.isolate.heap.HeapLedger;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Invariant: whoever began to wait has ended to.
@Timeout(60)
final class HostCallTest {
  private final Store store = new Store(HeapLimiter.UNLIMITED);
  private final List<String> waits = new ArrayList<>();
  private final HostCall call =
      new HostCall(
          store,
          new WaitRegion() {
            @Override
            public void enter() {
              waits.add("enter");
            }

            @Override
            public void exit() {
              waits.add("exit");
            }
          },
          new HeapLedger(1 << 20));

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void await_completed_answers() {
    CompletableFuture<String> future = new CompletableFuture<>();
    future.completeOnTimeout("done", 20, TimeUnit.MILLISECONDS);

    assertThat(call.await(future)).isEqualTo("done");
    assertThat(waits).containsExactly("enter", "exit");
  }

  @Test
  void await_refused_throwsTheRefusal() {
    HostServiceException refused = new HostServiceException(HostError.TIMEOUT, "too long");

    assertThatThrownBy(() -> call.await(CompletableFuture.failedFuture(refused))).isSameAs(refused);
    assertThat(waits).containsExactly("enter", "exit");
  }

  @Test
  void await_bugOfTheHost_isNotARefusal() {
    RuntimeException bug = new IllegalArgumentException("bug");

    assertThatThrownBy(() -> call.await(CompletableFuture.failedFuture(bug)))
        .isInstanceOf(IllegalStateException.class)
        .hasCause(bug);
  }

  @Test
  void await_stopped_cancelsTheWork() {
    CompletableFuture<String> never = new CompletableFuture<>();
    CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS)
        .execute(() -> store.requestStop(StopReason.DEADLINE));

    assertThatThrownBy(() -> call.await(never)).isInstanceOf(StoppedException.class);
    assertThat(never).isCancelled();
    assertThat(waits).containsExactly("enter", "exit");
  }

  @Test
  void blocking_worked_answersAndGivesThePlaceAway() {
    assertThat(call.<String>blocking(() -> waits.toString())).isEqualTo("[enter]");
    assertThat(waits).containsExactly("enter", "exit");
  }

  @Test
  void blocking_stoppedBefore_doesNothing() {
    store.requestStop(StopReason.DEADLINE);

    assertThatThrownBy(() -> call.<Boolean>blocking(() -> waits.add("work")))
        .isInstanceOf(StoppedException.class);
    assertThat(waits).isEmpty();
  }
}
