package dev.cloister.isolate.egress;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or one address. Immutable.
public final class AddressRange {
  /// What an address can consist of; so no text is ever looked up as a name.
  private static final Pattern LITERAL =
      Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*");

  private final byte[] network;
  private final int prefixBits;

  private AddressRange(byte[] network, int prefixBits) {
    this.network = network;
    this.prefixBits = prefixBits;
  }

  /// The addresses that begin with the first `prefixBits` bits of `network`, 4 or 16 bytes.
  static AddressRange of(byte[] network, int prefixBits) {
    return new AddressRange(network.clone(), prefixBits);
  }

  /// The addresses that share their first `prefixBits` bits with `address`.
  public static AddressRange around(InetAddress address, int prefixBits) {
    byte[] network = address.getAddress();
    for (int bit = prefixBits; bit < network.length * Byte.SIZE; bit++) {
      network[bit / Byte.SIZE] &= (byte) ~(0x80 >> bit % Byte.SIZE);
    }
    return new AddressRange(network, prefixBits);
  }

  /// Reads an address, with `/` and the bits of the prefix or without.
  ///
  /// @throws IllegalArgumentException if it is none, or has bits set behind the prefix
  public static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    byte[] address = literal(slash < 0 ? text : text.substring(0, slash), text);
    int bits = address.length * Byte.SIZE;
    int prefix = slash < 0 ? bits : number(text.substring(slash + 1), bits, text);
    for (int bit = prefix; bit < bits; bit++) {
      if (isSet(address, bit)) {
        throw new IllegalArgumentException(
            "\""
                + text
                + "\" has bits set behind its prefix; the range is "
                + around(ofBytes(address), prefix));
      }
    }
    return new AddressRange(address, prefix);
  }

  /// Whether `address` is in it. An IPv4 range has no IPv6 addresses, whatever they contain.
  public boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length != network.length) {
      return false;
    }
    for (int bit = 0; bit < prefixBits; bit++) {
      if (isSet(bytes, bit) != isSet(network, bit)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AddressRange range
        && prefixBits == range.prefixBits
        && Arrays.equals(network, range.network);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(network) + prefixBits;
  }

  @Override
  public String toString() {
    return ofBytes(network).getHostAddress() + "/" + prefixBits;
  }

  private static InetAddress ofBytes(byte[] address) {
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("addresses have 4 or 16 bytes", e);
    }
  }

  private static boolean isSet(byte[] address, int bit) {
    return (address[bit / Byte.SIZE] >> (Byte.SIZE - 1 - bit % Byte.SIZE) & 1) != 0;
  }

  private static byte[] literal(String address, String text) {
    if (LITERAL.matcher(address).matches()) {
      try {
        return InetAddress.ofLiteral(address).getAddress();
      } catch (IllegalArgumentException _) {
        // said below
      }
    }
    throw new IllegalArgumentException(
        "expected a range of addresses such as 10.0.0.0/8 or ::1, got \"" + text + "\"");
  }

  private static int number(String digits, int max, String text) {
    if (digits.matches("[0-9]{1,3}") && Integer.parseInt(digits) <= max) {
      return Integer.parseInt(digits);
    }
    throw new IllegalArgumentException(
        "the prefix of \"" + text + "\" must be a number from 0 to " + max);
  }
}
