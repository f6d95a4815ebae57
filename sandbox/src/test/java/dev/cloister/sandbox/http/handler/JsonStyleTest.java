package dev.cloister.sandbox.http.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.ApiException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class JsonStyleTest {
  private final JsonStyle style = new JsonStyle();

  @Test
  void standardInput_isTheRequest() {
    byte[] body = "bödy".getBytes(StandardCharsets.UTF_8);
    JsonNode input = Json.readTree(style.standardInput(CgiStyleTest.request("/a", "x=1"), body));

    assertThat(input.path("url").asText())
        .isEqualTo("http://[::1]:8080/v1/tenants/t/plugins/p/http/a?x=1");
    assertThat(input.path("method").asText()).isEqualTo("POST");
    assertThat(input.path("body").asText()).isEqualTo("bödy");
    assertThat(input.path("headers").path("accept").asText()).isEqualTo("text/html, text/plain");
    assertThat(input.path("headers").has("authorization")).isFalse();
    assertThat(input.path("headers").has("cookie")).isFalse();
    assertThat(input.path("kv").isEmpty()).isTrue();
    assertThat(input.path("params").isEmpty()).isTrue();
  }

  @Test
  void bodyThatIsNoText_isRefused() {
    assertThatThrownBy(
            () -> style.standardInput(CgiStyleTest.request("/", ""), new byte[] {(byte) 0xFF}))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("UTF-8");
  }

  @Test
  void answer_hasStatusHeadersAndData() throws MalformedAnswerException {
    HandlerAnswer answer =
        answer("{'data':'aGk=','base64':true,'status':201,'headers':{'X-A':'b'},'kv':{}}");

    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.body()).asString(StandardCharsets.UTF_8).isEqualTo("hi");
    assertThat(answer.fields())
        .containsEntry("x-a", "b")
        .containsEntry("content-type", "text/plain; charset=utf-8");
    assertThat(answer("{'data':'aGk='}").body()).asString(StandardCharsets.UTF_8).isEqualTo("aGk=");
    assertThat(answer("{}").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|standard output",
        "no json|standard output",
        "[]|standard output",
        "{'unknown':1}|standard output",
        "{'status':99}|status",
        "{'headers':{'a b':'c'}}|headers",
        "{'headers':{'a':null}}|headers",
        "{'data':'-','base64':true}|data",
        "{'kv':{'a':'b'}}|kv",
      })
  void whatIsNoAnswer_isRefusedWithItsPlace(String output, String where) {
    assertThatThrownBy(() -> answer(output))
        .isInstanceOfSatisfying(
            MalformedAnswerException.class, e -> assertThat(e.where()).isEqualTo(where));
  }

  private HandlerAnswer answer(String output) throws MalformedAnswerException {
    return style.answer(output.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
