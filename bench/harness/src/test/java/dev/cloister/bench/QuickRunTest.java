package dev.cloister.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The whole way once: a worker of our engine, and of V8 where there is node.
class QuickRunTest {
  private static final Path ROOT = Path.of(System.getProperty("project.root"));

  @TempDir Path home;

  @Test
  void fib_givesATableWithMatchingChecksums() throws IOException, InterruptedException {
    Path app = Files.createDirectory(home.resolve("app"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dbench.root=" + ROOT,
                "-Dbench.home=" + app,
                "-Dcorpora=" + home.resolve("none"),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.cloister.bench.Bench",
                "--quick",
                "fib")
            .redirectError(home.resolve("stderr").toFile())
            .start();
    String table = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(Files.readString(home.resolve("stderr"))).isZero();
    assertThat(table).contains("| fib |").contains("| fib+grow |").doesNotContain("WRONG");
  }
}
