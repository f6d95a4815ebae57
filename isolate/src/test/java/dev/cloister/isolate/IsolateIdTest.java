package dev.cloister.isolate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class IsolateIdTest {
  private static final String LONGEST = "a".repeat(63);

  @ParameterizedTest
  @ValueSource(strings = {"a", "0", "a-", "acme-1", "0-9"})
  void validName_isAccepted(String name) {
    assertThat(new IsolateId(name)).hasToString(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-a",
        "A",
        "a_b",
        "a.b",
        "a/b",
        "ä",
        "a ",
        "a\n",
        "../a",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      })
  void invalidName_isRefused(String name) {
    assertThat(IsolateId.isValid(name)).isFalse();
    assertThatThrownBy(() -> new IsolateId(name)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {63, 64})
  void length_endsAt63(int length) {
    assertThat(IsolateId.isValid("a".repeat(length))).isEqualTo(length <= LONGEST.length());
  }
}
