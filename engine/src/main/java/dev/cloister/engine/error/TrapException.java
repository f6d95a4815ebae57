package dev.cloister.engine.error;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The end of a call by a trap. A guest cannot catch it.
///
/// The Wasm stack is found from the Java stack when it is asked for, once the trap has reached the
/// border of the guest.
public final class TrapException extends WasmException {

  private static final long serialVersionUID = 1L;

  /// The most Wasm frames that are kept.
  private static final int MAX_FRAMES = 64;

  private final TrapReason reason;
  private transient @Nullable Function<StackTraceElement, @Nullable WasmFrame> resolver;

  /// Creates a trap at the current point of execution.
  public TrapException(TrapReason reason) {
    super(ErrorCode.TRAP, reason.text());
    this.reason = reason;
  }

  /// Creates a trap that the JVM noticed first.
  ///
  /// @param cause what the JVM threw at the point of execution
  public TrapException(TrapReason reason, Throwable cause) {
    super(ErrorCode.TRAP, reason.text());
    this.reason = reason;
    setStackTrace(cause.getStackTrace());
  }

  /// Returns why execution trapped.
  public TrapReason reason() {
    return reason;
  }

  /// Tells how Java frames are mapped to Wasm frames; only the first time counts.
  ///
  /// @param frames returns null for frames that are not Wasm's
  public void attach(Function<StackTraceElement, @Nullable WasmFrame> frames) {
    if (resolver == null) {
      resolver = frames;
    }
  }

  /// Returns the Wasm frames that were active, innermost first, at most 64.
  public List<WasmFrame> wasmStack() {
    if (resolver == null) {
      return List.of();
    }
    List<WasmFrame> frames = new ArrayList<>();
    for (StackTraceElement element : getStackTrace()) {
      WasmFrame frame = resolver.apply(element);
      if (frame != null) {
        frames.add(frame);
        if (frames.size() == MAX_FRAMES) {
          break;
        }
      }
    }
    return List.copyOf(frames);
  }
}
