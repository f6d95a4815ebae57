package dev.cloister.engine.runtime;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MutableCallSite;

/// Whether the memories that the code of one native module accesses may have spare capacity: arrays
/// that are longer than the memory.
@CalledByGeneratedCode
public final class CapacitySite {
  /*
   * As long as every array is as long as its memory, the array's own bounds check is Wasm's, and a
   * second one against the size of the memory is for nothing. Most memories that may grow do not,
   * or only a few times. So generated code takes from [#handle] a mask that is 0 until the first
   * memory gets spare capacity. C2 takes that for a constant and records that it did; when the
   * target changes, HotSpot discards the compiled code, whatever frames are running it.
   *
   * A memory is confined to a thread, and it is that thread that changes the target before the
   * array with spare capacity can be seen. So code that could reach the array sees the new mask,
   * without any synchronisation. It never changes back: each change costs a recompilation of the
   * module's code.
   */
  private static final MethodHandle NONE = MethodHandles.constant(int.class, 0);
  private static final MethodHandle SPARE = MethodHandles.constant(int.class, -1);

  private final MutableCallSite site = new MutableCallSite(NONE);
  private final MethodHandle handle = site.dynamicInvoker();

  /// {@return what generated code invokes, of type `()int`: 0 if the array of each memory is as
  /// long as the memory, -1 if there may be longer ones}
  @CalledByGeneratedCode
  public MethodHandle handle() {
    return handle;
  }

  /// Prepares the module's code for memories with spare capacity. Any thread.
  void expectSpare() {
    if (isExact()) {
      site.setTarget(SPARE);
    }
  }

  /// {@return whether no memory had spare capacity yet}
  boolean isExact() {
    return site.getTarget().equals(NONE);
  }
}
