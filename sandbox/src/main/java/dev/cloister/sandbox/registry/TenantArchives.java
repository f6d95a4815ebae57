package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.storage.StorageFullException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// Tenants as archives: written by one server, read by another or by the same one.
///
/// Archives are files while they are on their way, in a folder that is emptied at the start. All
/// methods block.
public final class TenantArchives {
  private final Path folder;
  private final TenantExport exporter;
  private final PluginRegistry plugins;

  TenantArchives(Path folder, TenantExport exporter, PluginRegistry plugins) {
    this.folder = folder;
    this.exporter = exporter;
    this.plugins = plugins;
  }

  /// What an import did.
  ///
  /// @param tenant the tenant
  /// @param plugins how many plugins the archive had
  /// @param versions how many versions the tenant did not have before
  /// @param keyValues how many key-value pairs the archive had
  public record Imported(String tenant, int plugins, int versions, long keyValues) {}

  /// Removes what a server that was killed left behind.
  void removeLeftovers() throws IOException {
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
        for (Path file : files) {
          Files.delete(file);
        }
      }
    }
  }

  /// Makes an empty file for an archive; whoever asked for it deletes it.
  ///
  /// @throws IOException if the data folder cannot be written
  /// @throws StorageFullException if there is no space
  public Path newFile() throws IOException {
    try {
      Files.createDirectories(folder);
      return Files.createTempFile(folder, "archive-", ".zip");
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /// Writes a tenant into a file.
  ///
  /// @throws IOException if a module is damaged or the file cannot be written
  /// @throws StorageFullException if there is no space
  public void exportTo(Tenant tenant, Path file, Author author) throws IOException {
    try {
      exporter.write(tenant, file, author);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private static IOException failure(IOException cause) {
    if (StorageFullException.isCauseOf(cause)) {
      throw new StorageFullException("cannot write an archive: " + cause.getMessage(), cause);
    }
    return cause;
  }

  /// Brings all of an archive into a tenant, or nothing of it. What the tenant has besides stays.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the archive is not well-formed or exceeds
  ///   the tenant's limits
  /// @throws dev.cloister.engine.error.WasmException if a module is invalid or too large
  /// @throws IOException if the archive cannot be read
  /// @throws StorageFullException if there is no space
  public Imported importFrom(Tenant tenant, Path file, Author author) throws IOException {
    try (TenantImport archive = TenantImport.read(tenant, file, plugins)) {
      int versions = plugins.importAll(tenant, archive, author);
      return new Imported(
          tenant.name().text(), archive.plugins().size(), versions, archive.keyValueCount());
    }
  }
}
