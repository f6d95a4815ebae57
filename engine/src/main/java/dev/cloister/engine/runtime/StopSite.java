package dev.cloister.engine.runtime;

import dev.cloister.engine.error.StoppedException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.MutableCallSite;

/// The switch that lets running code of one native module be stopped without polling.
@CalledByGeneratedCode
public final class StopSite {
  /*
   * Generated code calls [#handle] at function entries and loop heads. The handle is a static
   * final of the module's own class, its target does nothing, so C2 compiles the call to no
   * instruction at all and records that it did. To stop a store its flag is set and the target
   * is swapped: HotSpot then discards the compiled code at its own safepoints, and the running
   * frames continue in the interpreter, which calls the new target; that throws in the store
   * meant, and only there. A plain poll of a field would be hoisted out of loops by C2, an
   * opaque one costs 30 %.
   *
   * All isolates that run the module pay for an arming with a recompilation. Arming is counted,
   * so that one swap serves all stops that are pending at the same time.
   */
  private static final MethodType TYPE = MethodType.methodType(void.class, Instance.class);
  private static final MethodHandle IDLE = MethodHandles.empty(TYPE);
  private static final MethodHandle CHECK = findCheck();

  private final MutableCallSite site = new MutableCallSite(IDLE);
  private final MethodHandle handle = site.dynamicInvoker();
  private int pending;

  /// {@return what generated code invokes, of type `(Instance)void`}
  @CalledByGeneratedCode
  public MethodHandle handle() {
    return handle;
  }

  /// Makes running code check its store's flag until [#disarm] is called as often. Any thread.
  synchronized void arm() {
    if (pending++ == 0) {
      site.setTarget(CHECK);
      MutableCallSite.syncAll(new MutableCallSite[] {site});
    }
  }

  /// Ends one [#arm]. Any thread.
  synchronized void disarm() {
    if (--pending == 0) {
      site.setTarget(IDLE);
      MutableCallSite.syncAll(new MutableCallSite[] {site});
    }
  }

  /// Throws if the instance's store is to stop.
  ///
  /// @throws StoppedException with the reason
  static void check(Instance instance) {
    instance.store.throwIfStopped();
  }

  private static MethodHandle findCheck() {
    try {
      return MethodHandles.lookup().findStatic(StopSite.class, "check", TYPE);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
