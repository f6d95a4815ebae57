package dev.cloister.engine.debug.gdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.fixture.TestEngine;
import dev.cloister.engine.runtime.HeapLimiter;
import dev.cloister.engine.runtime.Imports;
import dev.cloister.engine.runtime.Store;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A real LLDB debugs a program by its source. Needs LLDB 22 or newer: the command in the
/// environment variable `CLOISTER_LLDB`, else `lldb-22`.
@Timeout(180)
final class LldbTest {
  private static String lldb() {
    return System.getenv().getOrDefault("CLOISTER_LLDB", "lldb-22");
  }

  private static boolean isThere() throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(lldb(), "--version")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException _) {
      return false;
    }
  }

  @Test
  void program_isDebuggedByItsSource(@TempDir Path folder) throws Exception {
    assumeTrue(isThere(), "no LLDB");
    Path root = Path.of(System.getProperty("project.root", ".."));
    byte[] program = Files.readAllBytes(root.resolve("examples/average/average.wasm"));
    try (TestEngine engine = new TestEngine()) {
      Debugger debugger = engine.isolate().debugger();
      debugger.enter();
      debugger.pauseOnEntry(true);
      ModuleHandle module = engine.engine().compile(engine.isolate(), program);
      try (GdbServer server = GdbServer.start(0, () -> List.of(debugger))) {
        CompletableFuture<@Nullable Object> result = new CompletableFuture<>();
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try (Store store = new Store(HeapLimiter.UNLIMITED)) {
                result.complete(
                    TestEngine.result(module.instantiate(store, Imports.NONE), "average", 1, 5));
              } catch (RuntimeException e) {
                result.completeExceptionally(e);
              }
            });
        String said =
            debug(
                folder,
                "process connect --plugin wasm connect://127.0.0.1:" + server.port(),
                "breakpoint set --file average.c --line 8",
                "continue",
                "bt",
                "frame variable",
                "thread step-out",
                "process detach");

        assertThat(result.get(60, TimeUnit.SECONDS)).isEqualTo(3);
        assertThat(said)
            .contains("stop reason = breakpoint 1.1")
            .contains("divide(sum=15, count=5) at average.c:8")
            .contains("average(from=1, to=5) at average.c:18")
            .contains("stop reason = step out");
      }
    }
  }

  /// Lets LLDB execute commands and returns what it wrote.
  private static String debug(Path folder, String... commands) throws Exception {
    Path script = Files.write(folder.resolve("commands"), List.of(commands));
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(lldb(), "--no-lldbinit", "--batch", "--source", script.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("LLDB does not end: " + Files.readString(output));
    }
    return Files.readString(output, StandardCharsets.UTF_8);
  }
}
