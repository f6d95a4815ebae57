package dev.cloister.isolate.abi;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.Store;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.host.HostCall;
import dev.cloister.isolate.host.HostServices;
import dev.cloister.isolate.mount.OpenMounts;
import dev.cloister.isolate.wasi.BlockingRegion;
import dev.cloister.isolate.wasi.FileQuota;
import dev.cloister.isolate.wasi.InputSource;
import dev.cloister.isolate.wasi.OutputSink;
import dev.cloister.isolate.wasi.RandomSource;
import dev.cloister.isolate.wasi.WasiClock;
import dev.cloister.isolate.wasi.WasiConfig;
import org.jspecify.annotations.Nullable;

/// What the host functions of one instance work with: some of it as long as the instance lives, the
/// rest of the call that it serves.
///
/// The streams and the region are the same objects for all calls, and pass on to those of the call
/// that is being served. Confined to the thread that runs the store.
public final class InstanceContext {
  private final Store store;
  private final HeapLedger ledger;
  private final WasiClock clock;
  private final RandomSource random;
  private final BlockingRegion blocking = new CallRegion();
  private final InputSource stdin = new CallInput();
  private final HostCall hostCall;
  private @Nullable CallContext call;

  /// Null unless the instance is being initialized for others.
  private @Nullable HostUse hostUse;

  /// Makes the context of an instance that serves no call yet.
  ///
  /// @param store where the instance lives
  /// @param ledger what host functions charge for what they keep
  public InstanceContext(Store store, HeapLedger ledger, WasiClock clock, RandomSource random) {
    this.store = store;
    this.ledger = ledger;
    this.clock = clock;
    this.random = random;
    this.hostCall = new HostCall(store, blocking, ledger);
    store.waitIn(blocking);
  }

  /// Where the instance lives.
  public Store store() {
    return store;
  }

  /// What host functions charge for what they keep.
  public HeapLedger ledger() {
    return ledger;
  }

  /// The clocks of the instance.
  public WasiClock clock() {
    return clock;
  }

  /// Its random bytes.
  public RandomSource random() {
    return random;
  }

  /// Is told when the guest waits in a host call.
  public BlockingRegion blocking() {
    return blocking;
  }

  /// What services of the host are told of who uses them.
  public HostCall hostCall() {
    return hostCall;
  }

  /// Notes what the instance asks of its host from now on, in the program that is linked next.
  ///
  /// @return where, to be ended once the program is initialized
  public HostUse recordHostUse() {
    HostUse recorded = new HostUse();
    hostUse = recorded;
    return recorded;
  }

  /// What a guest is to import as `name` of `moduleName` in place of `found`.
  public @Nullable Extern observed(String moduleName, String name, @Nullable Extern found) {
    HostUse recorded = hostUse;
    return recorded == null || found == null ? found : recorded.observe(moduleName, name, found);
  }

  /// What the call that is being served may use of its host.
  ///
  /// @throws IllegalStateException if none is served
  public HostServices services() {
    return call().services();
  }

  /// The call that is being served.
  ///
  /// @throws IllegalStateException if none is: host functions run in calls only
  public CallContext call() {
    CallContext served = call;
    if (served == null) {
      throw new IllegalStateException("no call is being served");
    }
    return served;
  }

  /// Notes that `served` begins.
  public void begin(CallContext served) {
    call = served;
  }

  /// Notes that the call has ended.
  public void end() {
    call = null;
  }

  /// Opens the directories that the call that is being served gives its guest.
  OpenMounts openMounts() {
    return OpenMounts.open(call().mounts(), FileQuota.of(ledger), clock, blocking);
  }

  /// The WASI of the instance, with the streams of whatever call is being served.
  public WasiConfig.Builder wasi() {
    OutputSink stdout = (bytes, from, length) -> call().stdout().write(bytes, from, length);
    OutputSink stderr = (bytes, from, length) -> call().stderr().write(bytes, from, length);
    return WasiConfig.builder()
        .clock(clock)
        .random(random)
        .blocking(blocking)
        .quota(FileQuota.of(ledger))
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr);
  }

  /// Standard input of the call that is being served.
  private final class CallInput implements InputSource {
    @Override
    public int read(byte[] into, int from, int length) {
      return call().stdin().read(into, from, length);
    }

    @Override
    public boolean isReadable() {
      return call().stdin().isReadable();
    }

    @Override
    public boolean isReady() {
      return call().stdin().isReady();
    }
  }

  /// Tells the call that is being served.
  private final class CallRegion implements BlockingRegion {
    @Override
    public void enter() {
      call().blocking().enter();
    }

    @Override
    public void exit() {
      call().blocking().exit();
    }

    @Override
    public void enterPause() {
      call().blocking().enterPause();
    }

    @Override
    public void exitPause() {
      call().blocking().exitPause();
    }
  }
}
