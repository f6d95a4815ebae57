package dev.cloister.isolate.wasi;

import static dev.cloister.isolate.wasi.WasiAssertions.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Store;
import dev.cloister.isolate.fake.FakeClock;
import org.junit.jupiter.api.Test;

/// The four functions in which `wasi_unstable` differs.
final class WasiSnapshotTest {
  private static final int VECTORS = 64;
  private static final int RESULT = 128;
  private static final int STAT = 256;
  private static final int SUBSCRIPTIONS = 1024;
  private static final int EVENTS = 2048;
  private static final int PATH = 4096;

  private final TestMemory memory = new TestMemory();
  private final FakeClock clock = new FakeClock();
  private final MemoryFileSystem files = new MemoryFileSystem(FileQuota.UNLIMITED, clock);
  private final FdTable descriptors = new FdTable(FileQuota.UNLIMITED);

  @Test
  void moduleNames_areBothOfWasi() {
    assertThat(WasiPreview1.isModuleName("wasi_unstable")).isTrue();
    assertThat(WasiPreview1.isModuleName("wasi_snapshot_preview1")).isTrue();
    assertThat(WasiPreview1.isModuleName("wasi_snapshot_preview2")).isFalse();
    assertThat(WasiPreview1.provides("wasi_unstable", "fd_seek")).isTrue();
  }

  @Test
  void everyFunction_isProvidedUnderBothNames() {
    try (Store store = new Store(HeapLimiter.UNLIMITED);
        WasiPreview1 wasi = new WasiPreview1(WasiConfig.builder().build(), store)) {
      assertThat(WasiFunction.values()).hasSize(46);
      for (WasiFunction function : WasiFunction.values()) {
        for (WasiSnapshot snapshot : WasiSnapshot.values()) {
          assertThat(wasi.resolve(snapshot.moduleName(), function.functionName())).isNotNull();
        }
      }
    }
  }

  @Test
  void whence_isCountedDifferently() {
    assertThat(seek(WasiSnapshot.PREVIEW1, 0)).isEqualTo(3); // from the beginning
    assertThat(seek(WasiSnapshot.PREVIEW1, 1)).isEqualTo(7); // from 4 on
    assertThat(seek(WasiSnapshot.PREVIEW1, 2)).isEqualTo(13); // from the end on
    assertThat(seek(WasiSnapshot.UNSTABLE, 0)).isEqualTo(7);
    assertThat(seek(WasiSnapshot.UNSTABLE, 1)).isEqualTo(13);
    assertThat(seek(WasiSnapshot.UNSTABLE, 2)).isEqualTo(3);
    assertErrno(Errno.INVAL, () -> WasiSnapshot.UNSTABLE.whence(3));
    assertErrno(Errno.INVAL, () -> WasiSnapshot.PREVIEW1.whence(-1));
  }

  @Test
  void attributes_haveLinksInOtherPlaces() {
    clock.advance(77);
    openFile().write(0, new byte[5], 0, 5);
    memory.put(PATH, "f");

    FileAttributes newer = new FileAttributes(descriptors, clock, WasiSnapshot.PREVIEW1);
    assertThat(newer.fdFilestatGet(memory.guest(), 0, STAT)).isZero();
    assertThat(memory.int64(STAT + 24)).isEqualTo(1);
    assertThat(memory.int64(STAT + 32)).isEqualTo(5);

    FileAttributes older = new FileAttributes(descriptors, clock, WasiSnapshot.UNSTABLE);
    assertThat(older.fdFilestatGet(memory.guest(), 0, STAT)).isZero();
    assertThat(memory.guest().int8(STAT + 16)).isEqualTo(FileType.REGULAR_FILE.code());
    assertThat(memory.int32(STAT + 20)).isEqualTo(1);
    assertThat(memory.int64(STAT + 24)).isEqualTo(5);
    assertThat(memory.int64(STAT + 40)).isEqualTo(clock.realtimeNanos());
    assertErrno(
        Errno.FAULT, () -> older.fdFilestatGet(memory.guest(), 0, TestMemory.SIZE_BYTES - 55));
    assertThat(older.fdFilestatGet(memory.guest(), 0, TestMemory.SIZE_BYTES - 56)).isZero();
  }

  @Test
  void subscription_hasAnIdentifierOfItsClock() {
    int second = SUBSCRIPTIONS + 56;
    memory.guest().setInt64(SUBSCRIPTIONS, 5);
    memory.guest().setInt32(SUBSCRIPTIONS + 24, Clocks.MONOTONIC);
    memory.guest().setInt64(SUBSCRIPTIONS + 32, 900);
    memory.guest().setInt64(second, 6);
    memory.guest().setInt64(second + 16, 99); // names the clock, means nothing
    memory.guest().setInt32(second + 24, Clocks.REALTIME);
    memory.guest().setInt64(second + 32, 400 + clock.realtimeNanos());
    memory.guest().setInt16(second + 48, 1);
    try (Store store = new Store(HeapLimiter.UNLIMITED)) {
      WasiConfig config = WasiConfig.builder().clock(clock).build();
      Polling polling =
          new Polling(descriptors, new Clocks(clock), config, store, WasiSnapshot.UNSTABLE);

      assertThat(polling.pollOneoff(memory.guest(), SUBSCRIPTIONS, EVENTS, 2, RESULT)).isZero();
    }

    assertThat(memory.int32(RESULT)).isEqualTo(1);
    assertThat(memory.int64(EVENTS)).isEqualTo(6);
    assertThat(clock.monotonicNanos()).isEqualTo(400);
  }

  /// Where 3 after the origin `whence` is, in a file of 10 bytes at position 4.
  private long seek(WasiSnapshot snapshot, int whence) {
    RegularFileNode node = openFile();
    node.changeSize(10);
    FileTransfers transfers = new FileTransfers(descriptors, snapshot, FileQuota.UNLIMITED);
    memory.vectors(VECTORS, 512, 4);
    assertThat(transfers.fdRead(memory.guest(), 0, VECTORS, 1, RESULT)).isZero();
    assertThat(transfers.fdSeek(memory.guest(), 0, 3, whence, RESULT)).isZero();
    return memory.int64(RESULT);
  }

  /// A new file, as descriptor 0.
  private RegularFileNode openFile() {
    descriptors.closeAll();
    if (files.root().lookup("f") != null) {
      files.root().unlink("f");
    }
    RegularFileNode node = files.root().createFile("f");
    descriptors.add(new OpenFile(node, Rights.OF_FILES, 0));
    return node;
  }
}
