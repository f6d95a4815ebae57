package dev.cloister.sandbox.http.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.sandbox.http.field.TraceContext;
import dev.cloister.sandbox.problem.ApiException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CgiStyleTest {
  private final CgiStyle style = new CgiStyle();

  @Test
  void environment_saysAllOfTheRequest() {
    Map<String, String> environment = style.environment(request("/a%20b/%C3%A4", "x=1&y"), 7);

    assertThat(environment)
        .containsEntry("AUTH_TYPE", "Bearer")
        .containsEntry("CONTENT_LENGTH", "7")
        .containsEntry("CONTENT_TYPE", "text/csv")
        .containsEntry("GATEWAY_INTERFACE", "CGI/1.1")
        .containsEntry("HTTP_ACCEPT", "text/html, text/plain")
        .containsEntry("HTTP_HOST", "[::1]:8080")
        .containsEntry("HTTP_USER_AGENT", "test")
        .containsEntry("PATH_INFO", "/a b/ä")
        .containsEntry("PATH_TRANSLATED", "/a b/ä")
        .containsEntry("QUERY_STRING", "x=1&y")
        .containsEntry("REMOTE_ADDR", "192.0.2.1")
        .containsEntry("REMOTE_HOST", "192.0.2.1")
        .containsEntry("REMOTE_USER", "key:k1")
        .containsEntry("REQUEST_METHOD", "POST")
        .containsEntry("SCRIPT_NAME", "/v1/tenants/t/plugins/p/http")
        .containsEntry("SERVER_NAME", "[::1]")
        .containsEntry("SERVER_PORT", "8080")
        .containsEntry("SERVER_PROTOCOL", "HTTP/1.1")
        .containsEntry("SERVER_SOFTWARE", "WAGI/1")
        .containsEntry(
            "X_FULL_URL", "http://[::1]:8080/v1/tenants/t/plugins/p/http/a%20b/%C3%A4?x=1&y")
        .containsEntry("X_MATCHED_ROUTE", "/v1/tenants/t/plugins/p/http/...")
        .containsEntry("X_RAW_PATH_INFO", "/a%20b/%C3%A4")
        .containsKey("TRACEPARENT");
  }

  @Test
  void environment_hasNothingOfTheKeyAndTheConnection() {
    assertThat(style.environment(request("/", ""), 0))
        .doesNotContainKeys(
            "HTTP_AUTHORIZATION",
            "HTTP_COOKIE",
            "HTTP_PROXY",
            "HTTP_CONNECTION",
            "HTTP_TRANSFER_ENCODING")
        .doesNotContainKey("HTTP_X_FORGED"); // an underscore could pass for a hyphen
  }

  @Test
  void arguments_areThePartsOfTheQuery() {
    assertThat(style.arguments(request("/", "one&two=2&&three")))
        .containsExactly("one", "two=2", "three");
    assertThat(style.arguments(request("/", ""))).isEmpty();
    assertThat(style.programName(request("/", ""))).isEqualTo("/v1/tenants/t/plugins/p/http");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/%", "/%4", "/%4x", "/%00", "/%ff", "/a%C3"})
  void pathThatIsNoText_isRefused(String path) {
    assertThatThrownBy(() -> style.environment(request(path, ""), 0))
        .isInstanceOfSatisfying(
            ApiException.class,
            e -> assertThat(e.problem().members()).containsEntry("actual", path));
  }

  @Test
  void answer_hasStatusFieldsAndBody() throws MalformedAnswerException {
    HandlerAnswer answer =
        answer("Content-Type: text/plain\r\nStatus: 404 Not here\nX-A: 1\nx-a:2 \n\nbody\n\nmore");

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.fields())
        .containsEntry("content-type", "text/plain")
        .containsEntry("x-a", "1, 2")
        .containsEntry("content-security-policy", "sandbox")
        .hasSize(3);
    assertThat(answer.body()).asString(StandardCharsets.UTF_8).isEqualTo("body\n\nmore");
  }

  @Test
  void status_isFoundWithLocationElseOk() throws MalformedAnswerException {
    assertThat(answer("content-type: a/b\n\n").status()).isEqualTo(200);
    assertThat(answer("location: /x\n\n").status()).isEqualTo(302);
    assertThat(answer("location: /x\nstatus: 307\n\n").status()).isEqualTo(307);
    assertThat(answer("status: 204\ncontent-type: a/b\n\nbody").body()).isEmpty();
  }

  @Test
  void fieldsOfTheServer_doNotPass() throws MalformedAnswerException {
    HandlerAnswer answer =
        answer(
            """
            content-type: text/html
            content-length: 5
            transfer-encoding: chunked
            connection: close
            set-cookie: cloister_session=mine
            access-control-allow-origin: *
            clear-site-data: "*"
            cloister-version: forged
            traceparent: forged
            content-security-policy: default-src 'none'

            x\
            """);

    assertThat(answer.fields())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "content-type", "text/html",
                "content-security-policy", "default-src 'none', sandbox"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|standard output",
        "no header at all|line 1",
        "content-type: a/b\\n|line 2",
        "content-type: a/b\\nno field\\n\\n|line 2",
        "x-a: 1\\n\\nbody|the header",
        "\\ncontent-type: a/b|the header",
        "bad name: 1\\n\\n|line 1",
        ": 1\\n\\n|line 1",
        "x-a: a\\rb\\n\\n|line 1",
        "status: 99\\n\\n|line 1",
        "status: 600\\n\\n|line 1",
        "status: 101 Switching\\n\\n|line 1",
        "status: ok\\n\\n|line 1",
        "status:\\n\\n|line 1",
      })
  void whatIsNoAnswer_isRefusedWithItsPlace(String output, String where) {
    assertThatThrownBy(() -> answer(output.replace("\\n", "\n").replace("\\r", "\r")))
        .isInstanceOfSatisfying(
            MalformedAnswerException.class, e -> assertThat(e.where()).isEqualTo(where));
  }

  @Test
  void endlessHeader_isRefused() {
    assertThatThrownBy(() -> answer("x-a: 1\n".repeat(10_000)))
        .isInstanceOf(MalformedAnswerException.class)
        .hasMessage("the header must be of at most 65536 bytes");
  }

  private HandlerAnswer answer(String output) throws MalformedAnswerException {
    return style.answer(output.getBytes(StandardCharsets.UTF_8));
  }

  static HandlerRequest request(String rawPath, String query) {
    return new HandlerRequest(
        "POST",
        "HTTP/1.1",
        "http",
        "[::1]:8080",
        "/v1/tenants/t/plugins/p/http",
        rawPath,
        query,
        List.of(
            Map.entry("Accept", "text/html"),
            Map.entry("accept", "text/plain"),
            Map.entry("Authorization", "Bearer secret"),
            Map.entry("Connection", "keep-alive"),
            Map.entry("Content-Type", "text/csv"),
            Map.entry("Cookie", "cloister_session=secret"),
            Map.entry("Proxy", "http://evil.example"),
            Map.entry("Transfer-Encoding", "chunked"),
            Map.entry("User-Agent", "test"),
            Map.entry("X_Forged", "1")),
        "192.0.2.1",
        "key:k1",
        TraceContext.of(List.of(), List.of()));
  }
}
