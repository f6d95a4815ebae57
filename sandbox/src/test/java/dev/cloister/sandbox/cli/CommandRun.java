package dev.cloister.sandbox.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// One command that ran in this process, with what it wrote.
///
/// @param out the bytes on standard output
/// @param err the text on standard error
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record CommandRun(int exitCode, byte[] out, String err) {
  /// Runs a command with nothing on its standard input.
  static CommandRun of(Object... words) {
    return withInput(new byte[0], words);
  }

  /// Runs a command with `input` on its standard input.
  static CommandRun withInput(byte[] input, Object... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new ByteArrayInputStream(input), stream(out), stream(err), Map.of("NO_COLOR", "1"));
    String[] arguments = List.of(words).stream().map(Object::toString).toArray(String[]::new);
    int exitCode = CloisterCommand.execute(terminal, arguments);
    return new CommandRun(exitCode, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
  }

  /// Standard output as text.
  String text() {
    return new String(out, StandardCharsets.UTF_8);
  }

  /// Standard output as lines.
  List<String> lines() {
    return text().lines().toList();
  }

  /// Requires success, nothing on standard error and exactly these lines of output.
  void assertPrints(String... lines) {
    assertThat(err).isEmpty();
    assertThat(exitCode).isZero();
    assertThat(lines()).containsExactly(lines);
  }

  /// Requires a usage error: exit code 2, nothing on standard output, one line `error: …` with
  /// `text` in it.
  void assertUsageError(String text) {
    assertFails(2, text);
  }

  /// Requires a failure with an exit code and a line `error: …` with `text` in it.
  void assertFails(int expectedExitCode, String text) {
    assertThat(text()).isEmpty();
    assertThat(err.lines().findFirst().orElse("")).startsWith("error: ").contains(text);
    assertThat(exitCode).isEqualTo(expectedExitCode);
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, false, StandardCharsets.UTF_8);
  }
}
