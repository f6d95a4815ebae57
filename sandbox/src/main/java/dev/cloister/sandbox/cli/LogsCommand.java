package dev.cloister.sandbox.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `logs`: follows what a tenant's plugins write, until the command is stopped.
@Command(name = "logs", description = "Follows what a tenant's plugins write.")
final class LogsCommand implements Callable<Integer> {
  private static final String DATA = "data: ";

  private final Terminal terminal;

  @Mixin private final ServerOption server = new ServerOption();

  @Option(names = "--last", paramLabel = "N", description = "How many held lines to begin with.")
  private int last = 200;

  @Parameters(paramLabel = "TENANT", description = "The tenant.")
  private String tenant = "";

  LogsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    ApiClient client = server.client(terminal);
    String path = TenantCommand.path(tenant) + "/logs?last=" + last;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(client.stream(path), StandardCharsets.UTF_8))) {
      @Nullable String line = lines.readLine();
      while (line != null) {
        if (line.startsWith(DATA)) {
          print(client.tree(line.substring(DATA.length()).getBytes(StandardCharsets.UTF_8)));
        }
        line = lines.readLine();
      }
      return ExitCode.OK;
    } catch (IOException e) {
      throw CommandFailure.failed("the stream was cut: " + e.getMessage());
    }
  }

  private void print(JsonNode event) {
    if (server.isJson()) {
      server.print(terminal, event);
    } else if (event.has("dropped")) {
      terminal.err().println("lines missed: " + event.path("dropped").asLong());
    } else {
      terminal
          .out()
          .println(
              event.path("time").asText()
                  + " "
                  + event.path("plugin").asText()
                  + " "
                  + PrintableText.of(event.path("text").asText()));
    }
  }
}
