package dev.cloister.engine.debug.gdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.debug.gdb.PacketReader.Damaged;
import dev.cloister.engine.debug.gdb.PacketReader.End;
import dev.cloister.engine.debug.gdb.PacketReader.Event;
import dev.cloister.engine.debug.gdb.PacketReader.Interrupt;
import dev.cloister.engine.debug.gdb.PacketReader.Packet;
import dev.cloister.engine.debug.gdb.PacketReader.Refused;
import dev.cloister.engine.fixture.Seed;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class PacketReaderTest {
  private static List<Event> events(String bytes) throws IOException {
    return events(bytes.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static List<Event> events(byte[] bytes) throws IOException {
    PacketReader reader = new PacketReader(new ByteArrayInputStream(bytes));
    List<Event> events = new ArrayList<>();
    do {
      events.add(reader.next());
    } while (!(events.getLast() instanceof End));
    return events;
  }

  private static String framed(String encoded) {
    return "$%s#%02x".formatted(encoded, PacketText.checksum(encoded));
  }

  @Test
  void packets_interrupts_andAcknowledgements_areToldApart() throws IOException {
    assertThat(events("+$?#3f-\u0003$#00+"))
        .containsExactly(
            new Packet("?"), new Refused(), new Interrupt(), new Packet(""), new End());
  }

  @Test
  void wrongChecksums_areDamage() throws IOException {
    assertThat(events("$?#3e$?#zz$?#3f"))
        .containsExactly(new Damaged(), new Damaged(), new Packet("?"), new End());
    assertThat(events("$?#3")).containsExactly(new Damaged(), new End());
    assertThat(events("$abc")).containsExactly(new End());
  }

  /// A packet without an end is forgotten when the next one begins.
  @Test
  void packetWithinAPacket_begins() throws IOException {
    assertThat(events("$ab$?#3f")).containsExactly(new Packet("?"), new End());
  }

  /// `*` and a character with a bias of 29 repeat the character before; `}` escapes.
  @Test
  void runsAndEscapes_areDecoded() throws IOException {
    assertThat(events(framed("0* "))).containsExactly(new Packet("0000"), new End());
    assertThat(events(framed("a0*\"b"))).containsExactly(new Packet("a000000b"), new End());
    assertThat(events(framed("}\u0003}\u0004}]}\n")))
        .containsExactly(new Packet("#$}*"), new End());
    assertThat(events(framed("* "))).containsExactly(new Damaged(), new End());
    assertThat(events(framed("0*\u0005"))).containsExactly(new Damaged(), new End());
    assertThat(events(PacketText.frame("#$}*a"))).containsExactly(new Packet("#$}*a"), new End());
  }

  @Test
  void tooLongPackets_endTheConnection() {
    assertThatThrownBy(() -> events("$" + "a".repeat(PacketReader.MAX_CHARACTERS + 1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("more than");
    assertThatThrownBy(() -> events("$a" + "*~".repeat(PacketReader.MAX_CHARACTERS)))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> events("$*~" + "a".repeat(PacketReader.MAX_CHARACTERS)))
        .isInstanceOf(IOException.class);
  }

  /// Whatever arrives, reading ends, with an end or a refusal.
  @Test
  void noise_isSurvived() {
    Random random = Seed.random();
    String likely = "$#*}+-\u00030123456789abcdefqmMZz,;:";
    for (int round = 0; round < 20_000; round++) {
      byte[] noise = new byte[random.nextInt(40)];
      for (int i = 0; i < noise.length; i++) {
        noise[i] =
            random.nextInt(4) == 0
                ? (byte) random.nextInt()
                : (byte) likely.charAt(random.nextInt(likely.length()));
      }
      try {
        assertThat(events(noise)).isNotEmpty();
      } catch (IOException expected) {
        assertThat(expected).hasMessageContaining("more than");
      }
    }
  }
}
