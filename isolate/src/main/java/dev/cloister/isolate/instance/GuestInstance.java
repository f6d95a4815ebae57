package dev.cloister.isolate.instance;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.snapshot.SnapshotException;
import dev.cloister.engine.snapshot.Snapshots;
import dev.cloister.engine.snapshot.StartImage;
import dev.cloister.isolate.abi.CallContext;
import dev.cloister.isolate.abi.HostUse;
import dev.cloister.isolate.abi.InstanceContext;
import dev.cloister.isolate.abi.Program;
import dev.cloister.isolate.abi.ProgramLinker;
import dev.cloister.isolate.heap.HeapCategory;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.heap.HeapRefusal;
import dev.cloister.isolate.heap.LedgerLimiter;
import dev.cloister.isolate.wasi.RandomSource;
import dev.cloister.isolate.wasi.WasiClock;
import org.jspecify.annotations.Nullable;

/// A store and the program in it, charged to a tenant until it is closed.
///
/// It serves calls one after the other: [#prepare], [#begin], [#program], [#end]. An instance that
/// was asked to stop, or in which anything ended but by returning, is not to serve another one.
/// Between calls it can hibernate: then it is an image, and the next call makes store and program
/// of that. Confined to one thread at a time.
public final class GuestInstance implements AutoCloseable {
  private static final byte[] NO_HOST_STATE = {};

  private final HeapLedger ledger;
  private final WasiClock clock;
  private final RandomSource random;
  private @Nullable Live live;
  private @Nullable Asleep asleep;
  private long uses;

  /// What the call that is being served may execute, 0 for any amount.
  private long allowedFuel;

  /// The last refusal of a store that is no more.
  private @Nullable HeapRefusal lastRefusal;

  /// Makes one with a store, but without a program.
  public GuestInstance(
      HeapLedger ledger, InstanceLimits limits, WasiClock clock, RandomSource random) {
    this.ledger = ledger;
    this.clock = clock;
    this.random = random;
    this.live = new Live(ledger, limits, clock, random);
  }

  /// A store, and the program in it once there is one.
  private static final class Live implements AutoCloseable {
    final LedgerLimiter limiter;
    final Store store;
    final InstanceContext context;
    @Nullable Program program;

    Live(HeapLedger ledger, InstanceLimits limits, WasiClock clock, RandomSource random) {
      limiter =
          new LedgerLimiter(
              ledger, limits.memoryBytes(), limits.tableElements(), limits.gcHeapBytes());
      store = new Store(limiter);
      context = new InstanceContext(store, ledger, clock, random);
    }

    @Override
    public void close() {
      Program linked = program;
      program = null;
      try (LedgerLimiter _ = limiter;
          Store _ = store) {
        if (linked != null) {
          linked.close();
        }
      }
    }
  }

  /// An image, which is charged.
  ///
  /// @param snapshots what made it
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Asleep(ModuleHash module, byte[] image, Snapshots snapshots) {}

  /// Sees to it that there is a store, also if the instance hibernates.
  public void prepare(InstanceLimits limits) {
    if (live == null) {
      live = new Live(ledger, limits, clock, random);
    }
  }

  /// Where it lives, after [#prepare].
  public Store store() {
    return live().store;
  }

  /// Whether its store was asked to stop.
  public boolean isStopped() {
    return live != null && live.store.isStopRequested();
  }

  /// Whether its state is an image.
  public boolean isAsleep() {
    return asleep != null;
  }

  /// Whether it can serve a call that may execute so much: code that counts was chosen when the
  /// program was linked.
  ///
  /// @param fuel in units of fuel; 0 for any amount
  boolean suits(long fuel) {
    return fuel == 0 || live == null || live.program == null || live.store.isMetered();
  }

  /// Begins a call.
  ///
  /// @param limits in force from now on, also for what the instance has
  /// @param fuel what the call may execute, in units of fuel; 0 for any amount
  public void begin(CallContext call, InstanceLimits limits, long fuel) {
    Live serving = live();
    allowedFuel = fuel;
    if (fuel > 0) {
      serving.store.setFuel(fuel);
    } else if (serving.store.isMetered()) {
      serving.store.setFuel(Long.MAX_VALUE);
    }
    serving.limiter.beginCall(limits.memoryBytes(), limits.tableElements(), limits.gcHeapBytes());
    lastRefusal = null;
    uses++;
    serving.context.begin(call);
  }

  /// How much of its fuel the call that is being served has used; 0 if it may execute any amount.
  public long fuelUsed() {
    return allowedFuel > 0 && live != null ? allowedFuel - live.store.fuel() : 0;
  }

  /// Ends the call that [#begin] began.
  public void end() {
    allowedFuel = 0;
    if (live != null) {
      live.context.end();
    }
  }

  /// How many calls have begun.
  long uses() {
    return uses;
  }

