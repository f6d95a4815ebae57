package dev.cloister.engine.util;

/// The engine's locks in the order in which one thread may take them: with one of them held, only
/// later ones. `docs/ARCHITECTURE.md` has the whole list, with those that are not checked.
public enum LockRank {
  /// Which isolates there are, and which modules they use.
  ISOLATES,
  /// The modules, breakpoints and paused guests of an isolate that is debugged.
  DEBUGGER,
  /// What a guest that pauses waits for, and who looks at it.
  PAUSED_GUEST,
  /// Which isolates are told of the code of which modules.
  CODE_LOGGER,
  /// The compilations that are going on.
  COMPILE_JOBS,
  /// The native modules by content, and the compilations of each content.
  MODULE_CACHE,
  /// Modules that were found faulty a short while ago.
  MODULE_FAILURES
}
