package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.isolate.fake.FakeClock;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class PollingTest {
  private static final int SUBSCRIPTIONS = 0;
  private static final int EVENTS = 1024;
  private static final int RESULT = 2048;
  private static final int CLOCK = 0;
  private static final int FD_READ = 1;
  private static final int FD_WRITE = 2;

  private final TestMemory memory = new TestMemory();
  private final FakeClock clock = new FakeClock();
  private final Store store = new Store(HeapLimiter.UNLIMITED);
  private final FdTable descriptors = new FdTable(FileQuota.UNLIMITED);
  private final CountingRegion region = new CountingRegion();
  private final Polling polling =
      new Polling(
          descriptors,
          new Clocks(clock),
          WasiConfig.builder().clock(clock).blocking(region).build(),
          store,
          WasiSnapshot.PREVIEW1);

  @Test
  void relativeTime_isWaitedFor() {
    subscribeClock(0, 77, Clocks.MONOTONIC, 30_000_000, 0);

    assertThat(poll(1)).isEqualTo(Errno.SUCCESS);

    assertThat(clock.monotonicNanos()).isEqualTo(30_000_000);
    assertThat(memory.int32(RESULT)).isEqualTo(1);
    assertEvent(0, 77, Errno.SUCCESS, CLOCK);
    assertThat(region.entered).isEqualTo(1);
    assertThat(region.exited).isEqualTo(1);
  }

  @Test
  void absoluteTime_isOnItsClock() {
    clock.advance(1000);
    subscribeClock(0, 1, Clocks.REALTIME, clock.realtimeNanos() + 500, 1);

    assertThat(poll(1)).isEqualTo(Errno.SUCCESS);

    assertThat(clock.monotonicNanos()).isEqualTo(1500);
  }

  @Test
  void absoluteTimeInThePast_isNotWaitedFor() {
    clock.advance(1000);
    subscribeClock(0, 1, Clocks.MONOTONIC, 10, 1);

    assertThat(poll(1)).isEqualTo(Errno.SUCCESS);

    assertThat(clock.monotonicNanos()).isEqualTo(1000);
    assertThat(region.entered).isZero();
  }

  @Test
  void earliestTime_endsTheWait() {
    subscribeClock(0, 1, Clocks.MONOTONIC, 900, 0);
    subscribeClock(1, 2, Clocks.MONOTONIC, 100, 0);
    subscribeClock(2, 3, Clocks.MONOTONIC, 100, 0);

    assertThat(poll(3)).isEqualTo(Errno.SUCCESS);

    assertThat(memory.int32(RESULT)).isEqualTo(2);
    assertEvent(0, 2, Errno.SUCCESS, CLOCK);
    assertEvent(1, 3, Errno.SUCCESS, CLOCK);
  }

  @Test
  void descriptors_areReadyAtOnce() {
    descriptors.add(new StandardInput(InputSource.EMPTY, BlockingRegion.NONE));
    descriptors.add(new StandardOutput(OutputSink.DISCARD));
    subscribeClock(0, 1, Clocks.MONOTONIC, 1_000_000, 0);
    subscribeDescriptor(1, 2, FD_READ, 0);
    subscribeDescriptor(2, 3, FD_WRITE, 1);
    subscribeDescriptor(3, 4, FD_WRITE, 9);

    assertThat(poll(4)).isEqualTo(Errno.SUCCESS);

    assertThat(clock.monotonicNanos()).isZero();
    assertThat(memory.int32(RESULT)).isEqualTo(3);
    assertEvent(0, 2, Errno.SUCCESS, FD_READ);
    assertEvent(1, 3, Errno.SUCCESS, FD_WRITE);
    assertEvent(2, 4, Errno.BADF, FD_WRITE);
  }

  @Test
  void input_isWaitedForUntilItIsReadable() {
    LateInput input = new LateInput();
    descriptors.add(new StandardInput(input, BlockingRegion.NONE));
    subscribeDescriptor(0, 7, FD_READ, 0);
    subscribeClock(1, 8, Clocks.MONOTONIC, 1_000_000_000, 0);
    clock.onPause(() -> input.readable = clock.monotonicNanos() >= 20_000_000);

    assertThat(poll(2)).isEqualTo(Errno.SUCCESS);

    assertThat(clock.monotonicNanos()).isLessThan(100_000_000);
    assertThat(memory.int32(RESULT)).isEqualTo(1);
    assertEvent(0, 7, Errno.SUCCESS, FD_READ);
    assertThat(region.exited).isEqualTo(1);
  }

  @Test
  void inputThatDoesNotCome_leavesTheTime() {
    descriptors.add(new StandardInput(new LateInput(), BlockingRegion.NONE));
    subscribeDescriptor(0, 7, FD_READ, 0);
    subscribeClock(1, 8, Clocks.MONOTONIC, 30_000_000, 0);

    assertThat(poll(2)).isEqualTo(Errno.SUCCESS);

    assertThat(memory.int32(RESULT)).isEqualTo(1);
    assertEvent(0, 8, Errno.SUCCESS, CLOCK);
  }

  @Test
  void file_saysHowMuchIsLeft() {
    MemoryFileSystem files = new MemoryFileSystem(FileQuota.UNLIMITED, clock);
    RegularFileNode node = files.root().createFile("f");
    node.write(0, new byte[10], 0, 10);
    OpenFile file = new OpenFile(node, Rights.OF_FILES, 0);
    file.moveTo(4);
    descriptors.add(file);
    subscribeDescriptor(0, 7, FD_READ, 0);

    assertThat(poll(1)).isEqualTo(Errno.SUCCESS);

    assertThat(memory.int64(EVENTS + 16)).isEqualTo(6);
  }

  @Test
  void descriptorThatMayNotBePolled_isAnError() {
    descriptors.add(new StandardOutput(OutputSink.DISCARD));
    descriptors.get(0).changeRights(Rights.FD_WRITE, 0);
    subscribeDescriptor(0, 7, FD_WRITE, 0);

    assertThat(poll(1)).isEqualTo(Errno.SUCCESS);

    assertEvent(0, 7, Errno.NOTCAPABLE, FD_WRITE);
  }

  @Test
  void unknownClockAndKind_areErrorsOfTheirOwn() {
    subscribeClock(0, 1, 99, 5, 0);
    subscribeDescriptor(1, 2, 7, 0);

    assertThat(poll(2)).isEqualTo(Errno.SUCCESS);

    assertEvent(0, 1, Errno.INVAL, CLOCK);
    assertEvent(1, 2, Errno.INVAL, 7);
  }

  @Test
  void stop_endsTheWait() {
    subscribeClock(0, 1, Clocks.MONOTONIC, Long.MAX_VALUE, 0);
    clock.onPause(() -> store.requestStop(StopReason.DEADLINE));

    assertThatThrownBy(() -> poll(1))
        .isInstanceOfSatisfying(
            StoppedException.class, e -> assertThat(e.reason()).isEqualTo(StopReason.DEADLINE));

    assertThat(region.exited).isEqualTo(1);
    assertThat(clock.monotonicNanos()).isLessThan(100_000_000);
  }

  @Test
  void wrongCounts_areInvalid() {
    assertThat(poll(0)).isEqualTo(Errno.INVAL);
    assertThat(poll(-1)).isEqualTo(Errno.INVAL);
    assertThat(poll(Polling.MAX_SUBSCRIPTIONS + 1)).isEqualTo(Errno.INVAL);
    assertErrno(
        Errno.FAULT,
        () -> polling.pollOneoff(memory.guest(), TestMemory.SIZE_BYTES - 47, EVENTS, 1, RESULT));
  }

  private Errno poll(int count) {
    int code = polling.pollOneoff(memory.guest(), SUBSCRIPTIONS, EVENTS, count, RESULT);
    return Arrays.stream(Errno.values())
        .filter(errno -> errno.code() == code)
        .findFirst()
        .orElseThrow();
  }

  private void subscribeClock(int index, long userData, int id, long nanos, int flags) {
    int at = SUBSCRIPTIONS + 48 * index;
    memory.guest().setInt64(at, userData);
    memory.guest().setInt8(at + 8, CLOCK);
    memory.guest().setInt32(at + 16, id);
    memory.guest().setInt64(at + 24, nanos);
    memory.guest().setInt16(at + 40, flags);
  }

  private void subscribeDescriptor(int index, long userData, int kind, int fd) {
    int at = SUBSCRIPTIONS + 48 * index;
    memory.guest().setInt64(at, userData);
    memory.guest().setInt8(at + 8, kind);
    memory.guest().setInt32(at + 16, fd);
  }

  private void assertEvent(int index, long userData, Errno errno, int kind) {
    int at = EVENTS + 32 * index;
    assertThat(memory.int64(at)).isEqualTo(userData);
    assertThat(memory.guest().int16(at + 8)).isEqualTo(errno.code());
    assertThat(memory.guest().int8(at + 10)).isEqualTo(kind);
  }

  /// Input that is not there yet.
  private static final class LateInput implements InputSource {
    private boolean readable;

    @Override
    public boolean isReadable() {
      return readable;
    }

    @Override
    public int read(byte[] into, int from, int length) {
      throw new AssertionError("a poll reads nothing");
    }
  }

  /// Counts.
  private static final class CountingRegion implements BlockingRegion {
    private int entered;
    private int exited;

    @Override
    public void enter() {
      entered++;
    }

    @Override
    public void exit() {
      exited++;
    }
  }
}
