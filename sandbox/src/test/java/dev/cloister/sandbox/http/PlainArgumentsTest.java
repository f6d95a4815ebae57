package dev.cloister.sandbox.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cloister.sandbox.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PlainArgumentsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"args\":[]}",
        "{\"args\":[1,2]}",
        " { \"args\" : [ 1 ,\t2 ]\r\n} ",
        "{\"args\":[0,-1,2147483647,-2147483648,2147483648,999999999999999999]}",
        "{\"args\":[\"\",\"text\",\"9223372036854775807\"]}",
        "{\"args\":[true,false,null]}",
      })
  void plainBody_isReadAsJsonsReaderDoes(String body) {
    @Nullable List<@Nullable Object> plain = PlainArguments.read(bytes(body));

    assertThat(plain).isNotNull().isEqualTo(Json.read(bytes(body), CallArguments.class).args());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "[]",
        "null",
        "{\"args\":null}",
        "{\"args\":1}",
        "{\"args\":[1,2]",
        "{\"args\":[1,2]}x",
        "{\"args\":[1,2],\"more\":1}",
        "{\"args\":[1],\"args\":[2]}",
        "{\"argz\":[1]}",
        "{\"args\":[1,]}",
        "{\"args\":[,1]}",
        "{\"args\":[01]}",
        "{\"args\":[-0]}",
        "{\"args\":[-]}",
        "{\"args\":[1.5]}",
        "{\"args\":[1e3]}",
        "{\"args\":[1x]}",
        "{\"args\":[1000000000000000000]}",
        "{\"args\":[\"a\\nb\"]}",
        "{\"args\":[\"a\nb\"]}",
        "{\"args\":[\"ä\"]}",
        "{\"args\":[\"a]}",
        "{\"args\":[truex]}",
        "{\"args\":[nul]}",
        "{\"args\":[[1]]}",
        "{\"args\":[{}]}",
      })
  void anythingElse_isJsonsReaders(String body) {
    assertThat(PlainArguments.read(bytes(body))).isNull();
  }

  @Test
  void largeBody_isJsonsReaders() {
    assertThat(PlainArguments.read(bytes("{\"args\":[\"" + "a".repeat(600) + "\"]}"))).isNull();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
