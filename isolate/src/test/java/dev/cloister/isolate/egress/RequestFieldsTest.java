package dev.cloister.isolate.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.HttpField;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RequestFieldsTest {
  private static final HttpField TYPE = new HttpField("content-type", "text/plain");
  private static final HttpField KEY = new HttpField("authorization", "Bearer x");

  @Test
  void fields_allowed_areKeptInLowerCase() {
    assertThat(check(new HttpField("Content-Type", "text/plain"), new HttpField("X-A", "1\t2")))
        .containsExactly(TYPE, new HttpField("x-a", "1\t2"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host",
        "Connection",
        "Transfer-Encoding",
        "Upgrade",
        "TE",
        "Trailer",
        "Expect",
        "Keep-Alive",
        "Proxy-Authorization",
        "Content-Length",
        "",
        "a b",
        "a:b",
        "a\nb",
        "ä"
      })
  void field_ofTheConnectionOrMalformed_isInvalid(String name) {
    assertRefused(HostError.INVALID, new HttpField(name, "1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nX-B: 1", "a\nb", "a\0b", "\u007f", "\u0100"})
  void value_withControlCharacter_isInvalid(String value) {
    assertRefused(HostError.INVALID, new HttpField("x-a", value));
  }

  @Test
  void contentLength_thatIsRight_isLeftToTheClient() {
    assertThat(check(new HttpField("Content-Length", "7"))).isEmpty();
  }

  @Test
  void fields_tooLarge_areRefused() {
    assertRefused(HostError.TOO_LARGE, new HttpField("x-a", "1".repeat(100)));
  }

  @Test
  void fields_forAnotherHost_haveNoCredentials() {
    List<HttpField> fields = List.of(TYPE, KEY, new HttpField("cookie", "a=b"));

    assertThat(RequestFields.withoutCredentials(fields)).containsExactly(TYPE);
    assertThat(RequestFields.withoutContent(List.of(TYPE, KEY))).containsExactly(KEY);
  }

  private static List<HttpField> check(HttpField... fields) {
    return RequestFields.check(List.of(fields), /* bodyBytes= */ 7, /* maxBytes= */ 100);
  }

  private static void assertRefused(HostError error, HttpField field) {
    assertThatThrownBy(() -> check(field))
        .isInstanceOfSatisfying(
            HostServiceException.class, e -> assertThat(e.error()).isEqualTo(error));
  }
}
