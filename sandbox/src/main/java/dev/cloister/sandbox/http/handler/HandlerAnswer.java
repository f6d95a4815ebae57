package dev.cloister.sandbox.http.handler;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// What a handler answered.
///
/// @param status the status code, from 200 to 599
/// @param fields the header fields that are passed on, by lower-case name; `content-type` among
///   them unless there is no body
/// @param body the body
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record HandlerAnswer(int status, Map<String, String> fields, byte[] body) {
  private static final int NO_CONTENT = 204;
  private static final int NOT_MODIFIED = 304;
  private static final int MIN_STATUS = 200;
  private static final int MAX_STATUS = 599;
  private static final byte[] NO_BODY = {};

  /// Copies `fields`; drops a body that the status does not allow.
  public HandlerAnswer {
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    if (status == NO_CONTENT || status == NOT_MODIFIED) {
      body = NO_BODY;
    }
  }

  /// Collects the fields of an answer.
  static final class Fields {
    private final Map<String, String> values = new LinkedHashMap<>();

    /// Adds a field, to those of the same name if there are any.
    ///
    /// @param where the place in what the handler wrote, for the error
    /// @throws MalformedAnswerException if it can be none
    void add(String name, String value, String where) throws MalformedAnswerException {
      if (!HandlerFields.isName(name)) {
        throw new MalformedAnswerException(where, name, "the name of a header field");
      }
      if (!HandlerFields.isValue(value)) {
        throw new MalformedAnswerException(
            where, value, "the value of a header field, without control characters");
      }
      if (HandlerFields.isForClients(name)) {
        values.merge(name.toLowerCase(Locale.ROOT), value, (first, more) -> first + ", " + more);
      }
    }

    boolean has(String name) {
      return values.containsKey(name);
    }

    /// The fields with what every answer gets.
    Map<String, String> forClients() {
      values.merge(
          HandlerFields.POLICY, HandlerFields.SANDBOX, (first, more) -> first + ", " + more);
      return values;
    }
  }

  /// The status code that `text` is.
  ///
  /// @throws MalformedAnswerException if it is none that a handler may answer
  static int status(String text, String where) throws MalformedAnswerException {
    try {
      int status = Integer.parseInt(text);
      if (status >= MIN_STATUS && status <= MAX_STATUS) {
        return status;
      }
    } catch (NumberFormatException _) {
      // Falls through to the exception below.
    }
    throw new MalformedAnswerException(
        where, text, "a status code from " + MIN_STATUS + " to " + MAX_STATUS);
  }
}
