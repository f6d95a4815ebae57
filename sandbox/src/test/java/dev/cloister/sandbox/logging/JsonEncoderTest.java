package dev.cloister.sandbox.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Each line of the log is one JSON object with the keys of its message.
final class JsonEncoderTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static JsonNode encode(
      String message, @Nullable Throwable thrown, @Nullable Object... arguments)
      throws IOException {
    LoggerContext context = new LoggerContext();
    LoggingEvent event =
        new LoggingEvent(
            "",
            context.getLogger("dev.cloister.sandbox.Sandbox"),
            Level.INFO,
            message,
            thrown,
            arguments);
    event.setInstant(Instant.parse("2026-01-01T00:00:00Z"));
    String line = new String(new JsonEncoder().encode(event), StandardCharsets.UTF_8);
    assertThat(line).endsWith("\n").doesNotContain("\n{");
    assertThat(line.strip()).doesNotContain("\n");
    return MAPPER.readTree(line);
  }

  @Test
  void message_becomesItsKeys() throws IOException {
    JsonNode line =
        encode("event=started host={} port={} reason=\"it was {}\"", null, "::1", 80, "asked");

    assertThat(line.path("time").asText()).isEqualTo("2026-01-01T00:00:00Z");
    assertThat(line.path("level").asText()).isEqualTo("INFO");
    assertThat(line.path("logger").asText()).isEqualTo("Sandbox");
    assertThat(line.path("event").asText()).isEqualTo("started");
    assertThat(line.path("host").asText()).isEqualTo("::1");
    assertThat(line.path("port").asText()).isEqualTo("80");
    assertThat(line.path("reason").asText()).isEqualTo("it was asked");
    assertThat(line.has("message")).isFalse();
  }

  @Test
  void value_addsNoKey_andNoLine() throws IOException {
    JsonNode line = encode("event=x trace={}", null, "1 level=ERROR\n{\"event\":\"forged\"} a=\"");

    assertThat(line.path("level").asText()).isEqualTo("INFO");
    assertThat(line.path("event").asText()).isEqualTo("x");
    assertThat(line.path("trace").asText()).contains("forged");
    assertThat(line.has("a")).isFalse();
  }

  @Test
  void messageOfAnotherForm_staysWhole_andAFaultHasItsStack() throws IOException {
    JsonNode line = encode("Something {} happened", new IOException("disk"), "bad");

    assertThat(line.path("message").asText()).isEqualTo("Something bad happened");
    assertThat(line.path("stack").asText()).contains("IOException: disk").contains("\tat ");
  }
}
