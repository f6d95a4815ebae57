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
/// It serves calls one after the other: [#begin], [#program], [#end]. Confined to one thread at a
/// time.
public final class GuestInstance implements AutoCloseable {
  private final LedgerLimiter limiter;
  private final Store store;
  private final InstanceContext context;
  private @Nullable Program program;
  private long uses;

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

  /// Whether it can serve a call that may execute so much: code that counts was chosen when the
  /// program was linked.
  ///
  /// @param fuel in units of fuel; 0 for any amount
  boolean suits(long fuel) {
    return fuel == 0 || uses == 0 || store.isMetered();
  }

  /// Begins a call.
  ///
  /// @param limits in force from now on, also for what the instance has
  /// @param fuel what the call may execute, in units of fuel; 0 for any amount
  public void begin(CallContext call, InstanceLimits limits, long fuel) {
    if (fuel > 0) {
      store.setFuel(fuel);
    } else if (store.isMetered()) {
      store.setFuel(Long.MAX_VALUE);
    }
    limiter.beginCall(limits.memoryBytes(), limits.tableElements(), limits.gcHeapBytes());
    uses++;
    context.begin(call);
  }

  /// Ends the call that [#begin] began.
  public void end() {
    context.end();
  }

  /// How many calls have begun.
  long uses() {
    return uses;
  }

  /// The program; made by `linker` if this is the first call.
  ///
  /// @throws IllegalStateException if it is of another kind
  public <P extends Program> P program(
      Class<P> kind, ModuleHandle module, ProgramLinker<P> linker) {
    Program linked = program;
    if (linked == null) {
      P made = linker.link(module, context);
      program = made;
      return made;
    }
    if (!kind.isInstance(linked)) {
      throw new IllegalStateException("the instance is a " + linked.getClass().getSimpleName());
    }
    return kind.cast(linked);
  }

  /// Closes what the last call left open, before a call that must not find it.
  void forgetCall() {
    Program linked = program;
    if (linked != null) {
      linked.forgetCall();
    }
  }

  /// The charge that the guest was refused in this call and that nothing made up for, if any.
  public @Nullable HeapRefusal refusal() {
    return limiter.refusal();
  }

  /// Drops the program and returns everything that is charged for it.
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
