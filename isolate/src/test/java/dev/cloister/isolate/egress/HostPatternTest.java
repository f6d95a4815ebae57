package dev.cloister.isolate.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HostPatternTest {
  @ParameterizedTest
  @CsvSource({
    "example.com, example.com, true",
    "EXAMPLE.com, example.com, true",
    "example.com, example.com.evil.org, false",
    "example.com, evilexample.com, false",
    "*.example.com, a.example.com, true",
    "*.example.com, a.b.example.com, true",
    "*.example.com, example.com, false",
    "*.example.com, a.example.com.evil.org, false",
    "api-*.example.com, api-1.example.com, true",
    "*, anything, true",
    "*a*a*b, aaaaaaaaaaaaaaaaaaaab, true",
    "*a*a*b, aaaaaaaaaaaaaaaaaaaac, false",
    "[2001:db8::1], 2001:db8::1, true",
  })
  void pattern_host_matchesWholeNames(String pattern, String host, boolean isMatch) {
    assertThat(HostPattern.parse(pattern).matches(host, 443, true)).isEqualTo(isMatch);
  }

  @Test
  void pattern_port_isTheSchemesOwnUnlessSaid() {
    assertThat(HostPattern.parse("a.b").matches("a.b", 8080, false)).isFalse();
    assertThat(HostPattern.parse("a.b:8080").matches("a.b", 8080, false)).isTrue();
    assertThat(HostPattern.parse("a.b:8080").matches("a.b", 80, true)).isFalse();
    assertThat(HostPattern.parse("a.b:*").matches("a.b", 1, false)).isTrue();
    assertThat(HostPattern.parse("a.b:080")).hasToString("a.b:80");
  }

  @ParameterizedTest
  @CsvSource({
    "*, *.example.com, true",
    "*.example.com, a.example.com, true",
    "*.example.com, *.a.example.com, true",
    "*.example.com, *.example.com, true",
    "a.example.com, *.example.com, false",
    "*.example.com, *, false",
    "a.b, a.b:8080, false",
    "a.b:*, a.b:8080, true",
    "a.b:*, a.b, true",
    "a.b, a.b:*, false",
  })
  void covers_everyHostOfTheOther_isNeeded(String wide, String narrow, boolean isCovered) {
    assertThat(HostPattern.parse(wide).covers(HostPattern.parse(narrow))).isEqualTo(isCovered);
  }

  @Test
  void pattern_malformed_isRefused() {
    for (String text :
        List.of("", "https://a.b", "a b", "a.b:0", "a.b:65536", "a.b:", "a/b", "ä.de", "[::1")) {
      assertThatThrownBy(() -> HostPattern.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("\"" + text + "\"");
    }
    assertThatThrownBy(() -> HostPattern.parse("a".repeat(300)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
