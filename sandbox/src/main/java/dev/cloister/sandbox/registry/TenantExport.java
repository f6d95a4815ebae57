package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.registry.TenantManifest.KeyValuesEntry;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.BlobStore;
import dev.cloister.sandbox.storage.MetadataStore;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.Lock;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Writes a tenant into a ZIP archive: [TenantManifest], key-value pairs, then each module once.
final class TenantExport {
  static final String BLOBS = "blobs/sha256/";

  private final MetadataStore store;
  private final BlobStore blobs;
  private final TenantRegistry tenants;
  private final AuditLog audit;
  private final BlobCollector collector;

  TenantExport(
      MetadataStore store,
      BlobStore blobs,
      TenantRegistry tenants,
      AuditLog audit,
      BlobCollector collector) {
    this.store = store;
    this.blobs = blobs;
    this.tenants = tenants;
    this.audit = audit;
    this.collector = collector;
  }

  /// What there is when the audit log says that it was exported.
  ///
  /// @param manifest the tenant, without its key-value pairs
  /// @param digests the modules that the manifest names
  /// @param audit the entry of the audit log
  private record Moment(TenantManifest manifest, Set<BlobDigest> digests, AuditRecord audit) {}

  /// Writes what the tenant is at one moment, and its key-value pairs of one a little later. Holds
  /// the lock of the collector meanwhile, so that no module is removed that the manifest names.
  ///
  /// @throws IOException if a module cannot be read or the archive cannot be written
  void write(Tenant tenant, Path file, Author author) throws IOException {
    Path pairs = file.resolveSibling(file.getFileName() + ".key-values");
    Lock lock = collector.commitLock();
    lock.lock();
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file));
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(Deflater.BEST_SPEED);
      Moment moment =
          store.write(
              transaction ->
                  moment(
                      tenant,
                      transaction.appendAudit(
                          audit.entry(
                              author, "tenant.export", tenant.name(), tenant.name().text(), null))),
              done -> audit.publish(done.audit));
      // A file of their own, since the manifest comes first, and they may be read more than once.
      KeyValuesEntry keyValues =
          store.readKeyValues(tenant.name(), cursor -> KeyValueArchive.write(cursor, pairs));
      put(zip, TenantManifest.NAME, Json.write(moment.manifest.withKeyValues(keyValues)));
      zip.putNextEntry(new ZipEntry(KeyValueArchive.NAME));
      Files.copy(pairs, zip);
      zip.closeEntry();
      for (BlobDigest digest : moment.digests) {
        put(zip, BLOBS + digest.hex(), blobs.read(digest));
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      lock.unlock();
      Files.deleteIfExists(pairs);
    }
  }

  /// On the writer's thread, where nothing of the tenant changes.
  private Moment moment(Tenant tenant, AuditRecord entry) {
    List<Plugin> plugins = List.copyOf(tenants.requirePresent(tenant).plugins());
    TreeSet<BlobDigest> digests = new TreeSet<>();
    plugins.forEach(plugin -> digests.addAll(plugin.versions().keySet()));
    return new Moment(TenantManifest.of(tenant, plugins), digests, entry);
  }

  private static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(bytes);
    zip.closeEntry();
  }
}
