package dev.cloister.sandbox.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/// A range of network addresses in the notation of RFC 4632, `10.0.0.0/8` or `2001:db8::/32`.
///
/// @param first the first address; the bits after the prefix are zero
/// @param prefixBits how many leading bits all addresses of the range share
public record AddressRange(InetAddress first, int prefixBits) {
  private static final int BYTE_BITS = 8;

  /// Reads a range; an address alone is a range of one.
  ///
  /// @throws IllegalArgumentException if `text` is no range; names are never looked up
  public static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    InetAddress address = literal(text, slash < 0 ? text : text.substring(0, slash));
    int maxBits = address.getAddress().length * BYTE_BITS;
    int bits = slash < 0 ? maxBits : bits(text, text.substring(slash + 1), maxBits);
    AddressRange range = of(address, bits);
    if (!range.first.equals(address)) {
      throw new IllegalArgumentException(
          "\"" + text + "\" has bits after its prefix; the range is " + range);
    }
    return range;
  }

  /// Returns the range of all addresses that share `prefixBits` leading bits with `address`.
  public static AddressRange of(InetAddress address, int prefixBits) {
    byte[] bytes = address.getAddress();
    for (int bit = prefixBits; bit < bytes.length * BYTE_BITS; bit++) {
      bytes[bit / BYTE_BITS] &= (byte) ~(0x80 >> bit % BYTE_BITS);
    }
    return new AddressRange(ofBytes(bytes), prefixBits);
  }

  /// Returns whether `address` is in this range.
  public boolean contains(InetAddress address) {
    return address.getAddress().length == first.getAddress().length
        && Arrays.equals(of(address, prefixBits).first.getAddress(), first.getAddress());
  }

  @Override
  public String toString() {
    return first.getHostAddress() + "/" + prefixBits;
  }

  private static InetAddress ofBytes(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("addresses have 4 or 16 bytes", e);
    }
  }

  private static InetAddress literal(String text, String address) {
    try {
      return InetAddress.ofLiteral(address);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "expected a range of addresses such as 10.0.0.0/8 or ::1, got \"" + text + "\"", e);
    }
  }

  private static int bits(String text, String digits, int maxBits) {
    try {
      int bits = Integer.parseInt(digits);
      if (bits >= 0 && bits <= maxBits) {
        return bits;
      }
    } catch (NumberFormatException _) {
      // Falls through to the fault below.
    }
    throw new IllegalArgumentException(
        "the prefix of \"" + text + "\" must be a number from 0 to " + maxBits);
  }
}
