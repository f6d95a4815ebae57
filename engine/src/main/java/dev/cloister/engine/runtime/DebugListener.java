package dev.cloister.engine.runtime;

/// Told of every position that an instance reaches in code of kind [CodeKind#DEBUG].
@FunctionalInterface
public interface DebugListener {
  /// Called before an instruction is executed, on the thread that executes it; the guest goes on
  /// when it returns. What it throws ends the call.
  ///
  /// @param frame the innermost frame; valid until this method returns
  void positionReached(DebugFrame frame);
}
