package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.storage.AuditRecord;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.BlobStore;
import dev.cloister.sandbox.storage.MetadataStore;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.locks.Lock;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Writes a tenant into a ZIP archive: [TenantManifest], then each module once.
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

  private record Moment(List<Plugin> plugins, AuditRecord audit) {}

  /// Writes what the tenant is at one moment. Holds the lock of the collector meanwhile, so that no
  /// module is removed that the manifest names.
  ///
  /// @throws IOException if a module cannot be read or the archive cannot be written
  void write(Tenant tenant, Path file, Author author) throws IOException {
    Lock lock = collector.commitLock();
    lock.lock();
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file));
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(Deflater.BEST_SPEED);
      Moment moment =
          store.write(
              transaction -> {
                tenants.requirePresent(tenant);
                return new Moment(
                    List.copyOf(tenant.plugins()),
                    transaction.appendAudit(
                        audit.entry(
                            author, "tenant.export", tenant.name(), tenant.name().text(), null)));
              },
              done -> audit.publish(done.audit));
      put(zip, TenantManifest.NAME, Json.write(TenantManifest.of(tenant, moment.plugins)));
      TreeSet<BlobDigest> digests = new TreeSet<>();
      moment.plugins.forEach(plugin -> digests.addAll(plugin.versions().keySet()));
      for (BlobDigest digest : digests) {
        put(zip, BLOBS + digest.hex(), blobs.read(digest));
      }
    } finally {
      lock.unlock();
    }
  }

  private static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(bytes);
    zip.closeEntry();
  }
}
