package dev.cloister.sandbox.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// What a command may touch of the process: the three standard streams and the environment.
///
/// Commands never reach for `System.in`, `System.out`, `System.err` or `System.getenv`, so a test
/// runs them in-process with streams of its own.
///
/// @param in standard input
/// @param out standard output, for results only
/// @param err standard error, for everything else
/// @param environment the variables of the process
public record Terminal(
    InputStream in, PrintStream out, PrintStream err, Map<String, String> environment) {

  /// Copies the environment.
  public Terminal {
    environment = Map.copyOf(environment);
  }

  /// The streams of this process. Output is not buffered: what a guest writes appears at once.
  public static Terminal ofProcess() {
    return new Terminal(
        new FileInputStream(FileDescriptor.in),
        unbuffered(FileDescriptor.out),
        unbuffered(FileDescriptor.err),
        System.getenv());
  }

  /// Whether colours are wanted: the variable `NO_COLOR` is absent or empty (no-color.org).
  boolean allowsColor() {
    return environment.getOrDefault("NO_COLOR", "").isEmpty();
  }

  private static PrintStream unbuffered(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
  }
}
