package dev.cloister.sandbox.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import dev.cloister.sandbox.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Writes each line of the log as a JSON object: `time`, `level`, `logger`, `thread`, then the keys
/// of the message, which are `event`, `isolate`, `trace` and the like; `stack` if there is one.
///
/// Messages are `key=value key="value"`. Keys are found in what the program wrote, never in the
/// values put into it, so nobody can add a key by what he sends.
final class JsonEncoder extends EncoderBase<ILoggingEvent> {
  private static final Pattern PAIR =
      Pattern.compile("(\\w+)=(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s\"]*))(?:\\s+|$)");
  private static final byte[] NOTHING = new byte[0];

  /// What stands for a value in the text of a message.
  private static final String PLACE = "{}";

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put("time", event.getInstant().toString());
    line.put("level", event.getLevel().toString());
    String logger = event.getLoggerName();
    line.put("logger", logger.substring(logger.lastIndexOf('.') + 1));
    line.put("thread", event.getThreadName());
    putMessage(line, event);
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      line.put("stack", ThrowableProxyUtil.asString(thrown));
    }
    byte[] json = Json.write(line);
    byte[] bytes = new byte[json.length + 1];
    System.arraycopy(json, 0, bytes, 0, json.length);
    bytes[json.length] = '\n';
    return bytes;
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  private static void putMessage(Map<String, @Nullable Object> line, ILoggingEvent event) {
    Map<String, Object> fields = fields(event);
    if (fields.isEmpty()) {
      line.put("message", event.getFormattedMessage());
    } else {
      // Ours come last, so that no field hides them.
      fields.forEach(line::putIfAbsent);
    }
  }

  /// Returns the keys of a message with their values; none if it is not of that form.
  static Map<String, Object> fields(ILoggingEvent event) {
    @Nullable String template = event.getMessage();
    return template == null ? Map.of() : fields(template, event);
  }

  private static Map<String, Object> fields(String template, ILoggingEvent event) {
    @Nullable Object @Nullable [] arguments = event.getArgumentArray();
    Map<String, Object> fields = new LinkedHashMap<>();
    Matcher pair = PAIR.matcher(template);
    int end = 0;
    int next = 0;
    while (pair.find() && pair.start() == end) {
      end = pair.end();
      String text = pair.group(2) == null ? pair.group(3) : pair.group(2);
      StringBuilder value = new StringBuilder();
      int from = 0;
      for (int at = text.indexOf(PLACE); at >= 0; at = text.indexOf(PLACE, from)) {
        value.append(text, from, at);
        boolean isGiven = arguments != null && next < arguments.length;
        value.append(isGiven && arguments != null ? String.valueOf(arguments[next]) : PLACE);
        next++;
        from = at + PLACE.length();
      }
      fields.put(pair.group(1), value.append(text, from, text.length()).toString());
    }
    return end == template.length() ? fields : Map.of();
  }
}
