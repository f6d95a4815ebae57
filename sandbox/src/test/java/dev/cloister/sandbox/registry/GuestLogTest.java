package dev.cloister.sandbox.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.sandbox.storage.PluginName;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class GuestLogTest {
  private static final PluginName PLUGIN = new PluginName("plugin");

  /// A line of ten characters takes 20 bytes and what every entry takes.
  private static final int LINE_BYTES = 116;

  private final AtomicLong nowMillis = new AtomicLong(1_000_000);
  private final AtomicLong bytesPerSecond = new AtomicLong(2 * LINE_BYTES);
  private final HeapLedger ledger = new HeapLedger(1 << 20);
  private final GuestLog log =
      new GuestLog(ledger, 5 * LINE_BYTES, bytesPerSecond::get, new MovableClock(nowMillis));

  @Test
  void oldestLines_areDropped_whenThereAreTooMany() {
    bytesPerSecond.set(1 << 20);
    for (int i = 0; i < 8; i++) {
      append("line-0000" + i);
    }

    assertThat(texts())
        .containsExactly("line-00003", "line-00004", "line-00005", "line-00006", "line-00007");
  }

  @Test
  void linesThatComeTooFast_areDropped_andTheNextOneSaysHowMany() {
    for (int i = 0; i < 5; i++) {
      append("0123456789");
    }
    assertThat(texts()).containsExactly("0123456789", "0123456789");
    assertThat(log.droppedLines()).isEqualTo(3);

    nowMillis.addAndGet(500);
    append("9876543210");

    assertThat(texts())
        .containsExactly(
            "0123456789",
            "0123456789",
            "3 lines were dropped: the limit is logBytesPerSecond",
            "9876543210");
    assertThat(log.after(0, 10).get(2).stream()).isEqualTo("host");
    assertThat(log.droppedLines()).isEqualTo(3);
  }

  @Test
  void longPause_allowsNoMoreThanOneSecondsWorth() {
    append("0123456789");
    nowMillis.addAndGet(3_600_000);
    for (int i = 0; i < 4; i++) {
      append("0123456789");
    }

    assertThat(log.droppedLines()).isEqualTo(2);
  }

  @Test
  void clockThatGoesBack_allowsNothing_andStopsNothingForGood() {
    append("0123456789");
    append("0123456789");
    nowMillis.addAndGet(-60_000);
    append("0123456789");
    assertThat(log.droppedLines()).isEqualTo(1);

    nowMillis.addAndGet(1_000);
    append("0123456789");

    assertThat(log.droppedLines()).isEqualTo(1);
  }

  @Test
  void limitOfZero_dropsEverything() {
    bytesPerSecond.set(0);
    List<LogEntry> heard = new ArrayList<>();
    GuestLog silent = new GuestLog(ledger, 1_000, bytesPerSecond::get, new MovableClock(nowMillis));
    try (Broadcast.Subscription _ = silent.subscribe(heard::add)) {
      silent.append(PLUGIN, "info", "stderr", "text");
    }

    assertThat(heard).isEmpty();
    assertThat(silent.droppedLines()).isEqualTo(1);
  }

  private void append(String text) {
    log.append(PLUGIN, "info", "stderr", text);
  }

  private List<String> texts() {
    return log.after(0, 10).stream().map(LogEntry::text).toList();
  }

  /// A clock that a test moves.
  private static final class MovableClock extends Clock {
    private final AtomicLong millis;

    MovableClock(AtomicLong millis) {
      this.millis = millis;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochMilli(millis.get());
    }
  }
}
