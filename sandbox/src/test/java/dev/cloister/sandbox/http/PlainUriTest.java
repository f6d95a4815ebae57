package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.QueryStringDecoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PlainUriTest {
  @Test
  void uri_isTakenApartAtItsFirstQuestionMark() {
    assertThat(PlainUri.of("/v1/tenants/a")).isEqualTo(new PlainUri("/v1/tenants/a", ""));
    assertThat(PlainUri.of("/a?b=c,d")).isEqualTo(new PlainUri("/a", "b=c,d"));
    assertThat(PlainUri.of("/a/")).isEqualTo(new PlainUri("/a/", ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*",
        "a",
        "http://host/a",
        "/a%20b",
        "/a//b",
        "/a/./b",
        "/a/../b",
        "/.a",
        "/a?b=%20",
        "/a?b=c+d",
        "/a?b;c",
        "/a?b?c",
        "/a#b",
        "/a b",
        "/ä",
        "/a\\b",
        "/a;b",
        "/a+b",
        "/~a",
      })
  void uri_thatMayStandForAnother_isTheLibrarys(String uri) {
    assertThat(PlainUri.of(uri)).isNull();
  }

  @Test
  void uri_thatIsVeryLong_isTheLibrarys() {
    assertThat(PlainUri.of("/" + "a".repeat(1_023))).isNotNull();
    assertThat(PlainUri.of("/" + "a".repeat(1_024))).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a=1",
        "a=1&b=2",
        "a=1&a=2",
        "a",
        "a&b",
        "a=",
        "=a",
        "&a=1",
        "a=1&",
        "a=1&&b=2",
        "a==1",
        "a=b=c",
        "A=1&a=2",
        "instance=k-1&version=sha256:ab",
        "=",
        "&",
        "a=x.y_z/:-",
      })
  void parameters_areThoseThatTheLibraryReads(String query) {
    PlainUri uri = new PlainUri("/a", query);
    QueryStringDecoder library = new QueryStringDecoder("/a?" + query);

    library
        .parameters()
        .forEach((name, values) -> assertThat(uri.parameters().getAll(name)).containsAll(values));
    assertThat(uri.parameters().entries())
        .hasSize(library.parameters().values().stream().mapToInt(values -> values.size()).sum());
  }
}
