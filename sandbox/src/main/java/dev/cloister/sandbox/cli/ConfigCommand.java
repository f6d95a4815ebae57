package dev.cloister.sandbox.cli;

import dev.cloister.sandbox.config.ConfigFault;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.config.InvalidConfigException;
import dev.cloister.sandbox.config.LoadedConfig;
import dev.cloister.sandbox.config.Setting;
import dev.cloister.sandbox.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `config`: looks at configuration files.
@Command(name = "config", description = "Looks at configuration files.")
final class ConfigCommand {
  private final Terminal terminal;

  ConfigCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /// `config check`: prints every fault of a file and of the variables that override it.
  @Command(
      name = "check",
      description = {
        "Checks a configuration file, and the variables CLOISTER_… that override it: prints every",
        "fault with file, line and column."
      })
  Integer check(
      @Parameters(
              paramLabel = "FILE",
              defaultValue = "config/cloister.yaml",
              description = "The file (default: ${DEFAULT-VALUE}).")
          Path file) {
    return load(file) == null ? ExitCode.FAILED : ExitCode.OK;
  }

  /// `config show`: prints every key with its value and where that comes from.
  @Command(
      name = "show",
      description = "Prints every key with its value, and where that comes from.")
  Integer show(
      @Parameters(arity = "0..1", paramLabel = "FILE", description = "The file (default: none).")
          @Nullable Path file,
      @Option(names = "--json", description = "Prints JSON for programs.") boolean isJson) {
    LoadedConfig loaded = load(file);
    if (loaded == null) {
      return ExitCode.FAILED;
    }
    if (isJson) {
      terminal.out().println(Json.text(Map.of("settings", loaded.settings())));
    } else {
      for (Setting setting : loaded.settings()) {
        terminal.out().println(setting.key() + ": " + setting.value() + "  # " + setting.source());
      }
    }
    return ExitCode.OK;
  }

  /// Returns what was read, or null if it has faults, which are printed.
  private @Nullable LoadedConfig load(@Nullable Path file) {
    try {
      return ConfigLoader.load(file, terminal.environment());
    } catch (InvalidConfigException e) {
      for (ConfigFault fault : e.faults()) {
        terminal.out().println(fault);
      }
      return null;
    } catch (IOException e) {
      throw CommandFailure.usage("cannot read " + file + ": " + e.getMessage());
    }
  }
}
