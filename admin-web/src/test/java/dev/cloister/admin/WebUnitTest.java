package dev.cloister.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.admin.fixture.Need;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Runs the unit tests of `src/test/web`, which need node and nothing else. Where there is no node
/// they are skipped, and the report says so.
final class WebUnitTest {
  private static final int LEAST_MAJOR_VERSION = 20;

  @Test
  void unitTests_underNode_pass() throws Exception {
    Need.that(isOnPath("node"), "unit tests of the console, because there is no node");
    int version = majorVersion();
    Need.that(
        version >= LEAST_MAJOR_VERSION,
        "unit tests of the console, because node " + version + " is too old");

    Path output = Files.createTempFile("web-unit-tests", ".txt");
    Process tests =
        new ProcessBuilder("node", "--test", "src/test/web/")
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();

    assertThat(tests.waitFor(2, TimeUnit.MINUTES)).isTrue();
    String report = Files.readString(output);
    Files.delete(output);
    assertThat(tests.exitValue()).as(report).isZero();
    assertThat(report).doesNotContain("# pass 0");
  }

  private static int majorVersion() throws IOException {
    Process version = new ProcessBuilder("node", "--version").start();
    String text = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return Integer.parseInt(text.substring(1, text.indexOf('.')));
  }

  private static boolean isOnPath(String program) {
    String path = System.getenv().getOrDefault("PATH", "");
    return Arrays.stream(path.split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
