package dev.cloister.isolate.verticle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import org.junit.jupiter.api.Test;

final class CallStopTest {
  private final CallStop stop = new CallStop();
  private final Store store = new Store(HeapLimiter.UNLIMITED);

  @Test
  void request_whileServed_tellsTheStore() {
    stop.bind(store);
    stop.request(StopReason.DEADLINE);
    stop.request(StopReason.DISPOSED);

    assertThatThrownBy(store::throwIfStopped)
        .isInstanceOfSatisfying(
            StoppedException.class,
            stopped -> assertThat(stopped.reason()).isEqualTo(StopReason.DEADLINE));
  }

  @Test
  void request_beforeItIsServed_sparesTheStore() {
    stop.request(StopReason.DEADLINE);

    assertThat(stop.isRequested()).isTrue();
    assertThatThrownBy(() -> stop.bind(store)).isInstanceOf(StoppedException.class);
    assertThat(store.isStopRequested()).isFalse();
  }

  @Test
  void request_afterItWasServed_sparesTheStore() {
    stop.bind(store);
    stop.unbind();
    stop.request(StopReason.DEADLINE);

    assertThat(store.isStopRequested()).isFalse();
  }
}
