package dev.cloister.sandbox.http.field;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.sandbox.problem.ApiException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tags, their comparisons, and the headers that list them.
final class EntityTagTest {
  private static final EntityTag A = new EntityTag("a", false);
  private static final EntityTag WEAK_A = new EntityTag("a", true);

  @Test
  void of_equalBytes_isEqual() {
    EntityTag tag = EntityTag.of("x".getBytes(StandardCharsets.UTF_8));

    assertThat(tag).isEqualTo(EntityTag.of("x".getBytes(StandardCharsets.UTF_8)));
    assertThat(tag).isNotEqualTo(EntityTag.of("y".getBytes(StandardCharsets.UTF_8)));
    assertThat(tag.text()).matches("\"sha256-[0-9a-f]{64}\"");
  }

  @Test
  void comparison_strong_refusesWeakTags() {
    assertThat(A.matchesStrongly(A)).isTrue();
    assertThat(A.matchesStrongly(WEAK_A)).isFalse();
    assertThat(WEAK_A.matchesStrongly(WEAK_A)).isFalse();
    assertThat(WEAK_A.matchesWeakly(A)).isTrue();
  }

  @Test
  void condition_ofSeveralTags_holdsForEach() {
    EntityTag.Condition condition = condition(" \"b,c\" ,W/\"a\",, \"d\"");

    assertThat(condition.tags())
        .isEqualTo(List.of(new EntityTag("b,c", false), WEAK_A, new EntityTag("d", false)));
    assertThat(condition.holdsWeakly(A)).isTrue();
    assertThat(condition.holdsStrongly(A)).isFalse();
    assertThat(condition("*").holdsStrongly(A)).isTrue();
    assertThat(EntityTag.Condition.parse("If-Match", null)).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a", "\"a", "W/a", "\"a\"b", "w/\"a\"", "\"a\" *", "W/"})
  void condition_thatIsMalformed_isRefused(String text) {
    assertThatThrownBy(() -> EntityTag.Condition.parse("If-Match", text))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("If-Match");
  }

  private static EntityTag.Condition condition(String text) {
    return Objects.requireNonNull(EntityTag.Condition.parse("If-Match", text));
  }
}
