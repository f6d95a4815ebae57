package dev.cloister.isolate.instance;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.runtime.Store;
import dev.cloister.isolate.abi.CallContext;
import dev.cloister.isolate.abi.InstanceContext;
import dev.cloister.isolate.abi.Program;
import dev.cloister.isolate.abi.ProgramLinker;
import dev.cloister.isolate.heap.HeapLedger;
import dev.cloister.isolate.heap.HeapRefusal;
import dev.cloister.isolate.heap.LedgerLimiter;
import dev.cloister.isolate.wasi.RandomSource;
import dev.cloister.isolate.wasi.WasiClock;
import org.jspecify.annotations.Nullable;

/// A store and the program in it, charged to a tenant until it is closed.
///
/// It serves calls one after the other: [#begin], [#program], [#end]. An instance that was asked to
/// stop, or in which anything ended but by returning, is not to serve another one. Confined to one
/// thread at a time.
///
/// @param <P> what the calling convention makes of the module
public final class GuestInstance<P extends Program> implements AutoCloseable {
  private final LedgerLimiter limiter;
  private final Store store;
  private final InstanceContext context;
  private @Nullable P program;

  /// Makes a store without a program.
  public GuestInstance(
      HeapLedger ledger, InstanceLimits limits, WasiClock clock, RandomSource random) {
    this.limiter =
        new LedgerLimiter(
            ledger, limits.memoryBytes(), limits.tableElements(), limits.gcHeapBytes());
    this.store = new Store(limiter);
    this.context = new InstanceContext(store, ledger, clock, random);
  }

  /// Where it lives.
  public Store store() {
    return store;
  }

  /// Begins a call.
  ///
  /// @param fuel what the call may execute, in units of fuel; 0 for any amount
  public void begin(CallContext call, long fuel) {
    if (fuel > 0) {
      store.setFuel(fuel);
    }
    context.begin(call);
  }

  /// Ends the call that [#begin] began.
  public void end() {
    context.end();
  }

  /// The program; made by `linker` if this is the first call.
  public P program(ModuleHandle module, ProgramLinker<P> linker) {
    P linked = program;
    if (linked == null) {
      linked = linker.link(module, context);
      program = linked;
    }
    return linked;
  }

  /// The charge that the guest was refused and that nothing made up for, if any.
  public @Nullable HeapRefusal refusal() {
    return limiter.refusal();
  }

  /// Drops the program and returns everything that is charged for it.
  @Override
  public void close() {
    P linked = program;
    program = null;
    try (LedgerLimiter _ = limiter;
        Store _ = store) {
      if (linked != null) {
        linked.close();
      }
    }
  }
}
