package dev.cloister.engine.script;

import dev.cloister.engine.error.SourcePosition;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.module.WireBytes;
import java.lang.ref.SoftReference;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Finds where in its source text the code of a module came from: by its source map if it has one,
/// else by its line table.
///
/// Both are read when somebody first asks, and again when the JVM needed their room. Safe to use by
/// any thread; whoever asks while another reads waits for it.
public final class SourceLocator {
  private final WasmModule module;
  private final ScriptUrl script;
  private final DebugSymbols symbols;
  private final DebugFileLoader files;
  private final AtomicReference<SoftReference<@Nullable Lazy>> table =
      new AtomicReference<>(new SoftReference<>(null));

  /// Makes a locator; nothing is read.
  ///
  /// @param files where debug information comes from that is not in the module
  public SourceLocator(WasmModule module, ScriptUrl script, DebugFileLoader files) {
    this.module = module;
    this.script = script;
    this.symbols = DebugSymbols.of(module);
    this.files = files;
  }

  /// {@return what the module says about its debug information}
  public DebugSymbols symbols() {
    return symbols;
  }

  /// {@return where the instruction at an offset of the module came from, or null if it is not
  /// known}
  public @Nullable SourcePosition find(int offset) {
    return symbols.isPresent() ? table().find(offset) : null;
  }

  private SourceTable table() {
    while (true) {
      SoftReference<@Nullable Lazy> reference = table.get();
      Lazy known = reference.get();
      if (known != null) {
        return known.await();
      }
      Lazy made = new Lazy();
      if (table.compareAndSet(reference, new SoftReference<>(made))) {
        made.fill(this);
        return made.await();
      }
    }
  }

  /// A table that one thread reads and others wait for.
  private static final class Lazy {
    private final CountDownLatch filled = new CountDownLatch(1);
    private volatile SourceTable content = SourceTable.EMPTY;

    void fill(SourceLocator locator) {
      try {
        content = locator.read();
      } finally {
        filled.countDown();
      }
    }

    SourceTable await() {
      boolean interrupted = false;
      try {
        while (true) {
          try {
            filled.await();
            return content;
          } catch (InterruptedException _) {
            interrupted = true;
          }
        }
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  private SourceTable read() {
    String mapUrl = DebugSymbols.sourceMapUrl(module);
    SourceTable found = mapUrl == null ? null : readSourceMap(mapUrl);
    if (found == null && symbols.hasEmbeddedDwarf()) {
      found = readLines(module.wireBytes());
    }
    String dwarfUrl = symbols.externalDwarfUrl();
    if (found == null && dwarfUrl != null) {
      byte[] file = files.load(script, dwarfUrl);
      found = file == null ? null : readLines(WireBytes.adopt(file));
    }
    return found == null ? SourceTable.EMPTY : found;
  }

  private @Nullable SourceTable readSourceMap(String url) {
    if (url.length() > 2L * SourceMapParser.MAX_BYTES) {
      return null;
    }
    byte[] json = DataUrl.is(url) ? DataUrl.content(url) : files.load(script, url);
    if (json == null) {
      return null;
    }
    try {
      return SourceMapParser.parse(json);
    } catch (SourceMapException _) {
      return null;
    }
  }

  /// @param file where the DWARF is
  private @Nullable SourceTable readLines(WireBytes file) {
    int codeOffset = ModuleSections.of(module.wireBytes()).codeOffset();
    ModuleSections sections = ModuleSections.of(file);
    DebugSection lines = sections.custom().get(LineTable.LINES);
    if (lines == null || codeOffset < 0) {
      return null;
    }
    return LineTable.read(
        new LineFiles(
            lines,
            sections.custom().get(LineTable.LINE_STRINGS),
            sections.custom().get(LineTable.STRINGS)),
        module,
        codeOffset);
  }
}
