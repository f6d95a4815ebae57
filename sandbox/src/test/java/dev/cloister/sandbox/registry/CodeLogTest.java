package dev.cloister.sandbox.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.logging.CodeCreated;
import dev.cloister.engine.logging.CodeLogListener;
import dev.cloister.isolate.heap.HeapLedger;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// A tenant's code log: switched on and off, and bounded.
final class CodeLogTest {
  private final HeapLedger ledger = new HeapLedger(4 << 20);
  private final Source source = new Source();
  private final CodeLog log =
      new CodeLog(ledger, source, Clock.fixed(Instant.ofEpochMilli(5), ZoneOffset.UTC));

  private static final class Source implements CodeLog.Switch {
    @Nullable CodeLogListener listener;
    int turns;

    @Override
    public boolean isOn() {
      return listener != null;
    }

    @Override
    public void turnOn(CodeLogListener told) {
      listener = told;
      turns++;
    }

    @Override
    public void turnOff() {
      listener = null;
    }

    void tell(int function) {
      if (listener != null) {
        listener.codeCreated(
            new CodeCreated(
                "acme", 1, "wasm://wasm/1", function, "n".repeat(900), "baseline", 9, 9, null));
      }
    }
  }

  @Test
  void entries_areKeptAndPublished_whileOn() {
    List<CodeLog.Entry> published = new ArrayList<>();
    log.subscribe(published::add);
    source.tell(1);
    assertThat(log.isOn()).isFalse();
    log.turn(true);
    log.turn(true);
    assertThat(source.turns).isEqualTo(1);
    assertThat(log.isOn()).isTrue();
    source.tell(2);
    Objects.requireNonNull(source.listener).codeLost(7);
    log.turn(false);
    source.tell(3);

    assertThat(published).hasSize(2);
    assertThat(published.getFirst().id()).isEqualTo(5_000);
    assertThat(published.getFirst().code()).isNotNull();
    assertThat(published.getLast().code()).isNull();
    assertThat(published.getLast().lostFunctions()).isEqualTo(7);
    assertThat(log.after(-1)).isEqualTo(published);
    assertThat(log.after(5_000)).containsExactly(published.getLast());
  }

  @Test
  void entries_thatAreTooMany_areDropped() {
    log.turn(true);
    for (int i = 0; i < 2_000; i++) {
      source.tell(i);
    }
    List<CodeLog.Entry> kept = log.after(-1);
    assertThat(kept).hasSize(CodeLog.MAX_BYTES / 2_000);
    assertThat(kept.getLast().id()).isEqualTo(5_000 + 1_999);
  }
}
