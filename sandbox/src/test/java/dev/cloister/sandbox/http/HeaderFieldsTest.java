package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class HeaderFieldsTest {
  private final HeaderFields fields = HeaderFields.of("A", "1", "B", "2");

  @Test
  void with_addsAtTheEnd_orReplacesInPlace() {
    HeaderFields more = fields.with("C", "3", "A", "4", "C", "5");

    assertThat(more.toMap()).containsExactly(entry("A", "4"), entry("B", "2"), entry("C", "5"));
    assertThat(fields.toMap()).containsExactly(entry("A", "1"), entry("B", "2"));
  }

  @Test
  void without_leavesTheOthers() {
    assertThat(fields.without("A").toMap()).containsExactly(entry("B", "2"));
    assertThat(fields.without("B").toMap()).containsExactly(entry("A", "1"));
    assertThat(fields.without("C").toMap()).isEqualTo(fields.toMap());
  }

  @Test
  void get_isTheValueOrNull() {
    assertThat(fields.get("B")).isEqualTo("2");
    assertThat(fields.get("b")).isNull();
    assertThat(HeaderFields.of(Map.of("D", "4")).get("D")).isEqualTo("4");
  }
}
