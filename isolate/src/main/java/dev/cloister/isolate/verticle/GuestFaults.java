package dev.cloister.isolate.verticle;

import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.error.LinkException;
import dev.cloister.engine.error.ModuleException;
import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.StoppedException;
import dev.cloister.engine.error.TrapException;
import dev.cloister.engine.error.TrapReason;
import dev.cloister.engine.error.UncaughtWasmException;
import dev.cloister.engine.error.WasmException;
import dev.cloister.isolate.abi.ArgumentException;
import dev.cloister.isolate.abi.UnsupportedTypeException;
import dev.cloister.isolate.abi.extism.ExtismException;
import dev.cloister.isolate.heap.HeapRefusal;
import dev.cloister.isolate.verticle.InvocationResult.BadArguments;
import dev.cloister.isolate.verticle.InvocationResult.Cancelled;
import dev.cloister.isolate.verticle.InvocationResult.Deadline;
import dev.cloister.isolate.verticle.InvocationResult.Failed;
import dev.cloister.isolate.verticle.InvocationResult.HostFailure;
import dev.cloister.isolate.verticle.InvocationResult.LimitReached;
import dev.cloister.isolate.verticle.InvocationResult.LinkFailed;
import dev.cloister.isolate.verticle.InvocationResult.Trapped;
import dev.cloister.isolate.verticle.InvocationResult.UncaughtException;
import dev.cloister.isolate.verticle.InvocationResult.UnsupportedType;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Says what result an exception out of a guest is.
final class GuestFaults {
  /// The code of a call that a function of the host ended.
  private static final int HOST_CODE = -1;

  private final CallLimits limits;
  private final LongSupplier cpuMillis;

  /// Makes one for a call.
  ///
  /// @param cpuMillis says what CPU time the call has used
  GuestFaults(CallLimits limits, LongSupplier cpuMillis) {
    this.limits = limits;
    this.cpuMillis = cpuMillis;
  }

  /// The result that `failure` is.
  ///
  /// @param refusal the charge that the guest was refused and that nothing made up for, if any
  InvocationResult resultOf(Throwable failure, @Nullable HeapRefusal refusal) {
    return switch (failure) {
      case WasmException fault -> resultOf(fault, refusal);
      case ArgumentException e ->
          new BadArguments(String.valueOf(e.getMessage()), e.index(), e.expected(), e.actual());
      case UnsupportedTypeException e -> new UnsupportedType(String.valueOf(e.getMessage()));
      case ExtismException e ->
          new Failed(String.valueOf(e.getMessage()), HOST_CODE, /* isByHost= */ true);
      case OutputLimitException e -> new LimitReached(e.limit(), e.used(), e.allowed(), null);
      default -> new HostFailure(failure);
    };
  }

  /// The result of a call that was ended for `reason`.
  InvocationResult resultOf(StopReason reason) {
    return switch (reason) {
      case DEADLINE -> new Deadline(limits.deadlineMillis());
      case CPU_TIME ->
          new LimitReached(
              "cpuMillisPerCall", cpuMillis.getAsLong(), limits.cpuMillisPerCall(), null);
      case CANCELLED, DISPOSED -> new Cancelled(reason);
    };
  }

  private InvocationResult resultOf(WasmException fault, @Nullable HeapRefusal refusal) {
    return switch (fault) {
      case TrapException trap -> resultOf(trap, refusal);
      case StoppedException stopped -> resultOf(stopped.reason());
      case LimitExceededException limit ->
          refusal == null
              ? new LimitReached(limit.limit(), limit.used(), limit.allowed(), null)
              : reached(refusal, null);
      case UncaughtWasmException uncaught ->
          new UncaughtException(String.valueOf(uncaught.getMessage()));
      case LinkException link -> new LinkFailed(String.valueOf(link.getMessage()));
      case ModuleException _ -> new HostFailure(fault); // it was valid when it was loaded
    };
  }

  private InvocationResult resultOf(TrapException trap, @Nullable HeapRefusal refusal) {
    Trapped trapped = new Trapped(trap.reason().text(), trap.wasmStack());
    if (trap.reason() == TrapReason.CALL_STACK_EXHAUSTED) {
      return new LimitReached("stackBytes", limits.stackBytes(), limits.stackBytes(), trapped);
    }
    if (trap.reason() == TrapReason.ALL_FUEL_CONSUMED) {
      return new LimitReached("fuelPerCall", limits.fuelPerCall(), limits.fuelPerCall(), trapped);
    }
    return refusal != null && endsAllocation(trap.reason()) ? reached(refusal, trapped) : trapped;
  }

  /// Whether a program that was refused memory typically ends so: it aborts, or uses what it did
  /// not get.
  private static boolean endsAllocation(TrapReason reason) {
    return reason == TrapReason.UNREACHABLE
        || reason == TrapReason.MEMORY_OUT_OF_BOUNDS
        || reason == TrapReason.TABLE_OUT_OF_BOUNDS
        || reason == TrapReason.ALLOCATION_TOO_LARGE;
  }

  private static LimitReached reached(HeapRefusal refusal, @Nullable Trapped trapped) {
    return new LimitReached(refusal.limit(), refusal.used(), refusal.allowed(), trapped);
  }
}
