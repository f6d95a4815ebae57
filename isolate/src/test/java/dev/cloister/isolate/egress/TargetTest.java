package dev.cloister.isolate.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TargetTest {
  @Test
  void url_wellFormed_isTakenApart() {
    assertThat(target("https://A.Example/x?y=1#z"))
        .isEqualTo(new Target("https", "a.example", 443, "/x?y=1"));
    assertThat(target("http://a.example:8080"))
        .isEqualTo(new Target("http", "a.example", 8080, "/"));
    assertThat(target("http://[2001:DB8::1]/").host()).isEqualTo("2001:db8::1");
    assertThat(target("http://[2001:db8::1]:8080/").authority()).isEqualTo("[2001:db8::1]:8080");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/relative",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "http://user:word@a.example/",
        "http://a.example:0/",
        "http://a.example:70000/",
        "http:///path",
        "http://[fe80::1%25eth0]/",
        "http://a.example/ä",
        "mailto:a@b"
      })
  void url_ofAnotherKind_isInvalid(String url) {
    assertInvalid(url);
  }

  @Test
  void url_tooLong_isInvalid() {
    assertInvalid("http://a.example/" + "x".repeat(9_000));
  }

  @Test
  void origin_isSchemeHostAndPort() {
    Target origin = target("https://a.example/");

    assertThat(origin.hasOriginOf(target("https://a.example:443/x"))).isTrue();
    assertThat(origin.hasOriginOf(target("http://a.example/"))).isFalse();
    assertThat(origin.hasOriginOf(target("https://b.example/"))).isFalse();
    assertThat(origin.hasOriginOf(target("https://a.example:444/"))).isFalse();
  }

  private static Target target(String url) {
    return Target.of(URI.create(url));
  }

  private static void assertInvalid(String url) {
    assertThatThrownBy(() -> target(url))
        .isInstanceOfSatisfying(
            HostServiceException.class, e -> assertThat(e.error()).isEqualTo(HostError.INVALID));
  }
}
