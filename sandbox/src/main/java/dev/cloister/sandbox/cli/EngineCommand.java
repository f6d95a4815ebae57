package dev.cloister.sandbox.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `engine`: the live engine of a server.
@Command(name = "engine", description = "Shows the live engine of a server.")
final class EngineCommand {
  private final Terminal terminal;

  EngineCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(name = "native-modules", description = "Lists native modules and who holds them.")
  Integer nativeModules(@Mixin ServerOption server, @Mixin ListOption options) {
    JsonNode page = server.client(terminal).get("/v1/engine/native-modules" + options.query());
    server.printList(
        terminal,
        page,
        List.of("script", "references", "functions", "wireBytes", "codeBytes", "tenants"));
    return ExitCode.OK;
  }

  @Command(name = "statistics", description = "Shows the server's figures.")
  Integer statistics(@Mixin ServerOption server) {
    server.print(terminal, server.client(terminal).get("/v1/engine/statistics"));
    return ExitCode.OK;
  }
}
