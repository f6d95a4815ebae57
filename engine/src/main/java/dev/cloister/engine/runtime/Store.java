package dev.cloister.engine.runtime;

import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A group of instances that may call each other, run by one thread at a time (Spec 4.2.3).
///
/// Everything its instances allocate is charged to the store's limiter, and is given back when the
/// store is closed. Only [#requestStop] and [#isStopRequested] may be called by any thread.
public final class Store implements AutoCloseable {
  private static final VarHandle STOP_FLAG = stopFlag();

  static {
    // What guest code would otherwise be the first to use, perhaps at the end of its stack: a class
    // whose initialiser fails by a stack overflow is unusable for ever, for all tenants.
    Objects.requireNonNull(MemoryAccess.I32);
    Objects.requireNonNull(I31.shared(0));
    Objects.requireNonNull(new TrapException(TrapReason.CALL_STACK_EXHAUSTED).reason());
  }

  /// Where functions of this store leave all results but the first.
  final ResultSlots results = new ResultSlots();

  /// The bytes of the frames that [LargeFrames] counts. Those whose functions an exhausted stack
  /// kept from being counted off are dropped when one around them ends, at the latest when the
  /// outermost call does.
  long largeFrameBytes;

  /// What pays for objects of the guest.
  final GcHeap gcHeap;

  /// What code that counts may still execute, in units of [Fuel]; never negative.
  long fuel = Long.MAX_VALUE;

  private boolean isMetered;

  /// The innermost frame of debuggable code.
  @Nullable DebugFrame debugFrame;

  /// A frame that the outermost function of debuggable code may use again.
  @Nullable DebugFrame idleDebugFrame;

  private final HeapLimiter limiter;
  private final List<Memory> memories = new ArrayList<>();
  private final Set<Memory> sharedMemories = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<Table> tables = new ArrayList<>();

  /// All instances that run code, until the store is closed.
  private final List<Instance> instances = new ArrayList<>(1);

  /// What instances have left while guest code was running, which may be in it.
  private @Nullable List<CodeUse> leftUses;

  /// Up to when the instances have looked which image they are to run.
  private int imageEpoch = ImageEpoch.current();

  private long globalBytes;
  private long instanceBytes;
  private int depth;
  private boolean closed;

  /// Whether code of another store may call functions of this one, of which [#depth] tells nothing.
  private boolean isEntangled;

  private volatile @Nullable StopReason stopReason;

  /// 1 from when the store is to stop, for code that polls: cheaper than [#stopReason], because the
  /// JIT may move other accesses across.
  @SuppressWarnings("unused") // By STOP_FLAG.
  private int stopFlag;

  /// The thread that waits at a shared memory, if it does: it sees no stop site.
  private volatile @Nullable Thread waiting;

  private WaitRegion waitRegion = WaitRegion.NONE;

  /// Of the isolate that the store belongs to, as far as it has one.
  private @Nullable DebugControl debugControl;

  /// What the debugger keeps about the guest of this store.
  private @Nullable Object debugState;

  /// The epoch of [#debugControl] in which the instances were arranged.
  private int debugEpoch;

  private final Object stopLock = new Object();
  // Guarded by stopLock:
  private final List<Watch> watches = new ArrayList<>(1);
  private boolean running;
  private boolean awaitsChecks;

  // End of what stopLock guards.

  /// How the code of some instances is stopped.
  private static final class Watch {
    final StopSite site;
    final @Nullable StopHistory history;
    final boolean polls;

    /// Whether the site was told to look for this store.
    boolean awaited;

    Watch(StopSite site, @Nullable StopHistory history, boolean polls) {
      this.site = site;
      this.history = history;
      this.polls = polls;
    }

    boolean isOf(StopSite otherSite, @Nullable StopHistory otherHistory, boolean otherPolls) {
      return site == otherSite && history == otherHistory && polls == otherPolls;
    }

    void note() {
      if (history != null) {
        history.stopped();
      }
    }
  }

