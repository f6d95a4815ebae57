package dev.cloister.sandbox.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `call`: calls a plugin on a server.
@Command(
    name = "call",
    description = "Calls an export of a plugin, or runs it as a command.",
    footer = {
      "",
      "Without --run: TENANT PLUGIN EXPORT [ARG…]; prints one result per line.",
      "With --run: TENANT PLUGIN [ARG…]; standard input and output are the command's."
    })
final class CallCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final ServerOption server = new ServerOption();

  @Option(names = "--run", description = "Runs the plugin as a WASI command.")
  private boolean isRun;

  @Option(names = "--version", paramLabel = "VERSION", description = "The version to call.")
  private @Nullable String version;

  @Option(names = "--alias", paramLabel = "ALIAS", description = "The alias to call.")
  private @Nullable String alias;

  @Parameters(index = "0", paramLabel = "TENANT", description = "The tenant.")
  private String tenant = "";

  @Parameters(index = "1", paramLabel = "PLUGIN", description = "The plugin.")
  private String plugin = "";

  @Parameters(index = "2..*", paramLabel = "ARG", description = "The export, and arguments.")
  private List<String> words = new ArrayList<>();

  CallCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    return isRun ? runCommand() : callExport();
  }

  private Integer callExport() {
    if (words.isEmpty()) {
      throw CommandFailure.usage("the name of an export is missing");
    }
    ApiClient client = server.client(terminal);
    String export = words.getFirst();
    List<String> texts = words.subList(1, words.size());
    List<@Nullable Object> arguments = CallArguments.of(parameters(client, export), texts);
    String path =
        PluginCommand.path(tenant, plugin) + "/call/" + ApiClient.encoded(export) + query("");
    JsonNode answer = client.send("POST", path, Map.of("args", arguments));
    if (server.isJson()) {
      server.print(terminal, answer);
    } else {
      for (JsonNode result : answer.path("results")) {
        terminal.out().println(result.asText());
      }
    }
    return ExitCode.OK;
  }

  /// The types of the export's parameters; none if the live version has no such export.
  private List<String> parameters(ApiClient client, String export) {
    List<String> types = new ArrayList<>();
    JsonNode details = client.get(PluginCommand.path(tenant, plugin));
    for (JsonNode item : details.path("exports")) {
      if (item.path("name").asText().equals(export)) {
        item.path("params").forEach(type -> types.add(type.asText()));
      }
    }
    return types;
  }

  private Integer runCommand() {
    String arguments =
        words.stream()
            .map(word -> "arg=" + ApiClient.encoded(word))
            .collect(Collectors.joining("&"));
    String path = PluginCommand.path(tenant, plugin) + "/run" + query(arguments);
    try {
      byte[] input = terminal.in().readAllBytes();
      byte[] output =
          server
              .client(terminal)
              .send("POST", path, BodyPublishers.ofByteArray(input), null)
              .body();
      PrintStream out = terminal.out();
      out.write(output, 0, output.length);
      return ExitCode.OK;
    } catch (IOException e) {
      throw CommandFailure.failed("cannot read standard input: " + e.getMessage());
    }
  }

  private String query(String arguments) {
    List<String> parts = new ArrayList<>();
    if (version != null) {
      parts.add("version=" + ApiClient.encoded(version));
    }
    if (alias != null) {
      parts.add("alias=" + ApiClient.encoded(alias));
    }
    if (!arguments.isEmpty()) {
      parts.add(arguments);
    }
    return parts.isEmpty() ? "" : "?" + String.join("&", parts);
  }
}
