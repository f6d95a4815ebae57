package dev.cloister.sandbox.http.field;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Traces that go on, and those that begin because what came was none.
final class TraceContextTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00-" + TRACE + "-00f067aa0ba902b7-01";

  @Test
  void validParent_goesOn_asAStepOfItsOwn() {
    TraceContext trace = TraceContext.of(List.of(PARENT), List.of("congo=t61rcWkgMzE,rojo=00f0"));

    assertThat(trace.traceId()).isEqualTo(TRACE);
    assertThat(trace.parent()).matches("00-" + TRACE + "-[0-9a-f]{16}-01");
    assertThat(trace.spanId()).isNotEqualTo("00f067aa0ba902b7");
    assertThat(trace.state()).isEqualTo("congo=t61rcWkgMzE,rojo=00f0");
  }

  @Test
  void parentOfALaterVersion_goesOn() {
    String later = "cc-" + TRACE + "-00f067aa0ba902b7-ff-what-the-future-will-be-like";

    assertThat(TraceContext.of(List.of(later), List.of()).parent()).endsWith("-03");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"
      })
  void invalidParent_beginsATrace_withoutState(String parent) {
    TraceContext trace = TraceContext.of(List.of(parent), List.of("a=b"));

    assertThat(trace.traceId()).matches("[0-9a-f]{32}").isNotEqualTo(TRACE);
    assertThat(trace.state()).isNull();
  }

  @Test
  void twoParents_areAsGoodAsNone() {
    assertThat(TraceContext.of(List.of(PARENT, PARENT), List.of()).traceId()).isNotEqualTo(TRACE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a", "A=b", "a=b=c", "=b"})
  void invalidState_isDropped_andTheTraceGoesOn(String state) {
    TraceContext trace = TraceContext.of(List.of(PARENT), List.of(state));

    assertThat(trace.state()).isNull();
    assertThat(trace.traceId()).isEqualTo(TRACE);
  }

  @Test
  void stateThatIsTooLong_isDropped() {
    String member = "a=" + "b".repeat(200);

    assertThat(TraceContext.of(List.of(PARENT), List.of(member, member, member)).state()).isNull();
    assertThat(TraceContext.of(List.of(PARENT), List.of(member, member)).state()).isNotNull();
    assertThat(TraceContext.of(List.of(PARENT), List.of("a=b,".repeat(33) + "a=b")).state())
        .isNull();
  }
}