  /// Creates a store without instances.
  ///
  /// @param limiter what everything in it is charged to
  public Store(HeapLimiter limiter) {
    this.limiter = limiter;
    this.gcHeap = new GcHeap(this, limiter);
  }

  /// {@return what pays for objects of the guest}
  public GcHeap gcHeap() {
    return gcHeap;
  }

  /// Tells `region` from now on when the thread that runs the store waits at a shared memory.
  /// Called on that thread.
  public void waitIn(WaitRegion region) {
    waitRegion = region;
  }

  /// {@return what everything in this store is charged to}
  public HeapLimiter limiter() {
    return limiter;
  }

  /// {@return how much its instances may still execute in code of kind [CodeKind#FUEL]}
  ///
  /// As much as nothing can use up unless [#setFuel] said otherwise; see [Fuel] for the unit.
  public long fuel() {
    return fuel;
  }

  /// Sets how much its instances may still execute in code of kind [CodeKind#FUEL], which instances
  /// that are made from then on run unless the engine is set to another kind than baseline or
  /// optimized. Also between calls that ended for want of fuel: the store stays usable.
  ///
  /// @param units at least 0
  public void setFuel(long units) {
    if (units < 0) {
      throw new IllegalArgumentException("fuel must not be negative, is " + units);
    }
    fuel = units;
    isMetered = true;
  }

  /// {@return whether [#setFuel] was ever called}
  public boolean isMetered() {
    return isMetered;
  }

  /// Ends what runs in this store, and refuses what would run later. Any thread; returns at once.
  ///
  /// Running guest code throws [StoppedException] at its next function entry or loop head: at once
  /// if it polls, else soon after the next tick of its engine's [Stopper]. Host functions see it
  /// when they return. The first reason stays.
  public void requestStop(StopReason reason) {
    synchronized (stopLock) {
      if (stopReason != null) {
        return;
      }
      stopReason = reason;
      STOP_FLAG.setVolatile(this, 1);
      if (running) {
        stopRunning();
      }
    }
    LockSupport.unpark(waiting);
  }

  /// Called with the stop lock held.
  private void stopRunning() {
    if (!watches.isEmpty()) {
      watches.getFirst().site.stopper().countStop();
    }
    for (Watch watch : watches) {
      // Also if the code looks already, because somebody else is being stopped.
      watch.note();
      if (!watch.polls) {
        watch.site.stopper().request(this);
      }
    }
  }

  /// {@return whether the store was asked to stop} Any thread.
  public boolean isStopRequested() {
    return stopReason != null;
  }

  /// Ends the call of a host function if the store was asked to stop.
  ///
  /// @throws StoppedException with the reason
  public void throwIfStopped() {
    StopReason reason = stopReason;
    if (reason != null) {
      throw new StoppedException(reason);
    }
  }

  /// Notes that the calling thread, which runs this store, looks at the request to stop from now on
  /// and then parks: [#requestStop] will wake it.
  void beginWait() {
    waitRegion.enter();
    waiting = Thread.currentThread();
  }

  /// Notes the end of what [#beginWait] began.
  void endWait() {
    waiting = null;
    waitRegion.exit();
  }

  /// {@return whether the store was asked to stop} For code that polls: the JIT must not take it
  /// out of a loop.
  boolean isStopFlagged() {
    return (int) STOP_FLAG.getOpaque(this) != 0;
  }

  /// Has the sites of `stopper` wait for this store if guest code runs in it. On the stopper's
  /// thread.
  void awaitChecks(Stopper stopper) {
    synchronized (stopLock) {
      if (!running) {
        return;
      }
      for (Watch watch : watches) {
        if (!watch.polls && !watch.awaited && watch.site.stopper() == stopper) {
          watch.awaited = true;
          awaitsChecks = true;
          stopper.await(watch.site);
        }
      }
    }
  }

