package dev.cloister.sandbox.replay;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cloister.sandbox.replay.TraceEvent.Callee;
import dev.cloister.sandbox.replay.TraceEvent.HostWrites;
import dev.cloister.sandbox.replay.TraceEvent.MemoryState;
import dev.cloister.sandbox.replay.TraceEvent.Write;
import dev.cloister.sandbox.wast.ScriptException;
import dev.cloister.sandbox.wast.ValueReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// Reads traces: lines of JSON, compressed with gzip.
final class TraceReader {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private TraceReader() {}

  /// Reads all events of a trace.
  ///
  /// @throws ScriptException if `file` is no trace
  static List<TraceEvent> read(Path file) {
    List<TraceEvent> events = new ArrayList<>();
    try (InputStream compressed = Files.newInputStream(file);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(new GZIPInputStream(compressed), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        events.add(event(MAPPER.readTree(line)));
      }
    } catch (IOException fault) {
      throw new ScriptException(file + ": " + fault.getMessage(), fault);
    } catch (ScriptException fault) {
      throw new ScriptException(
          file + ": event " + (events.size() + 1) + ": " + fault.getMessage(), fault);
    }
    if (events.isEmpty()) {
      throw new ScriptException(file + ": no events");
    }
    return List.copyOf(events);
  }

  private static TraceEvent event(JsonNode node) throws IOException {
    return switch (node.path("e").asText()) {
      case "global" ->
          new TraceEvent.GlobalValue(
              node.path("module").asText(),
              node.path("name").asText(),
              ValueReader.value(node.path("value")));
      case "call" ->
          new TraceEvent.Call(callee(node), ValueReader.values(node.path("args")), writes(node));
      case "import" ->
          new TraceEvent.Import(
              node.path("module").asText(),
              node.path("name").asText(),
              ValueReader.values(node.path("args")));
      case "ret" -> new TraceEvent.Ret(ValueReader.values(node.path("results")), writes(node));
      case "throw" -> new TraceEvent.Throw(writes(node));
      case "return" -> new TraceEvent.Return(ValueReader.values(node.path("results")));
      case "trap" -> new TraceEvent.Trap();
      case "unwound" -> new TraceEvent.Unwound();
      case "table.grow" ->
          new TraceEvent.TableGrow(node.path("table").asText(), node.path("by").asLong());
      case "table.set" ->
          new TraceEvent.TableSet(
              node.path("table").asText(),
              node.path("index").asInt(),
              ValueReader.value(node.path("value")));
      case "end" -> new TraceEvent.End(memory(node));
      case String other -> throw new ScriptException("unknown event '" + other + "'");
    };
  }

  private static Callee callee(JsonNode node) {
    return node.has("export")
        ? new Callee.ByExport(node.path("export").asText())
        : new Callee.ByTable(node.path("table").asText(), node.path("index").asInt());
  }

  private static HostWrites writes(JsonNode node) throws IOException {
    List<Write> writes = new ArrayList<>();
    for (JsonNode write : node.path("writes")) {
      writes.add(new Write(write.path(0).asLong(), write.path(1).binaryValue()));
    }
    return new HostWrites(node.path("grow").asLong(), writes);
  }

  private static @Nullable MemoryState memory(JsonNode node) {
    JsonNode memory = node.path("memory");
    return memory.isObject()
        ? new MemoryState(memory.path("bytes").asLong(), memory.path("sha256").asText())
        : null;
  }
}
