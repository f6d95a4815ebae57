package dev.cloister.sandbox.cli;

import dev.cloister.engine.script.DebugFileLoader;
import dev.cloister.engine.script.ScriptUrl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The source maps and files with DWARF that lie in the folder of a module, and nowhere else.
///
/// @param folder of the module
record DebugFolder(Path folder) implements DebugFileLoader {
  /// The largest file that is read, in bytes.
  static final long MAX_BYTES = 256L << 20;

  /// The folder that a module was read from.
  static DebugFolder of(Path module) {
    Path parent = module.toAbsolutePath().getParent();
    return new DebugFolder(parent == null ? module.toAbsolutePath() : parent);
  }

  @Override
  public byte @Nullable [] load(ScriptUrl script, String url) {
    try {
      Path file = folder.resolve(url);
      // Nothing but a name: what a module says must not make us read other files.
      if (!url.equals(String.valueOf(file.getFileName()))
          || !Files.isRegularFile(file)
          || Files.size(file) > MAX_BYTES) {
        return null;
      }
      return Files.readAllBytes(file);
    } catch (IOException | InvalidPathException _) {
      return null;
    }
  }
}