  /// Notes the start of guest code, which may be nested in guest code of the same store.
  ///
  /// Called where [StackGuard#probeBriefly] found room; what needs more is rare, and looks for it.
  ///
  /// @throws StoppedException if the store was asked to stop
  void enter() {
    requireOpen();
    throwIfStopped();
    if (depth == 0) {
      DebugControl control = debugControl;
      if (control != null) {
        int epoch = control.epoch();
        if (epoch != debugEpoch) {
          arrangeInstances(control, epoch);
        }
      }
      if (imageEpoch != ImageEpoch.current()) {
        followImages();
      }
      synchronized (stopLock) {
        running = true;
      }
      depth = 1;
      if (stopReason != null) {
        exit();
        throwIfStopped();
      }
    } else {
      depth++;
    }
  }

  /// Notes the end of what [#enter] began, in the room that was found there.
  void exit() {
    if (--depth == 0) {
      largeFrameBytes = 0;
      boolean isAwaited;
      synchronized (stopLock) {
        running = false;
        isAwaited = awaitsChecks;
      }
      if (isAwaited || leftUses != null || debugState != null) {
        settle();
      }
    }
  }

  /// Ends what others began because guest code was running. If the stack has no room for that, the
  /// next call, or the end of the store, does it.
  private void settle() {
    StackGuard.probe();
    DebugControl control = debugControl;
    if (debugState != null && control != null) {
      control.callEnded(this);
    }
    if (leftUses != null) {
      leftUses.forEach(CodeUse::end);
      leftUses = null;
    }
    synchronized (stopLock) {
      if (awaitsChecks) {
        awaitsChecks = false;
        releaseChecks();
      }
    }
  }

  /// No frames of the store are running, so all instances can change their image together.
  private void followImages() {
    StackGuard.probe();
    imageEpoch = ImageEpoch.current();
    for (Instance instance : instances) {
      instance.linkage().follow(instance);
    }
  }

  /// Notes an instance that runs code.
  void own(Instance instance) {
    instances.add(instance);
  }

  /// Ends the use of code that an instance has left, as soon as no guest code is running.
  void endUse(CodeUse use) {
    if (depth == 0) {
      use.end();
      return;
    }
    if (leftUses == null) {
      leftUses = new ArrayList<>();
    }
    leftUses.add(use);
  }

  /// Called with the stop lock held.
  private void releaseChecks() {
    for (Watch watch : watches) {
      if (watch.awaited) {
        watch.awaited = false;
        watch.site.stopper().release(watch.site);
      }
    }
  }

