package dev.cloister.isolate.verticle;

import dev.cloister.engine.error.StopReason;
import dev.cloister.engine.error.WasmFrame;
import dev.cloister.isolate.abi.Abi;
import dev.cloister.isolate.abi.WasmValue;
import dev.cloister.isolate.host.Capability;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// How a call ended: plain data for whoever asked.
public sealed interface InvocationResult {
  /// The name of this kind of end in metrics.
  default String outcome() {
    return switch (this) {
      case Returned _, Answered _ -> "ok";
      case Exited exited -> exited.code() == 0 ? "ok" : "exit";
      case Failed _ -> "plugin-error";
      case Trapped _ -> "trap";
      case UncaughtException _ -> "exception";
      case Deadline _ -> "deadline";
      case LimitReached _ -> "limit";
      case BadArguments _, UnsupportedType _, UnknownExport _ -> "arguments";
      case UnsupportedAbi _, LinkFailed _ -> "link";
      case CapabilityDenied _ -> "denied";
      case RateLimited _ -> "rate-limited";
      case Overloaded _ -> "overloaded";
      case CrashLoop _ -> "crash-loop";
      case Cancelled _ -> "cancelled";
      case HostFailure _ -> "error";
    };
  }

  /// Whether it means that the guest failed, rather than that its caller did, or somebody ended it.
  default boolean isCrash() {
    return switch (this) {
      case Trapped _, UncaughtException _, Deadline _, LimitReached _, HostFailure _ -> true;
      case Exited exited -> exited.code() != 0;
      case Failed failed -> failed.isByHost();
      case Returned _,
          Answered _,
          BadArguments _,
          UnsupportedType _,
          UnknownExport _,
          UnsupportedAbi _ ->
          false;
      case LinkFailed _, CapabilityDenied _, RateLimited _, Overloaded _ -> false;
      case CrashLoop _, Cancelled _ -> false;
    };
  }

  /// An export returned.
  ///
  /// @param values its results
  record Returned(List<WasmValue> values) implements InvocationResult {
    /// Copies `values`.
    public Returned {
      values = List.copyOf(values);
    }
  }

  /// The program ended: `_start` returned, or `proc_exit` was called.
  ///
  /// @param code the exit code
  /// @param output standard output
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Exited(int code, byte[] output) implements InvocationResult {}

  /// A function of an Extism plug-in succeeded.
  ///
  /// @param output what it answered
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Answered(byte[] output) implements InvocationResult {}

  /// An Extism plug-in said that it failed, or a function of the host ended its call.
  ///
  /// @param message what went wrong, in its words
  /// @param code what its function returned, or its exit code; -1 if the host ended it
  /// @param isByHost whether a function of the host ended the call
  record Failed(String message, int code, boolean isByHost) implements InvocationResult {}

  /// The guest trapped.
  ///
  /// @param trap the specification's wording
  /// @param wasmStack the Wasm frames, innermost first
  record Trapped(String trap, List<WasmFrame> wasmStack) implements InvocationResult {
    /// Copies `wasmStack`.
    public Trapped {
      wasmStack = List.copyOf(wasmStack);
    }
  }

  /// A Wasm exception left the guest.
  ///
  /// @param detail its tag and values
  record UncaughtException(String detail) implements InvocationResult {}

  /// The time was over.
  ///
  /// @param deadlineMillis the time allowed
  record Deadline(long deadlineMillis) implements InvocationResult {}

  /// A limit of the tenant ended the call.
  ///
  /// @param limit its name
  /// @param used what the call asked for in total
  /// @param allowed the limit's value
  /// @param trap the trap that the guest ended in because of it, if it did
  record LimitReached(String limit, long used, long allowed, @Nullable Trapped trap)
      implements InvocationResult {}

  /// An argument, or their number, does not fit the export.
  ///
  /// @param detail all of it in words
  /// @param index the argument's position, or -1 for their number
  /// @param expected what was expected
  /// @param actual what was given
  record BadArguments(String detail, int index, String expected, String actual)
      implements InvocationResult {}

  /// A type or value cannot cross: a vector, or a reference that is not null.
  ///
  /// @param detail which
  record UnsupportedType(String detail) implements InvocationResult {}

  /// No function has this name.
  ///
  /// @param export the name
  /// @param exports the names that functions have
  record UnknownExport(String export, List<String> exports) implements InvocationResult {}

  /// The plugin does not follow the convention that the call needs, or one that is not available.
  ///
  /// @param abi the one it follows
  record UnsupportedAbi(Abi abi) implements InvocationResult {}

  /// The plugin imports what nothing provides.
  ///
  /// @param detail what
  record LinkFailed(String detail) implements InvocationResult {}

  /// The plugin needs what it is not granted.
  ///
  /// @param missing the capabilities, each with the imports that need it
  record CapabilityDenied(SortedMap<Capability, List<String>> missing) implements InvocationResult {
    /// Copies `missing`.
    public CapabilityDenied {
      missing = Collections.unmodifiableSortedMap(new TreeMap<>(missing));
    }
  }

  /// The tenant has as many calls as it may have.
  ///
  /// @param limit the name of the limit
  /// @param retryAfterMillis after which time another call may be admitted
  record RateLimited(String limit, long retryAfterMillis) implements InvocationResult {}

  /// Too many calls of the tenant wait for a thread, or there is none to be had.
  ///
  /// @param limit the name of the limit
  record Overloaded(String limit) implements InvocationResult {}

  /// The plugin crashed again and again, and pauses.
  ///
  /// @param plugin its name
  /// @param crashes how many calls in a row crashed
  /// @param retryAfterMillis after which time a call is admitted
  record CrashLoop(String plugin, long crashes, long retryAfterMillis)
      implements InvocationResult {}

  /// The call was ended from outside: the tenant is suspended or gone.
  ///
  /// @param reason why
  record Cancelled(StopReason reason) implements InvocationResult {}

  /// A bug of the host; it is logged already.
  ///
  /// @param cause what happened
  record HostFailure(Throwable cause) implements InvocationResult {}
}
