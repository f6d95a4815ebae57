package dev.cloister.sandbox.http.field;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.sandbox.problem.ApiException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Digest fields, with the examples of RFC 9530.
final class DigestFieldTest {
  private static final byte[] BODY = "{\"hello\": \"world\"}\n".getBytes(StandardCharsets.UTF_8);
  private static final String SHA_256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
  private static final String SHA_512 =
      "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4y"
          + "P+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";

  @Test
  void parse_knownAlgorithms_areThere_othersIgnored() {
    var digests = DigestField.parse("Content-Digest", SHA_256 + ", md5=:AAAA:;p=1 ," + SHA_512);

    assertThat(digests).hasSize(2);
    for (DigestAlgorithm algorithm : DigestAlgorithm.values()) {
      assertThat(digests.get(algorithm)).isEqualTo(algorithm.start().digest(BODY));
    }
  }

  @Test
  void text_isWhatParseReads() {
    byte[] digest = DigestAlgorithm.SHA_256.start().digest(BODY);

    assertThat(DigestField.text(DigestAlgorithm.SHA_256, digest)).isEqualTo(SHA_256);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "sha-256", "sha-256=abc", "sha-256=:!:", "sha-256=:A:", ",", "=:AA:"})
  void parse_malformed_isRefused(String text) {
    assertThatThrownBy(() -> DigestField.parse("Repr-Digest", text))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("Repr-Digest");
  }

  @Test
  void wanted_isTheKnownOneWithTheLargestWeight() {
    assertThat(DigestField.wanted("sha-256=3, sha-512=10")).isEqualTo(DigestAlgorithm.SHA_512);
    assertThat(DigestField.wanted("unixsum=9, sha-256=1")).isEqualTo(DigestAlgorithm.SHA_256);
    assertThat(DigestField.wanted("sha-256=0")).isNull();
    assertThat(DigestField.wanted("sha-256=x")).isNull();
    assertThat(DigestField.wanted(null)).isNull();
  }
}
