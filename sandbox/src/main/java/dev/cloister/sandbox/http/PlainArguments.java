package dev.cloister.sandbox.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads the body of a call if it is as plain as most are: `{"args":[…]}` with whole numbers, short
/// texts of ASCII without escapes, booleans and nulls. JSON's reader, which says what is wrong,
/// costs more than such a call.
final class PlainArguments {
  private static final int MAX_BYTES = 512;

  /// Of that many digits all numbers are a [Long].
  private static final int MAX_DIGITS = 18;

  private final byte[] body;
  private int at;

  private PlainArguments(byte[] body) {
    this.body = body;
  }

  /// Returns the arguments in `body`, or null if JSON's reader is to look at it.
  static @Nullable List<@Nullable Object> read(byte[] body) {
    return body.length > MAX_BYTES ? null : new PlainArguments(body).read();
  }

  private @Nullable List<@Nullable Object> read() {
    if (!take('{') || !takeWord("\"args\"") || !take(':') || !take('[')) {
      return null;
    }
    List<@Nullable Object> arguments = new ArrayList<>(4);
    if (!take(']')) {
      do {
        if (!takeValue(arguments)) {
          return null;
        }
      } while (take(','));
      if (!take(']')) {
        return null;
      }
    }
    boolean isWhole = take('}') && next() < 0;
    return isWhole ? arguments : null;
  }

  private boolean takeValue(List<@Nullable Object> arguments) {
    int first = next();
    if (first == '"') {
      return takeText(arguments);
    }
    if (first == '-' || (first >= '0' && first <= '9')) {
      return takeNumber(arguments);
    }
    if (takeWord("true")) {
      return arguments.add(true);
    }
    if (takeWord("false")) {
      return arguments.add(false);
    }
    return takeWord("null") && arguments.add(null);
  }

  private boolean takeText(List<@Nullable Object> arguments) {
    int from = at + 1;
    int to = from;
    while (to < body.length && body[to] != '"') {
      if (body[to] < ' ' || body[to] == '\\') { // negative beyond ASCII
        return false;
      }
      to++;
    }
    at = to + 1;
    return to < body.length
        && arguments.add(new String(body, from, to - from, StandardCharsets.ISO_8859_1));
  }

  private boolean takeNumber(List<@Nullable Object> arguments) {
    boolean isNegative = body[at] == '-';
    int from = isNegative ? at + 1 : at;
    int to = from;
    long value = 0;
    while (to < body.length && body[to] >= '0' && body[to] <= '9' && to - from <= MAX_DIGITS) {
      value = 10 * value + (body[to] - '0');
      to++;
    }
    int digits = to - from;
    boolean isZeroWithMore = digits > 0 && body[from] == '0' && (digits > 1 || isNegative);
    if (digits == 0 || digits > MAX_DIGITS || isZeroWithMore || !isEndOfNumber(to)) {
      return false;
    }
    at = to;
    long signed = isNegative ? -value : value;
    // As JSON's reader has them.
    if ((int) signed == signed) {
      return arguments.add((int) signed);
    }
    return arguments.add(signed);
  }

  private boolean isEndOfNumber(int position) {
    return position < body.length && ", ]\t\r\n".indexOf(body[position]) >= 0;
  }

  private boolean take(char token) {
    if (next() != token) {
      return false;
    }
    at++;
    return true;
  }

  private boolean takeWord(String word) {
    if (next() < 0 || body.length - at < word.length()) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if (body[at + i] != word.charAt(i)) {
        return false;
      }
    }
    at += word.length();
    return true;
  }

  /// Returns the next byte that is no white space, or -1 at the end.
  private int next() {
    while (at < body.length
        && (body[at] == ' ' || body[at] == '\n' || body[at] == '\r' || body[at] == '\t')) {
      at++;
    }
    return at < body.length ? body[at] & 0xff : -1;
  }
}
