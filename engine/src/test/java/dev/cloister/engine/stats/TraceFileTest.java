package dev.cloister.engine.stats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.engine.module.ModuleHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Events become lines of a file.
@Timeout(60)
final class TraceFileTest {
  private static final ModuleHash MODULE = ModuleHash.of(new byte[] {1});
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir private Path folder;

  private static CodeNotPersisted event(String reason) {
    return new CodeNotPersisted(MODULE, /* isWriting= */ true, reason);
  }

  @Test
  void event_isOneLine_whateverItSays() throws IOException {
    Path file = folder.resolve("trace");
    try (TraceFile trace = TraceFile.open(file, () -> NOW)) {
      trace.codeNotPersisted(event("first\nsecond"));
      trace.codePersisted(new CodePersisted(MODULE, 2, 3, 4, 5));
    }
    assertThat(Files.readAllLines(file))
        .containsExactly(
            "2026-01-02T03:04:05Z event=code-not-persisted module="
                + MODULE
                + ", isWriting=true, reason=first second",
            "2026-01-02T03:04:05Z event=code-persisted module="
                + MODULE
                + ", units=2, bytes=3, archiveBytes=4, wallMicros=5");
  }

  @Test
  void lines_areAddedToWhatIsThere() throws IOException {
    Path file = folder.resolve("trace");
    for (int i = 0; i < 2; i++) {
      try (TraceFile trace = TraceFile.open(file, () -> NOW)) {
        trace.codeNotPersisted(event("no"));
      }
    }
    assertThat(Files.readAllLines(file)).hasSize(2);
  }

  @Test
  void eventsThatComeTooFast_areWrittenOrCounted() throws IOException {
    Path file = folder.resolve("trace");
    int events = 50_000;
    try (TraceFile trace = TraceFile.open(file, () -> NOW)) {
      IntStream.range(0, events).forEach(i -> trace.codeNotPersisted(event("no")));
    }
    List<String> lines = Files.readAllLines(file);
    long lost =
        lines.stream()
            .filter(line -> line.contains("event=dropped"))
            .mapToLong(line -> Long.parseLong(line.substring(line.indexOf("count=") + 6)))
            .sum();
    long written = lines.stream().filter(line -> line.contains("code-not-persisted")).count();
    assertThat(written + lost).isEqualTo(events);
  }

  @Test
  void close_isRepeatable() throws IOException {
    TraceFile trace = TraceFile.open(folder.resolve("trace"), () -> NOW);
    trace.close();
    trace.close();
    trace.codeNotPersisted(event("late"));
    assertThat(folder.resolve("trace")).isEmptyFile();
  }
}
