package dev.cloister.engine.runtime;

import dev.cloister.engine.error.StoppedException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.MutableCallSite;
import java.util.List;
import java.util.stream.Stream;

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
   * opaque one costs 10 to 30 %: only kinds of code that poll, see [CodeKind#polls], have it.
   *
   * All isolates that run the module pay for an arming with a recompilation, so a [Stopper]
   * decides when it is done, for all stops together.
   */
  private static final MethodType TYPE = MethodType.methodType(void.class, Instance.class);
  private static final MethodHandle IDLE = MethodHandles.empty(TYPE);
  private static final MethodHandle CHECK = findCheck();

  /// How many stores wait for the code to look. Guarded by the stopper's lock.
  int waiting;

  /// Whether the code looks, or will as soon as the stopper has come to it. Guarded likewise.
  boolean armed;

  /// When it was armed. Guarded likewise.
  final EventWindow armings;

  private final Stopper stopper;
  private final MutableCallSite site = new MutableCallSite(IDLE);
  private final MethodHandle handle = site.dynamicInvoker();

  /// Makes the switch of a module.
  public StopSite(Stopper stopper) {
    this.stopper = stopper;
    StopPolicy policy = stopper.policy();
    this.armings = new EventWindow(policy.armings(), policy.armingWindowNanos());
  }

  /// {@return what decides when the code looks}
  public Stopper stopper() {
    return stopper;
  }

  /// {@return what generated code invokes, of type `(Instance)void`}
  @CalledByGeneratedCode
  public MethodHandle handle() {
    return handle;
  }

  /// Makes the code of some modules look at its stores' flags, and that of others look no more.
  static void switchAll(List<StopSite> toArm, List<StopSite> toDisarm) {
    if (toArm.isEmpty() && toDisarm.isEmpty()) {
      return;
    }
    toArm.forEach(site -> site.site.setTarget(CHECK));
    toDisarm.forEach(site -> site.site.setTarget(IDLE));
    MutableCallSite.syncAll(
        Stream.concat(toArm.stream(), toDisarm.stream())
            .map(site -> site.site)
            .toArray(MutableCallSite[]::new));
  }

  /// Throws if the instance's store is to stop.
  ///
  /// @throws StoppedException with the reason
  static void check(Instance instance) {
    instance.store.throwIfStopped();
  }

  /// What code that polls calls at function entries and loop heads: throws if the instance's store
  /// is to stop.
  ///
  /// @throws StoppedException with the reason
  @CalledByGeneratedCode
  public static void poll(Instance instance) {
    if (instance.store.isStopFlagged()) {
      instance.store.throwIfStopped();
    }
  }

  private static MethodHandle findCheck() {
    try {
      return MethodHandles.lookup().findStatic(StopSite.class, "check", TYPE);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
