package dev.cloister.sandbox.replay;

import dev.cloister.sandbox.wast.ScriptValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One line of a trace: a decision of the host, or something the module must do now.
sealed interface TraceEvent {

  /// The value of an imported global; before everything else.
  record GlobalValue(String module, String name, ScriptValue value) implements TraceEvent {}

  /// The host calls a function of the module.
  record Call(Callee callee, List<ScriptValue> arguments, HostWrites writes)
      implements TraceEvent {}

  /// The module must call an import with exactly these arguments.
  record Import(String module, String name, List<ScriptValue> arguments) implements TraceEvent {}

  /// The import returns.
  record Ret(List<ScriptValue> results, HostWrites writes) implements TraceEvent {}

  /// The import throws an exception of the host.
  record Throw(HostWrites writes) implements TraceEvent {}

  /// The pending call must return these results.
  record Return(List<ScriptValue> results) implements TraceEvent {}

  /// The pending call must trap.
  record Trap() implements TraceEvent {}

  /// The pending call must end with an exception.
  record Unwound() implements TraceEvent {}

  /// The host grows an exported table.
  record TableGrow(String table, long delta) implements TraceEvent {}

  /// The host sets an element of an exported table.
  record TableSet(String table, int index, ScriptValue value) implements TraceEvent {}

  /// The program is over; its memory must be this long and have this hash.
  record End(@Nullable MemoryState memory) implements TraceEvent {}

  /// What the host calls: an export, or an element of an exported table.
  sealed interface Callee {
    /// An exported function.
    record ByExport(String export) implements Callee {}

    /// An element of an exported table of functions.
    record ByTable(String table, int index) implements Callee {}
  }

  /// What the host does to the memory before it hands over to the module: first grow, then write.
  ///
  /// @param growPages 0 for nothing
  record HostWrites(long growPages, List<Write> writes) {
    public HostWrites {
      writes = List.copyOf(writes);
    }
  }

  /// Bytes at an address.
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Write(long address, byte[] bytes) {}

  /// Size and SHA-256 of a memory.
  record MemoryState(long sizeBytes, String sha256) {}
}
