package dev.cloister.isolate.abi.extism;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HostPatternTest {
  @ParameterizedTest
  @CsvSource({
    "*,anything.example,true",
    "api.example,api.example,true",
    "api.example,api.example.org,false",
    "api.example,xapi.example,false",
    "API.Example,api.example,true",
    "*.example,api.example,true",
    "*.example,a.b.example,true",
    "*.example,example,false",
    "api.*.com,api.eu.com,true",
    "api.*.com,api.com,false",
    "v?.api.example,v1.api.example,true",
    "v?.api.example,v10.api.example,false",
    "*a*b*,xxaxxbxx,true",
    "*a*b*,xxbxxaxx,false",
    "a.b,axb,false",
  })
  void matches_asGlobsDo(String pattern, String host, boolean expected) {
    assertThat(new HostPattern(pattern).matches(host)).isEqualTo(expected);
  }

  @Test
  void matches_ofManyStars_endsSoon() {
    assertThat(new HostPattern("*a".repeat(100) + "b").matches("a".repeat(5_000))).isFalse();
  }
}
