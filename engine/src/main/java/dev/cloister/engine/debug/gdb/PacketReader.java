package dev.cloister.engine.debug.gdb;

import java.io.IOException;
import java.io.InputStream;

/// Reads what a debugger sends. Not safe to use by several threads.
final class PacketReader {
  /// The most characters that a packet's content may have.
  static final int MAX_CHARACTERS = 1 << 14;

  private static final int INTERRUPT_BYTE = 3;

  /// The number that the character behind a `*` is more than the repetitions.
  private static final int REPEAT_BIAS = 29;

  private final InputStream input;

  PacketReader(InputStream input) {
    this.input = input;
  }

  /// What arrives.
  sealed interface Event {}

  /// A packet.
  ///
  /// @param content decoded
  record Packet(String content) implements Event {}

  /// A packet that is damaged: its checksum is wrong or missing.
  record Damaged() implements Event {}

  /// The last packet that was sent arrived damaged.
  record Refused() implements Event {}

  /// The guest is to pause.
  record Interrupt() implements Event {}

  /// Nothing arrives any more.
  record End() implements Event {}

  /// Nothing arrived, but a guest may pause. Never made by a reader.
  record Look() implements Event {}

  /// {@return the next of them, when it is there}
  ///
  /// @throws IOException if nothing can be read, or a packet is too long
  Event next() throws IOException {
    while (true) {
      switch (input.read()) {
        case -1 -> {
          return new End();
        }
        case '$' -> {
          return packet();
        }
        case '-' -> {
          return new Refused();
        }
        case INTERRUPT_BYTE -> {
          return new Interrupt();
        }
        default -> {} // Acknowledgements, and noise between packets.
      }
    }
  }

  private Event packet() throws IOException {
    StringBuilder content = new StringBuilder();
    int sum = 0;
    while (true) {
      int c = input.read();
      if (c < 0) {
        return new End();
      }
      if (c == '#') {
        break;
      }
      if (c == '$') {
        // The end of the packet before was lost.
        content.setLength(0);
        sum = 0;
        continue;
      }
      sum += c;
      if (c == '}') {
        int escaped = input.read();
        sum += escaped;
        content.append((char) (escaped ^ 0x20));
      } else if (c == '*') {
        int count = input.read();
        sum += count;
        if (content.isEmpty() || count < REPEAT_BIAS || count > '~') {
          return damaged();
        }
        content.repeat(content.charAt(content.length() - 1), count - REPEAT_BIAS);
      } else {
        content.append((char) c);
      }
      if (content.length() > MAX_CHARACTERS) {
        throw new IOException("packet of more than " + MAX_CHARACTERS + " characters");
      }
    }
    int high = Character.digit(input.read(), 16);
    int low = Character.digit(input.read(), 16);
    boolean isRight = high >= 0 && low >= 0 && (high << 4 | low) == (sum & 0xFF);
    return isRight ? new Packet(content.toString()) : new Damaged();
  }

  /// Reads to the end of a packet that makes no sense.
  private Event damaged() throws IOException {
    for (int count = 0; count < MAX_CHARACTERS; count++) {
      int c = input.read();
      if (c < 0) {
        return new End();
      }
      if (c == '#') {
        int unused = input.read() + input.read();
        return unused < -1 ? new End() : new Damaged();
      }
    }
    throw new IOException("packet of more than " + MAX_CHARACTERS + " characters");
  }
}
