package dev.cloister.sandbox.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `login`: keeps a server's address and a key for the commands to come.
@Command(
    name = "login",
    description = "Keeps a server's address and a key; reads the key from standard input.")
final class LoginCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(paramLabel = "URL", description = "The server, such as http://127.0.0.1:8080.")
  private String url = "";

  @Option(names = "--key", paramLabel = "KEY", description = "The key, seen by other users.")
  private @Nullable String key;

  LoginCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    String text = key == null ? readKey() : key;
    Credentials credentials = new Credentials(ServerOption.withoutSlash(url), text);
    JsonNode session = new ApiClient(credentials).send("POST", "/v1/session", Map.of("key", text));
    Path file = Credentials.file(terminal.environment());
    credentials.write(file);
    String role = session.path("role").asText();
    terminal.err().println("Signed in as " + role + "; kept in " + file + ".");
    return ExitCode.OK;
  }

  private String readKey() {
    terminal.err().print("Key: ");
    terminal.err().flush();
    try {
      @Nullable String line =
          new BufferedReader(new InputStreamReader(terminal.in(), StandardCharsets.UTF_8))
              .readLine();
      if (line == null || line.isBlank()) {
        throw CommandFailure.usage("no key on standard input");
      }
      return line.strip();
    } catch (IOException e) {
      throw CommandFailure.failed("cannot read the key: " + e.getMessage());
    }
  }
}