  /// Requires that the store was not closed: what it charges later would never be given back.
  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the store is closed");
    }
  }

  /// Notes how code is stopped that an instance of this store is about to run. On the thread that
  /// runs the store, which need not run it yet.
  ///
  /// @param site that of the module
  /// @param history what counts the stops, if anything does
  /// @param polls whether the code looks by itself
  public void watch(StopSite site, @Nullable StopHistory history, boolean polls) {
    synchronized (stopLock) {
      for (Watch watch : watches) {
        if (watch.isOf(site, history, polls)) {
          return;
        }
      }
      watches.add(new Watch(site, history, polls));
      if (running && stopReason != null && !polls) {
        site.stopper().request(this);
      }
    }
  }

  /// Lets `control` decide from now on whether instances of this store run debuggable code. A store
  /// belongs to one isolate: the first control stays. On the thread that runs the store.
  public void debugWith(DebugControl control) {
    if (debugControl == null) {
      debugControl = control;
    }
  }

  /// Lets the debugger arrange an instance that was just made.
  void adopt(Instance instance) {
    DebugControl control = debugControl;
    if (control != null && control.epoch() != 0) {
      control.arrange(instance, instance.linkage(), /* isNew= */ true);
    }
  }

  private void arrangeInstances(DebugControl control, int epoch) {
    StackGuard.probe();
    debugEpoch = epoch;
    for (Instance instance : instances) {
      control.arrange(instance, instance.linkage(), /* isNew= */ false);
    }
  }

  /// {@return what [#setDebugState] set} On the thread that runs the store.
  public @Nullable Object debugState() {
    return debugState;
  }

  /// Keeps something for the debugger. On the thread that runs the store.
  public void setDebugState(@Nullable Object state) {
    debugState = state;
  }

  /// Keeps the thread that runs this store, on behalf of a debugger, until `isDone` or until the
  /// store is to stop. On that thread, which others wake with [LockSupport#unpark].
  ///
  /// @throws StoppedException if the store is to stop
  public void pause(BooleanSupplier isDone) {
    waitRegion.enterPause();
    waiting = Thread.currentThread();
    try {
      while (!isDone.getAsBoolean() && stopReason == null) {
        LockSupport.park(this);
      }
    } finally {
      waiting = null;
      waitRegion.exitPause();
    }
    throwIfStopped();
  }

  void own(Memory memory) {
    memories.add(memory);
    if (memory.type().shared()) {
      sharedMemories.add(memory);
    }
  }

  /// Notes that an instance imports a memory: a shared one must not end before this store does.
  void use(Memory memory) {
    if (memory.type().shared()) {
      if (sharedMemories.add(memory)) {
        memory.retain();
        memories.add(memory);
      }
    } else if (!memories.contains(memory)) {
      memory.importedBy(this);
    }
  }

  /// Notes that an instance imports a function.
  void use(FuncRef function) {
    Instance owner = function.instance;
    if (owner != null && owner.store != this) {
      owner.store.isEntangled = true;
    }
  }

  /// Notes that an instance imports a table, which then can hold functions of both.
  void use(Table table) {
    Store owner = table.owner();
    if (owner != this) {
      isEntangled = true;
      if (owner != null) {
        owner.isEntangled = true;
      }
    }
  }

  void own(Table table) {
    table.ownedBy(this);
    tables.add(table);
  }

  /// {@return why an instance is not all that the store has, in words, or null if it is}
  @Nullable String entanglementOf(Instance instance) {
    if (depth != 0) {
      return "guest code is running";
    }
    if (instances.size() != 1 || !instances.contains(instance)) {
      return "there are other instances beside it";
    }
    if (isEntangled) {
      return "it shares functions or a table with others";
    }
    return sharedMemories.isEmpty() ? null : "it has a shared memory";
  }

  /// Charges the fixed part of an instance.
  ///
  /// @return false if the limiter refused it
  boolean reserveInstance(long bytes) {
    if (!limiter.reserve(HeapKind.INSTANCE, bytes)) {
      return false;
    }
    instanceBytes += bytes;
    return true;
  }

  /// Charges cells of globals.
  ///
  /// @return false if the limiter refused it
  boolean reserveGlobals(long bytes) {
    if (!limiter.reserve(HeapKind.GLOBAL, bytes)) {
      return false;
    }
    globalBytes += bytes;
    return true;
  }

  /// Drops all instances and gives back everything that was charged. Repeating it does nothing.
  ///
  /// @throws IllegalStateException if guest code of the store is running
  @Override
  public void close() {
    if (depth != 0) {
      throw new IllegalStateException("guest code is running");
    }
    if (closed) {
      return;
    }
    settle();
    closed = true;
    instances.forEach(Instance::endUse);
    instances.clear();
    idleDebugFrame = null;
    if (isEntangled) {
      memories.forEach(Memory::share);
    }
    memories.forEach(Memory::release);
    memories.clear();
    sharedMemories.clear();
    tables.forEach(Table::release);
    tables.clear();
    gcHeap.close();
    limiter.release(HeapKind.GLOBAL, globalBytes);
    limiter.release(HeapKind.INSTANCE, instanceBytes);
  }

  /// {@return whether no code of this store runs or will run, whoever calls it}
  boolean isOver() {
    return closed && !isEntangled;
  }

  private static VarHandle stopFlag() {
    try {
      return MethodHandles.lookup().findVarHandle(Store.class, "stopFlag", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
