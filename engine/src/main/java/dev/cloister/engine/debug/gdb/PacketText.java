package dev.cloister.engine.debug.gdb;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// The text of packets: framing, checksums, hexadecimal numbers. Packets are Latin-1, a byte each
/// character.
final class PacketText {
  private static final HexFormat HEX = HexFormat.of();

  private PacketText() {}

  /// {@return the sum of all bytes of a packet's content, modulo 256}
  static int checksum(String content) {
    int sum = 0;
    for (int i = 0; i < content.length(); i++) {
      sum += content.charAt(i);
    }
    return sum & 0xFF;
  }

  /// {@return a packet as it is sent}
  static byte[] frame(String content) {
    StringBuilder escaped = new StringBuilder(content.length() + 4);
    for (int i = 0; i < content.length(); i++) {
      char c = content.charAt(i);
      if (c == '$' || c == '#' || c == '}' || c == '*') {
        escaped.append('}').append((char) (c ^ 0x20));
      } else {
        escaped.append(c);
      }
    }
    String text = "$" + escaped + "#" + HEX.toHexDigits((byte) checksum(escaped.toString()));
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /// {@return bytes as hexadecimal digits}
  static String hex(byte[] bytes) {
    return HEX.formatHex(bytes);
  }

  /// {@return a text as hexadecimal digits}
  static String hex(String text) {
    return hex(text.getBytes(StandardCharsets.UTF_8));
  }

  /// {@return the bytes that hexadecimal digits are}
  ///
  /// @throws IllegalArgumentException if they are none
  static byte[] bytes(String digits) {
    return HEX.parseHex(digits);
  }

  /// {@return the lowest bytes of a number, the lowest first}
  static byte[] littleEndian(long number, int bytes) {
    byte[] result = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      result[i] = (byte) (number >>> (8 * i));
    }
    return result;
  }

  /// {@return an unsigned number of 64 bits in hexadecimal digits}
  ///
  /// @throws IllegalArgumentException if it is none
  static long number(String digits) {
    return Long.parseUnsignedLong(digits, 16);
  }
}
