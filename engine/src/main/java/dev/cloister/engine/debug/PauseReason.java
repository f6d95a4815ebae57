package dev.cloister.engine.debug;

/// Why a guest pauses.
public enum PauseReason {
  /// It reached a breakpoint.
  BREAKPOINT,
  /// A step ended.
  STEP,
  /// A new instance is about to execute its first instruction: see [Debugger#pauseOnEntry].
  ENTRY,
  /// Somebody asked for it: see [Debugger#requestPause].
  REQUEST
}
