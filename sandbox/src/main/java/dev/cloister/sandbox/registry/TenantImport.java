package dev.cloister.sandbox.registry;

import dev.cloister.isolate.IsolateLimit;
import dev.cloister.sandbox.json.Json;
import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.registry.TenantManifest.KeyValuesEntry;
import dev.cloister.sandbox.registry.TenantManifest.PluginEntry;
import dev.cloister.sandbox.registry.TenantManifest.VersionEntry;
import dev.cloister.sandbox.storage.AliasName;
import dev.cloister.sandbox.storage.AliasTarget;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.KeyValuePair;
import dev.cloister.sandbox.storage.PluginName;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/// An archive that is imported: its manifest, checked, and its modules on their way in.
///
/// Nothing of it is visible before all of it is committed ([PluginRegistry#importAll]); closing it
/// leaves nothing behind. One thread uses it.
final class TenantImport implements AutoCloseable {
  /// Each module that is new holds a file open until all are there.
  private static final int MAX_MODULES = 1_000;

  private static final int MAX_MANIFEST_BYTES = 16 << 20;
  private static final int CHUNK_BYTES = 64 << 10;

  private final Tenant tenant;
  private final Map<String, @Nullable Long> limits;
  private final Map<String, String> config;
  private final List<ImportedPlugin> plugins;
  private final @Nullable KeyValuesEntry keyValues;
  private final Path archive;
  private final long storageBytes;
  private final Map<BlobDigest, PluginUpload> uploads = new LinkedHashMap<>();

  /// How many bytes the modules in [#uploads] have so far.
  private long moduleBytes;

  private TenantImport(
      Tenant tenant,
      Path archive,
      Map<String, @Nullable Long> limits,
      long storageBytes,
      Map<String, String> config,
      List<ImportedPlugin> plugins,
      @Nullable KeyValuesEntry keyValues) {
    this.tenant = tenant;
    this.archive = archive;
    this.storageBytes = storageBytes;
    this.keyValues = keyValues;
    this.limits = limits;
    this.config = config;
    this.plugins = plugins;
  }

  /// A plugin of the archive.
  ///
  /// @param name its name
  /// @param settings its settings
  /// @param versions when its versions were made, oldest first
  /// @param aliases the versions behind its aliases
  record ImportedPlugin(
      PluginName name,
      PluginSettings settings,
      Map<BlobDigest, Instant> versions,
      Map<AliasName, List<AliasTarget>> aliases) {}

