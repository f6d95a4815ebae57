package dev.cloister.engine.util;

/// What long work passes again and again, so that somebody else can end it.
@FunctionalInterface
public interface Checkpoint {
  /// Lets everything pass.
  Checkpoint NONE = () -> {};

  /// Returns if the work may go on; quick.
  ///
  /// @throws RuntimeException what ends the work
  void pass();
}
