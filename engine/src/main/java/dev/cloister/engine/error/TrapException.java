package dev.cloister.engine.error;

import java.util.List;

/// The end of a call by a trap. A guest cannot catch it.
public final class TrapException extends WasmException {

  private static final long serialVersionUID = 1L;

  private final TrapReason reason;
  private final transient List<WasmFrame> wasmStack;

  /// Creates a trap whose Wasm stack is not known.
  public TrapException(TrapReason reason) {
    this(reason, List.of());
  }

  /// Creates a trap.
  ///
  /// @param wasmStack the Wasm frames, innermost first
  public TrapException(TrapReason reason, List<WasmFrame> wasmStack) {
    super(ErrorCode.TRAP, reason.text());
    this.reason = reason;
    this.wasmStack = List.copyOf(wasmStack);
  }

  /// Returns why execution trapped.
  public TrapReason reason() {
    return reason;
  }

  /// Returns the Wasm frames that were active, innermost first.
  public List<WasmFrame> wasmStack() {
    return wasmStack;
  }
}
