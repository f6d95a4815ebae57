package dev.cloister.engine.debug;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.engine.code.NativeModule;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.runtime.CodeKind;
import dev.cloister.engine.runtime.CodeLinkage;
import dev.cloister.engine.runtime.DebugControl;
import dev.cloister.engine.runtime.DebugFrame;
import dev.cloister.engine.runtime.DebugSwitch;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.runtime.Store;
import dev.cloister.engine.util.LockRank;
import dev.cloister.engine.util.OrderedLock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// The debugger of one isolate: whether its instances run debuggable code, where its guests pause,
/// and which do.
///
/// While debugging is on, instances of this isolate, and of no other, run code of the kind
/// [CodeKind#DEBUG] from their next call from outside on; frames that run finish as they are. All
/// isolates share one debuggable image of a module, whatever their breakpoints. Safe to use by any
/// thread; nothing of it waits for a guest.
public final class Debugger implements DebugControl {
  /*
   * `lock` guards what is listed here. Guests read what they need at each position from volatile
   * fields that are replaced under it. What decides that a guest pauses is looked at again under
   * the lock before it does, so that a guest which is about to pause while debugging ends either
   * does not or is among the paused ones that are released. Of the locks this is above those of
   * native modules and paused guests; listeners are called without it.
   */

  /// The most breakpoints of an isolate.
  public static final int MAX_BREAKPOINTS = 10_000;

  private final String isolate;
  private final int maxPausedGuests;
  private final List<DebugEvents> events = new CopyOnWriteArrayList<>();
  private final LongAdder skippedPauses = new LongAdder();
  private final OrderedLock lock = new OrderedLock(LockRank.DEBUGGER);

  @GuardedBy("lock")
  private final IdentityHashMap<WasmModule, DebugModule> modules = new IdentityHashMap<>();

  /// By module and offset. The inner maps are never changed, but replaced.
  @GuardedBy("lock")
  private final Map<ModuleHash, Map<Integer, List<Breakpoint>>> breakpoints = new HashMap<>();

  @GuardedBy("lock")
  private final List<PausedGuest> paused = new ArrayList<>();

  /// New instances that have not reached a position yet and are to pause there.
  @GuardedBy("lock")
  private final Map<Instance, Boolean> entering = new WeakHashMap<>();

  @GuardedBy("lock")
  private int breakpointCount;

  @GuardedBy("lock")
  private int nextBreakpointId = 1;

  @GuardedBy("lock")
  private int nextGuestId = 1;

  /// The guests that step.
  @GuardedBy("lock")
  private int steppers;

  @GuardedBy("lock")
  private boolean closed;

  private volatile boolean enabled;
  private volatile boolean pauseRequested;
  private volatile boolean pausesOnEntry;
  private volatile boolean hasEntering;
  private volatile int epoch;
  private final AtomicInteger modulesEpoch = new AtomicInteger();

  /// Makes the debugger of an isolate, with debugging off.
  ///
  /// @param isolate its name, for people
  /// @param maxPausedGuests how many of its guests may pause at once; others go on where they were
  ///   to pause, which is counted
  public Debugger(String isolate, int maxPausedGuests) {
    this.isolate = isolate;
    this.maxPausedGuests = maxPausedGuests;
  }

  /// {@return the name of the isolate}
  public String isolate() {
    return isolate;
  }

  // Debugging as a whole.

  /// {@return whether the isolate is being debugged}
  public boolean isEnabled() {
    return enabled;
  }

  /// Begins to debug the isolate.
  ///
  /// @return whether it was not debugged before
  /// @throws IllegalStateException if the isolate was removed
  public boolean enter() {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the isolate was removed: " + isolate);
      }
      if (enabled) {
        return false;
      }
      enabled = true;
      advanceEpoch();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Ends debugging: breakpoints are forgotten, paused guests go on, instances return to other code
  /// at their next call from outside.
  ///
  /// @return whether it was debugged before
  public boolean leave() {
    List<PausedGuest> released;
    lock.lock();
    try {
      if (!enabled) {
        return false;
      }
      enabled = false;
      advanceEpoch();
      pauseRequested = false;
      pausesOnEntry = false;
      hasEntering = false;
      entering.clear();
      breakpoints.clear();
      breakpointCount = 0;
      released = List.copyOf(paused);
      dropUnlinked();
      updateModules();
    } finally {
      lock.unlock();
    }
    released.forEach(PausedGuest::release);
    events.forEach(DebugEvents::ended);
    return true;
  }

