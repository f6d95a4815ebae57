package dev.cloister.sandbox.cli;

import dev.cloister.engine.EngineConfig;
import dev.cloister.engine.stats.CodeNotPersisted;
import dev.cloister.engine.stats.EngineListener;
import dev.cloister.sandbox.storage.PersistedCode;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The option `--code-cache`: a folder in which compiled code is kept for the next run.
final class CodeCacheOption {
  private static final long MAX_BYTES = 1L << 30;

  @Option(
      names = "--code-cache",
      paramLabel = "DIR",
      description = "Keeps compiled code in this folder, and takes it from there the next time.")
  private @Nullable Path folder;

  CodeCacheOption() {}

  /// Returns settings with the folder, if one is named. What cannot be used is said on standard
  /// error and done without.
  EngineConfig applyTo(EngineConfig config, Terminal terminal) {
    Path chosen = folder;
    if (chosen == null) {
      return config;
    }
    try {
      return config.toBuilder()
          .persistence(
              PersistedCode.ofFolder(chosen, MAX_BYTES, new SecureRandom(), InstantSource.system()))
          .listener(new Complaints(terminal))
          .build();
    } catch (IOException e) {
      terminal.err().println("--code-cache is not used: " + e.getMessage());
      return config;
    }
  }

  /// Says what of the folder is not used.
  private record Complaints(Terminal terminal) implements EngineListener {
    @Override
    public void codeNotPersisted(CodeNotPersisted event) {
      terminal
          .err()
          .println(
              (event.isWriting()
                      ? "compiled code could not be kept: "
                      : "kept code of the module is not used: ")
                  + event.reason());
    }
  }
}
