package dev.cloister.isolate.egress;

import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;
import dev.cloister.isolate.host.HttpField;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// Looks at the header fields that a guest wants to send (RFC 9110, section 5).
final class RequestFields {
  private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
  private static final Pattern VALUE = Pattern.compile("[\\t\\x20-\\x7E\\x80-\\xFF]*");

  /// What says where a message ends or belongs to the connection: the host's business, lest two
  /// ends of a connection read different messages.
  private static final Set<String> RESERVED =
      Set.of(
          "connection",
          "content-length",
          "expect",
          "host",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /// What only the host that it was meant for may get.
  private static final Set<String> CREDENTIALS = Set.of("authorization", "cookie");

  private RequestFields() {}

  /// The fields to be sent; a `Content-Length` that is right is left to the client.
  ///
  /// @throws HostServiceException `INVALID` or `TOO_LARGE`
  static List<HttpField> check(List<HttpField> fields, int bodyBytes, int maxBytes) {
    List<HttpField> checked = new ArrayList<>(fields.size());
    long bytes = 0;
    for (HttpField field : fields) {
      String name = field.name().toLowerCase(Locale.ROOT);
      if (!NAME.matcher(name).matches()) {
        throw new HostServiceException(
            HostError.INVALID, "\"" + printable(field.name()) + "\" is no name of a field");
      }
      if (!VALUE.matcher(field.value()).matches()) {
        throw new HostServiceException(
            HostError.INVALID, "the value of the field " + name + " has a control character");
      }
      if (name.equals("content-length") && field.value().equals(Integer.toString(bodyBytes))) {
        continue;
      }
      if (RESERVED.contains(name)) {
        throw new HostServiceException(
            HostError.INVALID, "the field " + name + " is set by the host");
      }
      bytes += name.length() + field.value().length() + 4L;
      checked.add(new HttpField(name, field.value()));
    }
    if (bytes > maxBytes) {
      throw new HostServiceException(
          HostError.TOO_LARGE, "the fields have " + bytes + " bytes; allowed are " + maxBytes);
    }
    return checked;
  }

  /// The fields that another host may get, too.
  static List<HttpField> withoutCredentials(List<HttpField> fields) {
    return fields.stream().filter(field -> !CREDENTIALS.contains(field.name())).toList();
  }

  /// The fields of a request that has lost its body.
  static List<HttpField> withoutContent(List<HttpField> fields) {
    return fields.stream().filter(field -> !field.name().startsWith("content-")).toList();
  }

  private static String printable(String text) {
    return text.replaceAll("[^\\x20-\\x7E]", "?");
  }
}
