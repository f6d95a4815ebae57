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

/// `logs`: follows what a tenant's plugins write, or what code the engine makes of them, until the
/// command is stopped.
@Command(name = "logs", description = "Follows what a tenant's plugins write.")
final class LogsCommand implements Callable<Integer> {
  private static final String DATA = "data: ";

  private final Terminal terminal;

  @Mixin private final ServerOption server = new ServerOption();

  @Option(names = "--last", paramLabel = "N", description = "How many held lines to begin with.")
  private int last = 200;

  @Option(names = "--code", description = "Follows the log of the tenant's code instead.")
  private boolean isOfCode;

  @Parameters(paramLabel = "TENANT", description = "The tenant.")
  private String tenant = "";

  LogsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    ApiClient client = server.client(terminal);
    String path = TenantCommand.path(tenant) + (isOfCode ? "/code-log" : "/logs?last=" + last);
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

  private static String code(JsonNode event) {
    StringBuilder text = new StringBuilder();
    text.append(event.path("time").asText())
        .append(' ')
        .append(event.path("tier").asText())
        .append(' ')
        .append(event.path("bytes").asLong())
        .append(' ')
        .append(PrintableText.of(event.path("script").asText("-")))
        .append(' ')
        .append(PrintableText.of(event.path("function").asText("function")));
    if (event.path("index").isNumber()) {
      text.append('[').append(event.path("index").asInt()).append(']');
    }
    if (event.path("file").isTextual()) {
      text.append(' ')
          .append(PrintableText.of(event.path("file").asText()))
          .append(':')
          .append(event.path("line").asInt());
    }
    return text.toString();
  }

  private void print(JsonNode event) {
    if (server.isJson()) {
      server.print(terminal, event);
    } else if (event.has("dropped")) {
      terminal.err().println("lines missed: " + event.path("dropped").asLong());
    } else if (event.has("functions")) {
      terminal.err().println("functions missed: " + event.path("functions").asLong());
    } else if (isOfCode) {
      terminal.out().println(code(event));
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
