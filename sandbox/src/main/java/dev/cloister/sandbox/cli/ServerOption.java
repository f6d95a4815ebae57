package dev.cloister.sandbox.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of every command that talks to a server: which one, with which key, and how to show
/// what it answers.
final class ServerOption {
  private static final String URL_VARIABLE = "CLOISTER_URL";
  private static final String KEY_VARIABLE = "CLOISTER_KEY";
  private static final String DEFAULT_URL = "http://127.0.0.1:8080";

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "The server (default: CLOISTER_URL, then the one of login).")
  private @Nullable String url;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "The key (default: CLOISTER_KEY, then the one of login).")
  private @Nullable String key;

  @Option(names = "--json", description = "Prints the server's answer as JSON.")
  private boolean isJson;

  ServerOption() {}

  /// Returns a client of the server that is meant.
  ApiClient client(Terminal terminal) {
    Map<String, String> environment = terminal.environment();
    @Nullable Credentials kept = Credentials.read(Credentials.file(environment));
    String chosenUrl =
        first(url, environment.get(URL_VARIABLE), kept == null ? DEFAULT_URL : kept.url());
    @Nullable String chosenKey =
        first(key, environment.get(KEY_VARIABLE), kept == null ? "" : kept.key());
    if (chosenKey.isEmpty()) {
      throw CommandFailure.usage("no key: use login, --key or " + KEY_VARIABLE);
    }
    return new ApiClient(new Credentials(withoutSlash(chosenUrl), chosenKey));
  }

  /// Prints an object, a line for each member.
  void print(Terminal terminal, JsonNode answer) {
    if (isJson) {
      printJson(terminal.out(), answer);
      return;
    }
    answer
        .properties()
        .forEach(
            member -> terminal.out().println(member.getKey() + ": " + text(member.getValue())));
  }

  /// Prints the entries of a list, a line for each.
  ///
  /// @param columns the members to show
  void printList(Terminal terminal, JsonNode answer, List<String> columns) {
    if (isJson) {
      printJson(terminal.out(), answer);
      return;
    }
    TextTable table = new TextTable(columns);
    for (JsonNode item : answer.path("items")) {
      table.add(columns.stream().map(column -> text(item.path(column))).toList());
    }
    table.print(terminal.out());
    if (answer.path("next").isTextual()) {
      terminal.err().println("more: --cursor " + answer.path("next").asText());
    }
  }

  /// Returns whether answers are to be printed as JSON.
  boolean isJson() {
    return isJson;
  }

  static String withoutSlash(String url) {
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }

  private static void printJson(PrintStream out, JsonNode answer) {
    byte[] line = (answer + "\n").getBytes(StandardCharsets.UTF_8);
    out.write(line, 0, line.length);
  }

  private static String text(JsonNode value) {
    return PrintableText.of(value.isValueNode() ? value.asText("") : value.toString());
  }

  private static String first(
      @Nullable String option, @Nullable String variable, String otherwise) {
    if (option != null) {
      return option;
    }
    return variable != null && !variable.isEmpty() ? variable : otherwise;
  }
}
