package dev.cloister.sandbox.cli;

import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// SIGHUP, by which daemons are told to read their configuration anew. Without a handler it would
/// end the process.
final class HangUp {
  private static final Logger LOG = LoggerFactory.getLogger(HangUp.class);
  private static final String NAME = "HUP";

  private HangUp() {}

  /// Has `action` called with the signal's name whenever it comes, on a thread of its own.
  ///
  /// The only way to handle a signal in Java is a class of the module `jdk.unsupported`, of which
  /// the compiler warns whatever is said against it.
  static void handle(Consumer<String> action) {
    try {
      sun.misc.Signal.handle(new sun.misc.Signal(NAME), signal -> action.accept(signal.getName()));
    } catch (IllegalArgumentException e) {
      // Windows has no such signal, and -Xrs leaves it to the JVM.
      LOG.info("event=signal-not-handled signal={} reason=\"{}\"", NAME, e.getMessage());
    }
  }
}
