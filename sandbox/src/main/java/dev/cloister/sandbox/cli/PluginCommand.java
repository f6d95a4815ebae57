package dev.cloister.sandbox.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cloister.isolate.plugin.DocumentUpload;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `plugin`: a tenant's plugins, their versions and aliases.
@Command(name = "plugin", description = "Uploads, shows and deletes a tenant's plugins.")
final class PluginCommand {
  private static final String WASM = "application/wasm";
  private static final int WHOLE = 100;
  private static final int HEAD_BYTES = 256;

  private final Terminal terminal;

  PluginCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(name = "list", description = "Lists the tenant's plugins.")
  Integer list(
      @Mixin ServerOption server,
      @Mixin ListOption options,
      @Parameters(paramLabel = "TENANT") String tenant) {
    JsonNode page =
        server.client(terminal).get(TenantCommand.path(tenant) + "/plugins" + options.query());
    server.printList(
        terminal, page, List.of("plugin", "abi", "versions", "sizeBytes", "updatedAt", "live"));
    return ExitCode.OK;
  }

  @Command(name = "show", description = "Shows a plugin.")
  Integer show(
      @Mixin ServerOption server,
      @Parameters(index = "0", paramLabel = "TENANT") String tenant,
      @Parameters(index = "1", paramLabel = "PLUGIN") String plugin) {
    server.print(terminal, server.client(terminal).get(path(tenant, plugin)));
    return ExitCode.OK;
  }

  @Command(
      name = "upload",
      description = "Uploads a module, a manifest or a bundle; it becomes the live version.")
  Integer upload(
      @Mixin ServerOption server,
      @Parameters(index = "0", paramLabel = "TENANT") String tenant,
      @Parameters(index = "1", paramLabel = "PLUGIN") String plugin,
      @Parameters(index = "2", paramLabel = "MODULE") Path module,
      @Option(names = "--no-activate", description = "Leaves the live version as it is.")
          boolean isInactive) {
    ApiClient client = server.client(terminal);
    String query = isInactive ? "?activate=false" : "";
    try {
      byte[] answer =
          client
              .send(
                  "PUT",
                  path(tenant, plugin) + query,
                  BodyPublishers.ofFile(module),
                  mediaType(module))
              .body();
      server.print(terminal, client.tree(answer));
      return ExitCode.OK;
    } catch (IOException e) {
      throw CommandFailure.usage("cannot read " + module + ": " + e.getMessage());
    }
  }

  /// What a file is, by its first bytes; a module, if nothing else.
  private static String mediaType(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] head = in.readNBytes(HEAD_BYTES);
      return DocumentUpload.isDocument(head) ? DocumentUpload.mediaType(head) : WASM;
    }
  }

  @Command(name = "delete", description = "Deletes a plugin with its versions and aliases.")
  Integer delete(
      @Mixin ServerOption server,
      @Parameters(index = "0", paramLabel = "TENANT") String tenant,
      @Parameters(index = "1", paramLabel = "PLUGIN") String plugin) {
    server.client(terminal).send("DELETE", path(tenant, plugin), null);
    return ExitCode.OK;
  }

  @Command(name = "versions", description = "Lists a plugin's versions, newest first.")
  Integer versions(
      @Mixin ServerOption server,
      @Mixin ListOption options,
      @Parameters(index = "0", paramLabel = "TENANT") String tenant,
      @Parameters(index = "1", paramLabel = "PLUGIN") String plugin) {
    JsonNode page =
        server.client(terminal).get(path(tenant, plugin) + "/versions" + options.query());
    server.printList(terminal, page, List.of("version", "abi", "sizeBytes", "createdAt", "live"));
    return ExitCode.OK;
  }

  @Command(name = "download", description = "Writes a version's bytes to a file.")
  Integer download(
      @Mixin ServerOption server,
      @Parameters(index = "0", paramLabel = "TENANT") String tenant,
      @Parameters(index = "1", paramLabel = "PLUGIN") String plugin,
      @Parameters(index = "2", paramLabel = "VERSION") String version,
      @Parameters(index = "3", paramLabel = "FILE") Path file) {
    String path = path(tenant, plugin) + "/versions/" + ApiClient.encoded(version);
    try {
      Files.write(file, server.client(terminal).download(path, WASM));
      return ExitCode.OK;
    } catch (IOException e) {
      throw CommandFailure.failed("cannot write " + file + ": " + e.getMessage());
    }
  }

  @Command(name = "alias", description = "Points an alias at a version; `live` is what calls use.")
  Integer alias(
      @Mixin ServerOption server,
      @Parameters(index = "0", paramLabel = "TENANT") String tenant,
      @Parameters(index = "1", paramLabel = "PLUGIN") String plugin,
      @Parameters(index = "2", paramLabel = "ALIAS") String alias,
      @Parameters(index = "3", paramLabel = "VERSION") String version) {
    Object body = Map.of("targets", List.of(Map.of("version", version, "weight", WHOLE)));
    String path = path(tenant, plugin) + "/aliases/" + ApiClient.encoded(alias);
    server.print(terminal, server.client(terminal).send("PUT", path, body));
    return ExitCode.OK;
  }

  static String path(String tenant, String plugin) {
    return TenantCommand.path(tenant) + "/plugins/" + ApiClient.encoded(plugin);
  }
}
