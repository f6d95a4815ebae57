package dev.cloister.sandbox.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.cloister.isolate.wasi.OutputSink;
import dev.cloister.sandbox.storage.PluginName;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Cuts what one call writes to standard error into lines of the tenant's log.
///
/// A line ends at a line feed or at the longest length allowed. Bytes that are not UTF-8 become
/// replacement characters.
public final class GuestLogWriter implements OutputSink {
  private final GuestLog log;
  private final PluginName plugin;
  private final int maxEntryBytes;

  /// Few calls write anything.
  @GuardedBy("line")
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(/* size= */ 0);

  GuestLogWriter(GuestLog log, PluginName plugin, int maxEntryBytes) {
    this.log = log;
    this.plugin = plugin;
    this.maxEntryBytes = maxEntryBytes;
  }

  @Override
  public void write(byte[] bytes, int from, int length) {
    List<String> lines = new ArrayList<>();
    synchronized (line) {
      for (int i = from; i < from + length; i++) {
        if (bytes[i] == '\n') {
          lines.add(takeLine());
        } else {
          line.write(bytes[i]);
          if (line.size() >= maxEntryBytes) {
            lines.add(takeLine());
          }
        }
      }
    }
    lines.forEach(this::append);
  }

  /// Writes what came after the last line feed. Called when the call has ended.
  public void flush() {
    String rest;
    synchronized (line) {
      if (line.size() == 0) {
        return;
      }
      rest = takeLine();
    }
    append(rest);
  }

  private void append(String text) {
    log.append(plugin, "info", "stderr", text);
  }

  @GuardedBy("line")
  private String takeLine() {
    String text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    return text;
  }
}