  /// The program; made by `linker` if there is none: of the image in `start`, or from the
  /// beginning.
  ///
  /// If it hibernates and cannot be woken, because a limit was reached or the call is to stop, it
  /// goes on hibernating.
  ///
  /// @throws IllegalStateException if it is of another kind
  ///
  /// @param start where the image is that it begins with; null if it is always initialized itself
  public <P extends Program> P program(
      Class<P> kind, ModuleHandle module, ProgramLinker<P> linker, @Nullable StartPlace start) {
    Live serving = live();
    Program linked = serving.program;
    if (linked == null) {
      P made = asleep == null ? begin(module, linker, start) : wake(asleep, module, linker);
      serving.program = made;
      return made;
    }
    if (!kind.isInstance(linked)) {
      throw new IllegalStateException("the instance is a " + linked.getClass().getSimpleName());
    }
    P program = kind.cast(linked);
    program.beginCall();
    return program;
  }

  private <P extends Program> P begin(
      ModuleHandle module, ProgramLinker<P> linker, @Nullable StartPlace start) {
    StartImage image = start == null ? null : start.take();
    if (start == null || (image == null && !start.beginMaking())) {
      return linker.link(module, live().context);
    }
    return image == null ? initialize(module, linker, start) : copy(image, module, linker, start);
  }

  private <P extends Program> P copy(
      StartImage image, ModuleHandle module, ProgramLinker<P> linker, StartPlace start) {
    try {
      return linker.wake(module, live().context, image, NO_HOST_STATE);
    } catch (SnapshotException faulty) {
      start.refuse(String.valueOf(faulty.getMessage())); // it would be no better the next time
      throw faulty;
    } finally {
      start.giveBack();
    }
  }

  /// Makes the program from the beginning, and an image of it if that can stand for others.
  private <P extends Program> P initialize(
      ModuleHandle module, ProgramLinker<P> linker, StartPlace start) {
    HostUse hostUse = live().context.recordHostUse();
    P made = null;
    try {
      made = linker.link(module, live().context);
    } finally {
      if (made == null) {
        start.fail(null);
      }
    }
    String obstacle = hostUse.end();
    if (obstacle != null) {
      start.refuse(obstacle);
    } else if (live().limiter.refusal() != null) {
      start.fail("the initialization was refused memory");
    } else {
      keepImage(made, start);
    }
    return made;
  }

  private static void keepImage(Program initialized, StartPlace start) {
    try {
      byte[] hostState = initialized.hostState();
      long room = start.roomBytes();
      StartImage image = StartImage.of(initialized.soleInstance(), room);
      if (hostState.length > 0) {
        start.refuse("the host keeps state for the instance");
      } else if (image == null) {
        start.fail("the image would have more than the " + room + " bytes that are left");
      } else {
        start.keep(image);
      }
    } catch (SnapshotException refusal) {
      start.refuse(String.valueOf(refusal.getMessage()));
    }
  }

  private <P extends Program> P wake(
      Asleep sleeping, ModuleHandle module, ProgramLinker<P> linker) {
    try {
      byte[] hostState = sleeping.snapshots.attachment(module.hash(), sleeping.image);
      P woken =
          linker.wake(
              module,
              live().context,
              sleeping.snapshots.open(module.hash(), sleeping.image),
              hostState);
      dropImage();
      return woken;
    } catch (SnapshotException faulty) {
      dropImage(); // it would be no better the next time
      throw faulty;
    }
  }

  /// Makes an image of it and gives everything else up. Between calls.
  ///
  /// @throws SnapshotException if that is not possible, with the reason; it stays as it is
  void hibernate(ModuleHash module, Snapshots snapshots) {
    Live sleepy = live;
    Program program = sleepy == null ? null : sleepy.program;
    if (sleepy == null || program == null || asleep != null) {
      return;
    }
    long room = ledger.capBytes() - ledger.chargedBytes();
    byte[] image =
        snapshots.capture(module, program.soleInstance(), program.hostState(), Math.max(0, room));
    if (!ledger.charge(HeapCategory.IMAGE, image.length)) {
      throw new SnapshotException(
          "an image of " + image.length + " bytes does not fit memoryBytes");
    }
    asleep = new Asleep(module, image, snapshots);
    sleepy.close();
    live = null;
  }

  /// Closes a store that was made to be woken in, if the instance still hibernates.
  void settle() {
    Live unused = live;
    if (asleep != null && unused != null) {
      lastRefusal = unused.limiter.refusal();
      unused.close();
      live = null;
    }
  }

  /// Closes what the last call left open, before a call that must not find it.
  void forgetCall() {
    Program linked = live == null ? null : live.program;
    if (linked != null) {
      linked.forgetCall();
    }
  }

  /// The charge that the guest was refused in this call and that nothing made up for, if any.
  public @Nullable HeapRefusal refusal() {
    return live == null ? lastRefusal : live.limiter.refusal();
  }

  /// Drops the program and returns everything that is charged for it.
  @Override
  public void close() {
    Live open = live;
    if (open != null) {
      lastRefusal = open.limiter.refusal();
      live = null;
      open.close();
    }
    dropImage();
  }

  private void dropImage() {
    Asleep sleeping = asleep;
    if (sleeping != null) {
      asleep = null;
      ledger.release(HeapCategory.IMAGE, sleeping.image.length);
    }
  }

  private Live live() {
    Live prepared = live;
    if (prepared == null) {
      throw new IllegalStateException("the instance is not prepared for a call");
    }
    return prepared;
  }
}