  /// Reads an archive and compiles the modules that the tenant does not have yet.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if the archive is not well-formed
  /// @throws dev.cloister.engine.error.WasmException if a module is invalid or too large
  /// @throws IOException if the archive cannot be read
  static TenantImport read(Tenant tenant, Path archive, PluginRegistry registry)
      throws IOException {
    ZipDirectory.check(archive);
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      TenantManifest manifest = manifest(zip);
      Map<String, @Nullable Long> limits = manifest.limits() == null ? Map.of() : manifest.limits();
      TenantImport result =
          new TenantImport(
              tenant,
              archive,
              limits,
              registry.limitsOf(limits).value(IsolateLimit.STORAGE_BYTES),
              manifest.config() == null
                  ? Map.of()
                  : ServiceRegistry.checkedConfig(manifest.config()),
              plugins(manifest),
              manifest.keyValues());
      try {
        result.readKeyValues(zip, _ -> {});
        result.readModules(zip, registry);
        return result;
      } catch (IOException | RuntimeException e) {
        result.close();
        throw e;
      }
    } catch (ZipException | EOFException e) {
      throw TenantManifest.invalid("the archive", e.getMessage(), "a ZIP file");
    }
  }

  /// Returns the limits to set.
  Map<String, @Nullable Long> limits() {
    return limits;
  }

  /// Returns the configuration to set.
  Map<String, String> config() {
    return config;
  }

  /// Returns the plugins.
  List<ImportedPlugin> plugins() {
    return plugins;
  }

  /// Returns how many key-value pairs there are.
  long keyValueCount() {
    return keyValues == null || keyValues.count() == null ? 0 : keyValues.count();
  }

  /// Gives each key-value pair to `sink`, one after the other, as often as it is called.
  ///
  /// @throws UncheckedIOException if the archive cannot be read
  void forEachKeyValue(Consumer<KeyValuePair> sink) {
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      readKeyValues(zip, sink);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read an archive", e);
    }
  }

  private void readKeyValues(ZipFile zip, Consumer<KeyValuePair> sink) throws IOException {
    if (keyValues != null) {
      KeyValueArchive.read(open(zip, KeyValueArchive.NAME), keyValues, storageBytes, sink);
    }
  }

  /// Returns the modules that the tenant did not have, compiled and not yet committed.
  Map<BlobDigest, PluginUpload> uploads() {
    return uploads;
  }

  @Override
  public void close() {
    uploads.values().forEach(PluginUpload::close);
    tenant.releaseUnneededVersions();
  }

  private static TenantManifest manifest(ZipFile zip) throws IOException {
    TenantManifest manifest =
        Json.read(bytes(zip, TenantManifest.NAME, MAX_MANIFEST_BYTES), TenantManifest.class);
    if (!TenantManifest.FORMAT.equals(manifest.format())) {
      throw TenantManifest.invalid("format", manifest.format(), TenantManifest.FORMAT);
    }
    @Nullable Integer version = manifest.formatVersion();
    if (version == null
        || version < TenantManifest.OLDEST_FORMAT_VERSION
        || version > TenantManifest.FORMAT_VERSION) {
      throw TenantManifest.invalid(
          "formatVersion",
          version,
          TenantManifest.OLDEST_FORMAT_VERSION + " to " + TenantManifest.FORMAT_VERSION);
    }
    return manifest;
  }

  private static List<ImportedPlugin> plugins(TenantManifest manifest) {
    Map<String, ImportedPlugin> plugins = new TreeMap<>();
    List<@Nullable PluginEntry> entries =
        manifest.plugins() == null ? List.of() : manifest.plugins();
    for (int i = 0; i < entries.size(); i++) {
      @Nullable PluginEntry entry = entries.get(i);
      String where = "plugins." + i;
      if (entry == null || entry.plugin() == null) {
        throw TenantManifest.invalid(where + ".plugin", null, "a name");
      }
      if (plugins.put(entry.plugin(), plugin(where, entry, entry.plugin())) != null) {
        throw TenantManifest.invalid(where + ".plugin", entry.plugin(), "the name of one only");
      }
    }
    return List.copyOf(plugins.values());
  }

  private static ImportedPlugin plugin(String where, PluginEntry entry, String name) {
    PluginSettings settings =
        entry.settings() == null
            ? PluginSettings.defaults()
            : PluginSettings.read(Json.write(entry.settings()));
    Map<BlobDigest, Instant> versions = new LinkedHashMap<>();
    if (entry.versions() != null) {
      for (@Nullable VersionEntry version : entry.versions()) {
        if (version == null) {
          throw TenantManifest.invalid(where + ".versions", null, "versions");
        }
        versions.put(
            TenantManifest.digest(where + ".versions", version.version()),
            TenantManifest.time(where + ".versions", version.createdAt()));
      }
    }
    Map<AliasName, List<AliasTarget>> aliases = new LinkedHashMap<>();
    @Nullable Map<String, @Nullable List<TenantManifest.@Nullable TargetEntry>> named =
        entry.aliases();
    if (named != null) {
      for (String alias : named.keySet()) {
        aliases.put(
            new AliasName(alias), targets(where + ".aliases." + alias, named.get(alias), versions));
      }
    }
    AliasRegistry.checkCount(aliases.size());
    return new ImportedPlugin(new PluginName(name), settings, versions, aliases);
  }

  private static List<AliasTarget> targets(
      String where,
      @Nullable List<TenantManifest.@Nullable TargetEntry> entries,
      Map<BlobDigest, Instant> versions) {
    List<AliasTarget> targets = new ArrayList<>();
    if (entries != null) {
      for (TenantManifest.@Nullable TargetEntry entry : entries) {
        if (entry == null) {
          throw TenantManifest.invalid(where, null, "a version and a weight");
        }
        AliasTarget target = entry.target(where);
        if (!versions.containsKey(target.version())) {
          throw TenantManifest.invalid(
              where, target.version().toString(), "a version of the plugin in the archive");
        }
        targets.add(target);
      }
    }
    AliasRegistry.checkTargets(targets);
    return targets;
  }

  private void readModules(ZipFile zip, PluginRegistry registry) throws IOException {
    for (ImportedPlugin plugin : plugins) {
      @Nullable Plugin existing = tenant.plugin(plugin.name);
      for (BlobDigest digest : plugin.versions.keySet()) {
        boolean isThere = existing != null && existing.versions().containsKey(digest);
        if (!isThere && !uploads.containsKey(digest)) {
          if (uploads.size() >= MAX_MODULES) {
            throw Problem.limit(ProblemType.LIMIT, "archiveModules", MAX_MODULES + 1L, MAX_MODULES)
                .asException();
          }
          String entry = TenantExport.BLOBS + digest.hex();
          PluginUpload upload =
              registry.beginUpload(tenant, plugin.name, isDocument(zip, entry), null);
          uploads.put(digest, upload);
          push(zip, entry, digest, upload);
        }
      }
    }
  }

  /// Linked plugins are JSON, bundles are archives themselves, all others are modules.
  private static boolean isDocument(ZipFile zip, String entry) throws IOException {
    try (InputStream in = open(zip, entry)) {
      int first = in.read();
      return first == '{' || first == 'P';
    }
  }

  /// Ends where all modules together are larger than the tenant may have, whatever the archive
  /// itself takes: compressed bytes may become a thousand times as many.
  private void push(ZipFile zip, String entry, BlobDigest digest, PluginUpload upload)
      throws IOException {
    try (InputStream in = open(zip, entry)) {
      byte[] chunk = new byte[CHUNK_BYTES];
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        moduleBytes += count;
        if (moduleBytes > storageBytes) {
          throw Problem.limit(
                  ProblemType.STORAGE_FULL,
                  IsolateLimit.STORAGE_BYTES.limitName(),
                  moduleBytes,
                  storageBytes)
              .asException();
        }
        upload.push(chunk, 0, count);
      }
    }
    BlobDigest actual = upload.prepare();
    if (!actual.equals(digest)) {
      throw TenantManifest.invalid(entry, actual.toString(), "bytes of this digest");
    }
  }

  private static byte[] bytes(ZipFile zip, String name, int maxBytes) throws IOException {
    try (InputStream in = open(zip, name)) {
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw TenantManifest.invalid(name, "more", "at most " + maxBytes + " bytes");
      }
      return bytes;
    }
  }

  private static InputStream open(ZipFile zip, String name) throws IOException {
    @Nullable ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw TenantManifest.invalid("the entry " + name, null, "in the archive");
    }
    return zip.getInputStream(entry);
  }
}
