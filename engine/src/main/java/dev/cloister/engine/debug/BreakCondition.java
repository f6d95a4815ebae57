package dev.cloister.engine.debug;

/// Decides whether a guest that reached a breakpoint pauses.
@FunctionalInterface
public interface BreakCondition {
  /// Always.
  BreakCondition NONE = _ -> true;

  /// {@return whether to pause} Called on the guest's thread, which must not be kept; what it
  /// throws ends the guest's call.
  ///
  /// @param frame the innermost frame; readable and writable until this method returns
  boolean holds(PausedFrame frame);
}
