package dev.cloister.sandbox.http.handler;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.Problem;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The convention of Wasm Workers Server: one JSON object as standard input, one as standard
/// output.
///
/// Its map `kv`, which that server keeps for a worker, is empty here, and what comes back in it is
/// refused: a plugin that keeps something asks for the key-value store.
///
/// Source: vmware-labs/wasm-workers-server, `crates/worker/src/io.rs`.
final class JsonStyle implements HandlerStyle {
  private static final int OK = 200;

  /// The request.
  record Input(
      String url,
      String method,
      Map<String, String> headers,
      String body,
      Map<String, String> kv,
      Map<String, String> params) {}

  /// The answer.
  ///
  /// @param data the body
  /// @param base64 whether `data` is in Base64
  record Output(
      @JsonProperty("data") @Nullable String data,
      @JsonProperty("headers") @Nullable Map<String, @Nullable String> headers,
      @JsonProperty("status") @Nullable Integer status,
      @JsonProperty("kv") @Nullable Map<String, @Nullable String> kv,
      @JsonProperty("base64") @Nullable Boolean base64) {}

  @Override
  public String programName(HandlerRequest request) {
    return request.scriptName();
  }

  @Override
  public List<String> arguments(HandlerRequest request) {
    return List.of();
  }

  @Override
  public Map<String, String> environment(HandlerRequest request, int bodyBytes) {
    Map<String, String> variables = new LinkedHashMap<>();
    CgiStyle.addTrace(variables, request);
    return variables;
  }

  @Override
  public byte[] standardInput(HandlerRequest request, byte[] body) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (Map.Entry<String, String> field : request.fields()) {
      if (HandlerFields.isForHandlers(field.getKey())) {
        headers.merge(
            field.getKey().toLowerCase(Locale.ROOT),
            field.getValue(),
            (first, more) -> first + ", " + more);
      }
    }
    return Json.write(
        new Input(request.url(), request.method(), headers, text(body), Map.of(), Map.of()));
  }

  @Override
  public HandlerAnswer answer(byte[] output) throws MalformedAnswerException {
    Output answer;
    try {
      answer = Json.read(output, Output.class);
    } catch (ApiException e) {
      throw new MalformedAnswerException(
          "standard output", e.problem().detail(), "one JSON object with the answer");
    }
    HandlerAnswer.Fields fields = new HandlerAnswer.Fields();
    @Nullable Map<String, @Nullable String> headers = answer.headers();
    if (headers != null) {
      for (Map.Entry<String, @Nullable String> field : headers.entrySet()) {
        @Nullable String value = field.getValue();
        if (value == null) {
          throw new MalformedAnswerException("headers", field.getKey(), "with a value each");
        }
        fields.add(field.getKey(), value, "headers");
      }
    }
    if (!fields.has("content-type")) {
      fields.add("content-type", "text/plain; charset=utf-8", "headers");
    }
    @Nullable Map<String, @Nullable String> kept = answer.kv();
    if (kept != null && !kept.isEmpty()) {
      throw new MalformedAnswerException(
          "kv", String.join(", ", kept.keySet()), "empty: nothing is kept in it");
    }
    @Nullable Integer status = answer.status();
    return new HandlerAnswer(
        status == null ? OK : HandlerAnswer.status(status.toString(), "status"),
        fields.forClients(),
        body(answer));
  }

  private static byte[] body(Output answer) throws MalformedAnswerException {
    @Nullable String data = answer.data();
    if (data == null) {
      return new byte[0];
    }
    if (!Boolean.TRUE.equals(answer.base64())) {
      return data.getBytes(StandardCharsets.UTF_8);
    }
    try {
      return Base64.getDecoder().decode(data);
    } catch (IllegalArgumentException _) {
      throw new MalformedAnswerException("data", data, "Base64, as base64 says");
    }
  }

  private static String text(byte[] body) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException _) {
      throw Problem.invalid("the body", body.length + " bytes", "UTF-8: the plugin takes JSON")
          .asException();
    }
  }
}
