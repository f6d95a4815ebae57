package dev.cloister.isolate.imports;

import dev.cloister.isolate.host.HttpField;
import dev.cloister.isolate.host.OutboundRequest;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Reads what guests write to send a request: a line with method and URL, then a line for each
/// field, as in `GET https://example.com/` and `accept: text/plain`.
final class RequestHead {
  private static final int MAX_FIELDS = 100;

  private RequestHead() {}

  /// The request that `text` stands for.
  ///
  /// @throws ImportException `INVALID`, with the number of the line
  static OutboundRequest parse(String text, byte[] body) {
    String[] lines = text.split("\r?\n", -1);
    String[] first = lines[0].split(" ", -1);
    if (first.length != 2 || !first[0].matches("[A-Za-z]{1,16}")) {
      throw invalid(1, "must be a method, a space and a URL");
    }
    List<HttpField> fields = new ArrayList<>();
    for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
      int colon = lines[i].indexOf(':');
      if (colon <= 0) {
        throw invalid(i + 1, "must be a field: name, a colon, value");
      }
      if (fields.size() == MAX_FIELDS) {
        throw invalid(i + 1, "is one field too many; allowed are " + MAX_FIELDS);
      }
      fields.add(
          new HttpField(lines[i].substring(0, colon), lines[i].substring(colon + 1).strip()));
    }
    try {
      return OutboundRequest.of(first[0].toUpperCase(Locale.ROOT), new URI(first[1]), fields, body);
    } catch (URISyntaxException e) {
      throw invalid(1, "has a malformed URL at character " + e.getIndex());
    }
  }

  private static ImportException invalid(int line, String what) {
    return new ImportException(ResultCode.INVALID, "line " + line + " of the request " + what);
  }
}
