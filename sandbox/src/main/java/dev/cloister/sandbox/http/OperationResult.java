package dev.cloister.sandbox.http;

import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.storage.OperationRecord;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How the work of an operation was answered.
///
/// @param status the status of the answer
/// @param headers its fields
/// @param body its body, null if it was too large to be stored and the server was restarted since
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
record OperationResult(int status, Map<String, String> headers, byte @Nullable [] body) {
  private static final int FIRST_ERROR = 400;

  /// Larger bodies are in memory only.
  private static final int MAX_STORED_BYTES = 1 << 20;

  static OperationResult of(Answer answer) {
    return new OperationResult(answer.status(), answer.headers().toMap(), answer.body());
  }

  /// Returns what was stored.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if it cannot be read
  static OperationResult of(OperationRecord.End end) {
    Map<String, String> headers = new LinkedHashMap<>();
    Json.readTree(end.headersJson().getBytes(StandardCharsets.UTF_8))
        .properties()
        .forEach(field -> headers.put(field.getKey(), field.getValue().asText()));
    return new OperationResult(end.httpStatus(), headers, end.body());
  }

  /// Returns what is to be stored.
  OperationRecord.End stored(Instant endedAt) {
    boolean isKept = body != null && body.length <= MAX_STORED_BYTES;
    return new OperationRecord.End(endedAt, status, Json.text(headers), isKept ? body : null);
  }

  /// Returns whether the answer was no error.
  boolean isSuccess() {
    return status < FIRST_ERROR;
  }

  /// Returns how many bytes it holds.
  int bodyBytes() {
    return body == null ? 0 : body.length;
  }

  /// Adds the answer as it is shown.
  ///
  /// @param withHeaders whether its fields are the plugin's own, and so part of what it answered
  void addTo(Map<String, @Nullable Object> view, boolean withHeaders) {
    view.put("httpStatus", status);
    if (withHeaders) {
      view.put("headers", new LinkedHashMap<>(headers));
    }
    String type = String.valueOf(headers.get("Content-Type"));
    if (body == null) {
      view.put("outputDropped", true);
    } else if (!isSuccess() && type.equals(Answer.PROBLEM_TYPE)) {
      addJson(view, "problem", body);
    } else if (!withHeaders && type.equals(Answer.JSON_TYPE)) {
      addJson(view, "result", body);
    } else {
      addText(view, body);
    }
  }

  /// A plugin's answer need not be what its type says.
  private static void addJson(Map<String, @Nullable Object> view, String field, byte[] body) {
    try {
      view.put(field, Json.readTree(body));
    } catch (ApiException _) {
      addText(view, body);
    }
  }

  private static void addText(Map<String, @Nullable Object> view, byte[] body) {
    try {
      view.put(
          "output", StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString());
    } catch (CharacterCodingException _) {
      view.put("outputBase64", Base64.getEncoder().encodeToString(body));
    }
  }
}
