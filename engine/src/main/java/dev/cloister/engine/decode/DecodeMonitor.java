package dev.cloister.engine.decode;

import dev.cloister.engine.util.Checkpoint;

/// Goes along while a module is decoded: can end it, and is told how far it is.
public interface DecodeMonitor {
  /// Ends nothing and listens to nothing.
  DecodeMonitor NONE = () -> Checkpoint.NONE;

  /// {@return what the work of the current thread is to pass from now on} Every thread that decodes
  /// or validates asks for its own, when it begins.
  Checkpoint checkpoint();

  /// The number of own functions is known. On the thread that decodes.
  default void functionsDeclared(int count) {}

  /// Some more bodies are valid. Any thread that validates.
  default void functionsValidated(int count) {}
}
