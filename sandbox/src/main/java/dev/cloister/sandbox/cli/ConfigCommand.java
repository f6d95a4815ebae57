package dev.cloister.sandbox.cli;

import dev.cloister.sandbox.config.ConfigFault;
import dev.cloister.sandbox.config.ConfigLoader;
import dev.cloister.sandbox.config.InvalidConfigException;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `config`: looks at configuration files.
@Command(name = "config", description = "Looks at configuration files.")
final class ConfigCommand {
  private final Terminal terminal;

  ConfigCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /// `config check`: prints every fault of a file.
  @Command(
      name = "check",
      description = "Checks a configuration file: prints every fault with file, line and column.")
  Integer check(
      @Parameters(
              paramLabel = "FILE",
              defaultValue = "config/cloister.yaml",
              description = "The file (default: ${DEFAULT-VALUE}).")
          Path file) {
    try {
      ConfigLoader.load(file);
      return ExitCode.OK;
    } catch (InvalidConfigException e) {
      for (ConfigFault fault : e.faults()) {
        terminal.out().println(fault);
      }
      return ExitCode.FAILED;
    } catch (IOException e) {
      throw CommandFailure.usage("cannot read " + file + ": " + e.getMessage());
    }
  }
}
