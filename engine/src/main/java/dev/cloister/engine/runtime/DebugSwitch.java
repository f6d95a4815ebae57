package dev.cloister.engine.runtime;

import org.jspecify.annotations.Nullable;

/// Whether somebody wants to be told of the positions that debuggable code reaches, and who.
///
/// Instances of one module and isolate may share one. Any thread may turn it; code that runs sees
/// it at its next loop head or function entry at the latest.
@CalledByGeneratedCode
public final class DebugSwitch {
  /// Looked at before each instruction: not volatile, so that the JIT may combine the looks between
  /// two heads of loops, where the code looks whether it is to stop in a way that it may not.
  @CalledByGeneratedCode public boolean isArmed;

  private volatile @Nullable DebugListener listener;

  /// Sets who is told, from now on.
  ///
  /// @param told null for nobody
  /// @param armed whether to tell
  public void set(@Nullable DebugListener told, boolean armed) {
    listener = told;
    isArmed = armed && told != null;
  }

  @Nullable DebugListener listener() {
    return listener;
  }
}