  /// Has stores look at their next call from outside whether they are to be debugged.
  @GuardedBy("lock")
  @SuppressWarnings("NonAtomicVolatileUpdate") // The lock is held; others only read it.
  private void advanceEpoch() {
    epoch++;
  }

  /// Ends debugging for good, since the isolate is removed.
  public void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
    leave();
    lock.lock();
    try {
      modules.clear();
    } finally {
      lock.unlock();
    }
  }

  /// Lets `listener` be told of guests that pause.
  public void addListener(DebugEvents listener) {
    events.add(listener);
  }

  /// Tells `listener` nothing any longer, but for what is just being told.
  public void removeListener(DebugEvents listener) {
    events.remove(listener);
  }

  // Modules.

  /// Notes that the isolate uses a module. Called by the engine.
  public void link(CodeLinkage module) {
    lock.lock();
    try {
      if (!closed) {
        addModule(nativeModule(module)).link(/* isLinked= */ true);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Notes that the isolate does not use a module any longer. Called by the engine.
  public void unlink(CodeLinkage module) {
    lock.lock();
    try {
      DebugModule known = modules.get(module.module());
      if (known != null) {
        known.link(/* isLinked= */ false);
        dropUnlinked();
      }
    } finally {
      lock.unlock();
    }
  }

  private static NativeModule nativeModule(CodeLinkage linkage) {
    if (linkage instanceof NativeModule module) {
      return module;
    }
    throw new IllegalArgumentException("not a native module: " + linkage);
  }

  /// Forgets modules that are let go, but not while instances of them may be debugged.
  @GuardedBy("lock")
  private void dropUnlinked() {
    if (!enabled && modules.values().removeIf(module -> !module.isLinked())) {
      modulesEpoch.incrementAndGet();
    }
  }

  @GuardedBy("lock")
  private DebugModule addModule(NativeModule nativeModule) {
    DebugModule known = modules.get(nativeModule.module());
    if (known != null) {
      return known;
    }
    DebugModule module = new DebugModule(this, nativeModule);
    modules.put(nativeModule.module(), module);
    modulesEpoch.incrementAndGet();
    update(module);
    return module;
  }

  /// {@return the modules that the isolate uses, the oldest first}
  public List<DebugModule> modules() {
    lock.lock();
    try {
      return modules.values().stream().sorted(Comparator.comparingInt(DebugModule::id)).toList();
    } finally {
      lock.unlock();
    }
  }

  /// {@return a number that changes with [#modules]}
  public int modulesEpoch() {
    return modulesEpoch.get();
  }

  /// {@return a module that the isolate uses}
  ///
  /// @throws IllegalStateException if it does not
  DebugModule moduleOf(WasmModule module) {
    lock.lock();
    try {
      DebugModule known = modules.get(module);
      if (known == null) {
        throw new IllegalStateException("the isolate has let the module go");
      }
      return known;
    } finally {
      lock.unlock();
    }
  }

  /// Brings what guests look at in step with what is guarded by the lock.
  @GuardedBy("lock")
  private void updateModules() {
    for (DebugModule module : modules.values()) {
      update(module);
    }
  }

  @GuardedBy("lock")
  private void update(DebugModule module) {
    module.useBreakpoints(breakpoints.getOrDefault(module.hash(), Map.of()));
    module.arm(enabled && (pauseRequested || hasEntering || steppers > 0));
  }

  // Breakpoints and pauses.

  Breakpoint setBreakpoint(ModuleHash module, int offset, BreakCondition condition) {
    lock.lock();
    try {
      if (!enabled) {
        throw new IllegalStateException("the isolate is not being debugged: " + isolate);
      }
      if (breakpointCount == MAX_BREAKPOINTS) {
        throw new LimitExceededException("breakpoints", breakpointCount + 1L, MAX_BREAKPOINTS);
      }
      Breakpoint breakpoint = new Breakpoint(nextBreakpointId++, module, offset, condition);
      Map<Integer, List<Breakpoint>> changed =
          new HashMap<>(breakpoints.getOrDefault(module, Map.of()));
      List<Breakpoint> there = new ArrayList<>(changed.getOrDefault(offset, List.of()));
      there.add(breakpoint);
      changed.put(offset, List.copyOf(there));
      breakpoints.put(module, changed);
      breakpointCount++;
      updateModules();
      return breakpoint;
    } finally {
      lock.unlock();
    }
  }

  /// Removes a breakpoint. A guest that pauses there still does.
  ///
  /// @return whether it was there
  public boolean remove(Breakpoint breakpoint) {
    lock.lock();
    try {
      Map<Integer, List<Breakpoint>> changed =
          new HashMap<>(breakpoints.getOrDefault(breakpoint.module(), Map.of()));
      List<Breakpoint> left = new ArrayList<>(changed.getOrDefault(breakpoint.offset(), List.of()));
      if (!left.remove(breakpoint)) {
        return false;
      }
      if (left.isEmpty()) {
        changed.remove(breakpoint.offset());
      } else {
        changed.put(breakpoint.offset(), List.copyOf(left));
      }
      if (changed.isEmpty()) {
        breakpoints.remove(breakpoint.module());
      } else {
        breakpoints.put(breakpoint.module(), changed);
      }
      breakpointCount--;
      updateModules();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// {@return all breakpoints, the oldest first}
  public List<Breakpoint> breakpoints() {
    lock.lock();
    try {
      return breakpoints.values().stream()
          .flatMap(byOffset -> byOffset.values().stream())
          .flatMap(List::stream)
          .sorted(Comparator.comparingInt(Breakpoint::id))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /// Lets the next guest that reaches a position pause there.
  ///
  /// @return false if the isolate is not being debugged
  public boolean requestPause() {
    lock.lock();
    try {
      if (!enabled) {
        return false;
      }
      pauseRequested = true;
      updateModules();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Takes a [#requestPause] back that no guest has followed yet.
  public void cancelPause() {
    lock.lock();
    try {
      pauseRequested = false;
      updateModules();
    } finally {
      lock.unlock();
    }
  }

  /// Sets whether instances that are made from now on pause before their first instruction: that of
  /// the start function, if there is one. Off when debugging begins.
  ///
  /// @throws IllegalStateException if the isolate is not being debugged
  public void pauseOnEntry(boolean pauses) {
    lock.lock();
    try {
      if (!enabled) {
        throw new IllegalStateException("the isolate is not being debugged: " + isolate);
      }
      pausesOnEntry = pauses;
    } finally {
      lock.unlock();
    }
  }

  /// {@return the guests that pause, the oldest pause first}
  public List<PausedGuest> paused() {
    lock.lock();
    try {
      return paused.stream().filter(PausedGuest::isPaused).toList();
    } finally {
      lock.unlock();
    }
  }

  /// {@return how often guests went on where they were to pause, since as many as may already did}
  public long skippedPauses() {
    return skippedPauses.sum();
  }

  // What guests do, on their threads.

  @Override
  public int epoch() {
    return epoch;
  }

  @Override
  public void arrange(Instance instance, CodeLinkage linkage, boolean isNew) {
    NativeModule nativeModule = nativeModule(linkage);
    if (!enabled) {
      if (instance.isDebugged()) {
        instance.setDebugged(false);
        instance.useDebugSwitch(new DebugSwitch());
        nativeModule.unpin(instance);
      }
      return;
    }
    if (!instance.isDebugged()) {
      instance.setDebugged(true);
      nativeModule.pin(instance, CodeKind.DEBUG);
    }
    lock.lock();
    try {
      instance.useDebugSwitch(addModule(nativeModule).debugSwitch());
      if (isNew && pausesOnEntry) {
        entering.put(instance, Boolean.TRUE);
        hasEntering = true;
        updateModules();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void callEnded(Store store) {
    if (store.debugState() instanceof GuestThread guest) {
      endStep(guest);
      store.setDebugState(null);
    }
  }

  private void endStep(GuestThread guest) {
    if (guest.isStepping()) {
      guest.endStep();
      lock.lock();
      try {
        steppers--;
        updateModules();
      } finally {
        lock.unlock();
      }
    }
  }

  /// Lets a guest pause if it is to.
  void positionReached(DebugModule module, DebugFrame frame) {
    if (!enabled) {
      return;
    }
    Store store = frame.instance().store();
    GuestThread guest = store.debugState() instanceof GuestThread known ? known : null;
    PauseReason reason = null;
    if (hasEntering && takeEntering(frame.instance())) {
      reason = PauseReason.ENTRY;
    } else if (guest != null && guest.isStepEnd(module, frame)) {
      reason = PauseReason.STEP;
    }
    List<Breakpoint> there = module.breakpointsAt(frame.offset());
    if (reason == null && there.isEmpty() && !pauseRequested) {
      return;
    }
    if (guest == null) {
      guest = newGuest(store);
    }
    List<Breakpoint> hits = there.isEmpty() ? there : hits(guest, frame, there);
    if (!hits.isEmpty() && reason != PauseReason.ENTRY) {
      reason = PauseReason.BREAKPOINT;
    }
    if (takeRequest() && reason == null) {
      reason = PauseReason.REQUEST;
    }
    if (reason != null) {
      endStep(guest);
      pause(new PausedGuest(this, guest, frame, reason, hits), guest, store);
    }
  }

  private List<Breakpoint> hits(GuestThread guest, DebugFrame frame, List<Breakpoint> there) {
    PausedGuest view = new PausedGuest(this, guest, frame, PauseReason.BREAKPOINT, there);
    PausedFrame innermost = view.frame(0);
    List<Breakpoint> hits = new ArrayList<>();
    for (Breakpoint breakpoint : there) {
      if (breakpoint.isHit(innermost)) {
        hits.add(breakpoint);
      }
    }
    view.release();
    return List.copyOf(hits);
  }

  private GuestThread newGuest(Store store) {
    GuestThread guest;
    lock.lock();
    try {
      guest = new GuestThread(nextGuestId++);
    } finally {
      lock.unlock();
    }
    store.setDebugState(guest);
    return guest;
  }

  private boolean takeEntering(Instance instance) {
    lock.lock();
    try {
      boolean isEntering = entering.remove(instance) != null;
      if (entering.isEmpty()) {
        hasEntering = false;
        updateModules();
      }
      return isEntering;
    } finally {
      lock.unlock();
    }
  }

  private boolean takeRequest() {
    if (!pauseRequested) {
      return false;
    }
    lock.lock();
    try {
      boolean wasRequested = pauseRequested;
      pauseRequested = false;
      updateModules();
      return wasRequested;
    } finally {
      lock.unlock();
    }
  }

  private void pause(PausedGuest guest, GuestThread thread, Store store) {
    boolean isRefused;
    lock.lock();
    try {
      if (!enabled) {
        return;
      }
      isRefused = paused.size() >= maxPausedGuests;
      if (!isRefused) {
        paused.add(guest);
        guest.begin();
      }
    } finally {
      lock.unlock();
    }
    if (isRefused) {
      skippedPauses.increment();
      events.forEach(DebugEvents::skipped);
      return;
    }
    try {
      for (DebugEvents listener : events) {
        listener.paused(guest);
      }
      store.pause(guest::hasEnded);
    } finally {
      guest.release();
      lock.lock();
      try {
        paused.remove(guest);
      } finally {
        lock.unlock();
      }
    }
    if (guest.beginStep()) {
      lock.lock();
      try {
        if (enabled) {
          steppers++;
          updateModules();
        } else {
          thread.endStep();
        }
      } finally {
        lock.unlock();
      }
    }
    events.forEach(listener -> listener.resumed(guest));
  }

  /// {@return the state of debugging, for people}
  @Override
  public String toString() {
    return "debugger of " + isolate + (enabled ? ", on" : ", off");
  }

  /// {@return a guest that pauses, by its number, or null}
  public @Nullable PausedGuest pausedGuest(int id) {
    return paused().stream().filter(guest -> guest.id() == id).findFirst().orElse(null);
  }
}
