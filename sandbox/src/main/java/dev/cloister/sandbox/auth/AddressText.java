package dev.cloister.sandbox.auth;

import dev.cloister.isolate.egress.AddressRange;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// Network addresses as text, in one form for each. Names are never looked up.
final class AddressText {
  /// An IPv6 customer has at least so many bits alone, and addresses below them without end.
  private static final int IPV6_CUSTOMER_BITS = 64;

  private static final int IPV4_BYTES = 4;

  private AddressText() {}

  /// Returns the address that `text` is, or null if it is none. A scope (`%eth0`) is left out.
  static @Nullable InetAddress parse(String text) {
    int scope = text.indexOf('%');
    try {
      return InetAddress.ofLiteral(scope < 0 ? text : text.substring(0, scope));
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  /// Returns whom `address` belongs to as far as it can tell: an IPv4 address, an IPv6 prefix of 64
  /// bits, or the text itself if it is no address.
  static String source(String address) {
    @Nullable InetAddress parsed = parse(address);
    if (parsed == null) {
      return address;
    }
    return parsed.getAddress().length == IPV4_BYTES
        ? parsed.getHostAddress()
        : AddressRange.around(parsed, IPV6_CUSTOMER_BITS).toString();
  }
}
