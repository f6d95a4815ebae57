package dev.cloister.sandbox.http.handler;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The Common Gateway Interface: the request in environment variables, its body as standard input,
/// the answer as header lines, an empty line and the body.
///
/// Source: RFC 3875; what it leaves open is as in WAGI, `docs/environment_variables.md` of
/// deislabs/wagi: the argument list is the query, divided at each `&`.
final class CgiStyle implements HandlerStyle {
  /// The most bytes of an answer's header.
  private static final int MAX_HEADER_BYTES = 64 << 10;

  private static final int FOUND = 302;
  private static final int OK = 200;
  private static final String STATUS = "status";
  private static final String LOCATION = "location";
  private static final String CONTENT_TYPE = "content-type";

  /// A field whose name has other characters could pass for one that the server checks.
  private static final Pattern VARIABLE_NAME = Pattern.compile("[A-Za-z0-9-]+");

  @Override
  public String programName(HandlerRequest request) {
    return request.scriptName();
  }

  @Override
  public List<String> arguments(HandlerRequest request) {
    return Arrays.stream(request.query().split("[& ]", -1))
        .filter(word -> !word.isEmpty())
        .toList();
  }

  @Override
  public Map<String, String> environment(HandlerRequest request, int bodyBytes) {
    Map<String, String> variables = new LinkedHashMap<>();
    addFields(variables, request);
    String pathInfo = request.pathInfo();
    String address = request.remoteAddress() == null ? "" : request.remoteAddress();
    variables.put("AUTH_TYPE", "Bearer");
    variables.put("CONTENT_LENGTH", Integer.toString(bodyBytes));
    @Nullable String contentType = request.field(CONTENT_TYPE);
    variables.put("CONTENT_TYPE", contentType == null ? "" : contentType);
    variables.put("GATEWAY_INTERFACE", "CGI/1.1");
    variables.put("HTTP_HOST", request.authority());
    variables.put("PATH_INFO", pathInfo);
    variables.put("PATH_TRANSLATED", pathInfo);
    variables.put("QUERY_STRING", request.query());
    variables.put("REMOTE_ADDR", address);
    variables.put("REMOTE_HOST", address);
    variables.put("REMOTE_USER", request.user());
    variables.put("REQUEST_METHOD", request.method());
    variables.put("SCRIPT_NAME", request.scriptName());
    variables.put("SERVER_NAME", request.host());
    variables.put("SERVER_PORT", request.port());
    variables.put("SERVER_PROTOCOL", request.protocol());
    variables.put("SERVER_SOFTWARE", "WAGI/1");
    variables.put("X_FULL_URL", request.url());
    variables.put("X_MATCHED_ROUTE", request.scriptName() + "/...");
    variables.put("X_RAW_PATH_INFO", request.rawPath());
    addTrace(variables, request);
    return variables;
  }

  @Override
  public byte[] standardInput(HandlerRequest request, byte[] body) {
    return body;
  }

  @Override
  public HandlerAnswer answer(byte[] output) throws MalformedAnswerException {
    HandlerAnswer.Fields fields = new HandlerAnswer.Fields();
    int status = 0;
    int at = 0;
    for (int number = 1; ; number++) {
      int end = lineEnd(output, at, number);
      String line = line(output, at, end);
      at = end + 1;
      if (line.isEmpty()) {
        break;
      }
      String where = "line " + number;
      int colon = line.indexOf(':');
      if (colon < 0) {
        throw new MalformedAnswerException(where, line, "a header field, or empty before the body");
      }
      String name = line.substring(0, colon);
      String value = line.substring(colon + 1).strip();
      if (name.toLowerCase(Locale.ROOT).equals(STATUS)) {
        status = HandlerAnswer.status(value.split(" ", 2)[0], where);
      } else {
        fields.add(name, value, where);
      }
    }
    if (!fields.has(CONTENT_TYPE) && !fields.has(LOCATION)) {
      throw new MalformedAnswerException("the header", "neither", "with content-type or location");
    }
    if (status == 0) {
      status = fields.has(LOCATION) ? FOUND : OK;
    }
    return new HandlerAnswer(
        status, fields.forClients(), Arrays.copyOfRange(output, at, output.length));
  }

  /// The trace under the names that OpenTelemetry gives environment variables.
  static void addTrace(Map<String, String> variables, HandlerRequest request) {
    variables.put("TRACEPARENT", request.trace().parent());
    @Nullable String state = request.trace().state();
    if (state != null) {
      variables.put("TRACESTATE", state);
    }
  }

  private static void addFields(Map<String, String> variables, HandlerRequest request) {
    for (Map.Entry<String, String> field : request.fields()) {
      String name = field.getKey();
      if (HandlerFields.isForHandlers(name) && VARIABLE_NAME.matcher(name).matches()) {
        variables.merge(
            "HTTP_" + name.toUpperCase(Locale.ROOT).replace('-', '_'),
            field.getValue(),
            (first, more) -> first + ", " + more);
      }
    }
  }

  /// The end of the line at `from`: the place of its line feed.
  private static int lineEnd(byte[] output, int from, int number) throws MalformedAnswerException {
    int limit = Math.min(output.length, MAX_HEADER_BYTES);
    for (int i = from; i < limit; i++) {
      if (output[i] == '\n') {
        return i;
      }
    }
    if (limit == MAX_HEADER_BYTES) {
      throw new MalformedAnswerException(
          "the header", "longer", "of at most " + MAX_HEADER_BYTES + " bytes");
    }
    if (output.length == 0) {
      throw new MalformedAnswerException("standard output", "", "header lines and an empty line");
    }
    throw new MalformedAnswerException(
        "line " + number,
        line(output, from, output.length),
        "followed by an empty line before the body");
  }

  /// The line without its end; carriage returns before a line feed belong to that.
  private static String line(byte[] output, int from, int end) {
    int length = end > from && output[end - 1] == '\r' ? end - 1 - from : end - from;
    return new String(output, from, length, StandardCharsets.ISO_8859_1);
  }
}
