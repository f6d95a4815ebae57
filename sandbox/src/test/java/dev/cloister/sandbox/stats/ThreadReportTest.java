package dev.cloister.sandbox.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Stacks are shown as far as they are the program's own.
final class ThreadReportTest {
  private static final String OWN =
      Objects.requireNonNull(ThreadReport.class.getClassLoader().getName());

  private static StackTraceElement frame(String loader, String name) {
    return new StackTraceElement(loader, null, null, name, "method", null, -1);
  }

  @Test
  void framesOfGuests_areOneLine_withoutTheirNames() {
    List<String> lines =
        ThreadReport.stack(
            Stream.of(
                frame("module", "C1"),
                frame("module", "C2"),
                frame(OWN, "dev.cloister.isolate.Runner"),
                frame("other", "C3"),
                new StackTraceElement(
                    null, "java.base", "25", "java.lang.Thread", "run", "Thread.java", 1)));

    assertThat(lines).hasSize(4).first().isEqualTo("(guest code)");
    assertThat(lines.get(1)).contains("dev.cloister.isolate.Runner.method");
    assertThat(lines.get(2)).isEqualTo("(guest code)");
    assertThat(lines.get(3)).contains("java.lang.Thread.run(Thread.java:1)");
  }

  @Test
  void threads_haveTheirNamesAndStacks() {
    String own = Thread.currentThread().getName();

    assertThat(ThreadReport.threads())
        .anySatisfy(row -> {
          assertThat(row.name()).isEqualTo(own);
          assertThat(row.stack().toString()).contains("ThreadReport.threads");
        });
    assertThat(ThreadReport.deadlockedThreads()).isZero();
  }
}
