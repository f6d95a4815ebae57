package dev.cloister.engine.stats;

/// Why calls enter a generation of code.
public enum GenerationCause {
  /// It is the first one of a module that has just been compiled.
  FIRST,
  /// Some functions were found hot.
  HEAT,
  /// An earlier run had found some functions hot.
  PROFILE,
  /// Somebody asked for other tiers.
  REQUEST,
  /// Some instances need code of a kind of their own: they are debugged, count, or poll.
  KIND,
  /// The one before was given up, and there was a call.
  RENEWAL,
  /// A module that nobody used, and whose code is still there, is used again.
  REUSE
}
