package dev.cloister.engine.logging;

/// Is told what code an isolate's modules get.
///
/// Called without any of the engine's locks, on a thread of the log or on a guest's between two
/// calls, sometimes by several at once: it must be quick and must not block.
public interface CodeLogListener {
  /// There is new code, or code from before the log was switched on. The same code may be told of
  /// twice when it was made while that happened.
  void codeCreated(CodeCreated event);

  /// Functions that nobody will be told of, because the log's queue was full.
  ///
  /// @param functions how many, since the last time
  default void codeLost(long functions) {}
}
