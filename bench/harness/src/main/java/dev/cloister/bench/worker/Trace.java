package dev.cloister.bench.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.zip.GZIPInputStream;

/// A recorded run of a real program: what the host did, and what the module did then. Format:
/// `programs/README.md` of the corpora, mode replay, without exceptions and growing by the host,
/// which the traces that are measured do not have.
record Trace(List<Event> events) {
  Trace {
    events = List.copyOf(events);
  }

  /// One line of a trace.
  sealed interface Event {
    /// The host writes to the memory and calls an export.
    record Call(String export, Values arguments, List<Write> writes) implements Event {}

    /// The module calls an import.
    record Import(String module, String name, Values arguments) implements Event {}

    /// The host writes to the memory and returns from the import.
    record Ret(Values results, List<Write> writes) implements Event {}

    /// The export returns.
    record Return(Values results) implements Event {}

    /// The host sets an element of a table of external references.
    record SetElement(String table, int index, String value) implements Event {}

    /// The program is over; its memory is this long and has this SHA-256.
    record End(long memoryBytes, String sha256) implements Event {}
  }

  /// Raw bits of values; floats are known as such because any NaN equals any NaN.
  @SuppressWarnings("ArrayRecordComponent") // Compared by `equals(long[])` only.
  record Values(long[] bits, String[] types) {
    boolean matches(long[] actual) {
      if (actual.length != bits.length) {
        return false;
      }
      for (int i = 0; i < bits.length; i++) {
        if (bits[i] != actual[i] && !(isNaN(bits[i], types[i]) && isNaN(actual[i], types[i]))) {
          return false;
        }
      }
      return true;
    }

    private static boolean isNaN(long bits, String type) {
      return switch (type) {
        case "f32" -> Float.isNaN(Float.intBitsToFloat((int) bits));
        case "f64" -> Double.isNaN(Double.longBitsToDouble(bits));
        default -> false;
      };
    }
  }

  /// Bytes at an address.
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Write(int address, byte[] bytes) {}

  /// Reads a trace.
  ///
  /// @throws UnsupportedOperationException if it has an event that is not measured
  static Trace read(Path file) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<Event> events = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        events.add(event(mapper.readTree(line)));
      }
    }
    return new Trace(events);
  }

  private static Event event(JsonNode line) {
    if (line.has("grow") || (line.has("index") && line.has("args"))) {
      throw new UnsupportedOperationException("a trace with the event " + line);
    }
    return switch (line.get("e").asText()) {
      case "call" ->
          new Event.Call(line.get("export").asText(), values(line.get("args")), writes(line));
      case "import" ->
          new Event.Import(
              line.get("module").asText(), line.get("name").asText(), values(line.get("args")));
      case "ret" -> new Event.Ret(values(line.get("results")), writes(line));
      case "return" -> new Event.Return(values(line.get("results")));
      case "table.set" ->
          new Event.SetElement(
              line.get("table").asText(),
              line.get("index").asInt(),
              line.get("value").get("value").asText());
      case "end" ->
          new Event.End(
              line.get("memory").get("bytes").asLong(), line.get("memory").get("sha256").asText());
      default -> throw new UnsupportedOperationException("a trace with the event " + line);
    };
  }

  private static Values values(JsonNode list) {
    long[] bits = new long[list.size()];
    String[] types = new String[list.size()];
    for (int i = 0; i < bits.length; i++) {
      types[i] = list.get(i).get("type").asText();
      bits[i] = Long.parseUnsignedLong(list.get(i).get("value").asText());
    }
    return new Values(bits, types);
  }

  private static List<Write> writes(JsonNode line) {
    List<Write> writes = new ArrayList<>();
    for (JsonNode write : line.path("writes")) {
      writes.add(
          new Write(
              (int) write.get(0).asLong(), Base64.getDecoder().decode(write.get(1).asText())));
    }
    return List.copyOf(writes);
  }
}
