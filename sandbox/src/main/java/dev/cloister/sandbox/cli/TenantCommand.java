package dev.cloister.sandbox.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `tenant`: tenants, their limits and keys.
@Command(name = "tenant", description = "Shows and changes tenants, their limits and keys.")
final class TenantCommand {
  private static final String TENANTS = "/v1/tenants";

  private final Terminal terminal;

  TenantCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(name = "list", description = "Lists tenants.")
  Integer list(@Mixin ServerOption server, @Mixin ListOption options) {
    JsonNode page = server.client(terminal).get(TENANTS + options.query());
    server.printList(terminal, page, List.of("tenant", "state", "plugins", "memoryBytes", "calls"));
    return ExitCode.OK;
  }

  @Command(name = "show", description = "Shows a tenant.")
  Integer show(@Mixin ServerOption server, @Parameters(paramLabel = "TENANT") String tenant) {
    server.print(terminal, server.client(terminal).get(path(tenant)));
    return ExitCode.OK;
  }

  @Command(name = "create", description = "Creates a tenant.")
  Integer create(
      @Mixin ServerOption server,
      @Parameters(paramLabel = "TENANT") String tenant,
      @Option(names = "--limit", paramLabel = "NAME=N", description = "Sets a limit.")
          @Nullable Map<String, Long> limits) {
    Object body = Map.of("limits", limits == null ? Map.of() : limits);
    server.print(terminal, server.client(terminal).send("PUT", path(tenant), body));
    return ExitCode.OK;
  }

  @Command(name = "delete", description = "Deletes a tenant with all that belongs to it.")
  Integer delete(@Mixin ServerOption server, @Parameters(paramLabel = "TENANT") String tenant) {
    server.client(terminal).send("DELETE", path(tenant), null);
    return ExitCode.OK;
  }

  @Command(name = "suspend", description = "Refuses the tenant's calls from now on.")
  Integer suspend(@Mixin ServerOption server, @Parameters(paramLabel = "TENANT") String tenant) {
    server.print(terminal, server.client(terminal).send("POST", path(tenant) + "/suspend", null));
    return ExitCode.OK;
  }

  @Command(name = "resume", description = "Admits the tenant's calls again.")
  Integer resume(@Mixin ServerOption server, @Parameters(paramLabel = "TENANT") String tenant) {
    server.print(terminal, server.client(terminal).send("POST", path(tenant) + "/resume", null));
    return ExitCode.OK;
  }

  @Command(
      name = "code-logging",
      description = "Switches the log of the tenant's code on or off; `logs --code` follows it.")
  Integer codeLogging(
      @Mixin ServerOption server,
      @Parameters(index = "0", paramLabel = "TENANT") String tenant,
      @Parameters(index = "1", paramLabel = "on|off") String state) {
    if (!state.equals("on") && !state.equals("off")) {
      throw CommandFailure.usage("'" + state + "' is neither on nor off");
    }
    Object body = Map.of("enabled", state.equals("on"));
    server.print(
        terminal, server.client(terminal).send("PUT", path(tenant) + "/code-logging", body));
    return ExitCode.OK;
  }

  @Command(name = "limits", description = "Shows the tenant's limits, after setting some.")
  Integer limits(
      @Mixin ServerOption server,
      @Parameters(paramLabel = "TENANT") String tenant,
      @Option(
              names = "--set",
              paramLabel = "NAME=N",
              description = "Sets a limit; `default` goes back to the default.")
          @Nullable Map<String, String> changes) {
    ApiClient client = server.client(terminal);
    String path = path(tenant) + "/limits";
    JsonNode answer =
        changes == null
            ? client.get(path)
            : client.send("PUT", path, Map.of("limits", parsed(changes)));
    server.print(terminal, answer.path("limits"));
    return ExitCode.OK;
  }

  @Command(name = "usage", description = "Shows what the tenant uses.")
  Integer usage(@Mixin ServerOption server, @Parameters(paramLabel = "TENANT") String tenant) {
    server.print(terminal, server.client(terminal).get(path(tenant) + "/usage"));
    return ExitCode.OK;
  }

  @Command(name = "keys", description = "Lists the tenant's keys without their secrets.")
  Integer keys(
      @Mixin ServerOption server,
      @Mixin ListOption options,
      @Parameters(paramLabel = "TENANT") String tenant) {
    JsonNode page = server.client(terminal).get(path(tenant) + "/keys" + options.query());
    server.printList(terminal, page, List.of("id", "role", "createdAt", "lastUsedAt"));
    return ExitCode.OK;
  }

  @Command(name = "add-key", description = "Makes a key and shows it, this once.")
  Integer addKey(
      @Mixin ServerOption server,
      @Parameters(paramLabel = "TENANT") String tenant,
      @Option(
              names = "--role",
              required = true,
              paramLabel = "ROLE",
              description = "tenant-admin or invoker.")
          String role) {
    Object body = Map.of("role", role);
    server.print(terminal, server.client(terminal).send("POST", path(tenant) + "/keys", body));
    return ExitCode.OK;
  }

  @Command(name = "delete-key", description = "Deletes a key.")
  Integer deleteKey(
      @Mixin ServerOption server,
      @Parameters(index = "0", paramLabel = "TENANT") String tenant,
      @Parameters(index = "1", paramLabel = "ID") String id) {
    server.client(terminal).send("DELETE", path(tenant) + "/keys/" + ApiClient.encoded(id), null);
    return ExitCode.OK;
  }

  static String path(String tenant) {
    return TENANTS + "/" + ApiClient.encoded(tenant);
  }

  private static Map<String, @Nullable Long> parsed(Map<String, String> changes) {
    Map<String, @Nullable Long> values = new LinkedHashMap<>();
    changes.forEach((name, text) -> {
      try {
        values.put(name, text.equals("default") ? null : Long.valueOf(text));
      } catch (NumberFormatException _) {
        throw CommandFailure.usage(name + " must be a number or `default`, is " + text);
      }
    });
    return values;
  }
}
