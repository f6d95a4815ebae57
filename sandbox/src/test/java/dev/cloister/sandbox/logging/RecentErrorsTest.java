package dev.cloister.sandbox.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import ch.qos.logback.classic.LoggerContext;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

/// The last warnings and errors are held, by event and trace, in bounded number.
final class RecentErrorsTest {
  private final LoggerContext context = new LoggerContext();
  private final Logger log = context.getLogger("some.where.Part");

  @Test
  void lines_areWarningsAndErrors_withoutTheirWords() {
    try (RecentErrors errors = RecentErrors.listen(context)) {
      log.info("event=nothing");
      log.warn("event=strange trace={} reason=\"{}\"", "12", "in words");
      log.error("in words only", new IllegalStateException("in words"));

      assertThat(errors.lines())
          .extracting(
              RecentErrors.Line::logger,
              RecentErrors.Line::level,
              RecentErrors.Line::event,
              RecentErrors.Line::trace,
              RecentErrors.Line::exception)
          .containsExactly(
              tuple("Part", "WARN", "strange", "12", null),
              tuple("Part", "ERROR", null, null, "java.lang.IllegalStateException"));
      assertThat(errors.lines().toString()).doesNotContain("in words");
    }
  }

  @Test
  void lines_areBounded_andEndWhenNobodyListens() {
    RecentErrors errors = RecentErrors.listen(context);
    for (int i = 0; i < 150; i++) {
      log.warn("event=number-{}", i);
    }
    errors.close();
    log.warn("event=late");

    assertThat(errors.lines()).hasSize(100);
    assertThat(errors.lines().getLast().event()).isEqualTo("number-149");
  }
}
