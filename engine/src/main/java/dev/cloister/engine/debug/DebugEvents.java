package dev.cloister.engine.debug;

/// Is told what happens to the guests of an isolate that is being debugged.
///
/// Called without locks on the thread that does it, which but for [#ended] is the guest's and waits
/// for the answer: it must not block. What it throws ends the guest's call.
public interface DebugEvents {
  /// A guest pauses, from now until somebody resumes it.
  void paused(PausedGuest guest);

  /// A guest goes on, or its call ends.
  default void resumed(PausedGuest guest) {}

  /// A guest passed a position where it was to pause, since as many as may already do.
  default void skipped() {}

  /// Debugging of the isolate ended: breakpoints are forgotten, and guests go on.
  default void ended() {}
}
