package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import dev.cloister.sandbox.storage.AliasTarget;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.VersionRecord;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The entry `manifest.json` of an exported tenant: what it has but for the modules' bytes, its
/// key-value pairs ([KeyValueArchive]), keys, secrets and policies.
///
/// @param format `cloister-tenant`
/// @param formatVersion 2; archives of version 1 have no key-value pairs and can be read
/// @param tenant the name of the tenant that was exported; it may get another one
/// @param limits the limits that were set for it
/// @param config its configuration
/// @param plugins its plugins
/// @param keyValues what the entry with its key-value pairs is, null if there is none
record TenantManifest(
    @Nullable String format,
    @Nullable Integer formatVersion,
    @Nullable String tenant,
    @Nullable Map<String, @Nullable Long> limits,
    @Nullable Map<String, @Nullable String> config,
    @Nullable List<@Nullable PluginEntry> plugins,
    @Nullable KeyValuesEntry keyValues) {
  static final String NAME = "manifest.json";
  static final String FORMAT = "cloister-tenant";
  static final int FORMAT_VERSION = 2;
  static final int OLDEST_FORMAT_VERSION = 1;

  /// What the entry [KeyValueArchive#NAME] has.
  ///
  /// @param count how many pairs
  /// @param bytes keys and values together
  /// @param digest `sha256:HEX` of the entry
  record KeyValuesEntry(@Nullable Long count, @Nullable Long bytes, @Nullable String digest) {}

  /// A plugin.
  ///
  /// @param plugin its name
  /// @param settings its settings
  /// @param versions its versions, oldest first
  /// @param aliases the versions behind its aliases, by alias
  record PluginEntry(
      @Nullable String plugin,
      @Nullable PluginSettings settings,
      @Nullable List<@Nullable VersionEntry> versions,
      @Nullable Map<String, @Nullable List<@Nullable TargetEntry>> aliases) {

    static PluginEntry of(Plugin plugin) {
      List<@Nullable VersionEntry> versions = new ArrayList<>();
      plugin.versions().values().forEach(version -> versions.add(VersionEntry.of(version)));
      Map<String, @Nullable List<@Nullable TargetEntry>> aliases = new TreeMap<>();
      plugin
          .aliases()
          .forEach((alias, targets) -> {
            List<@Nullable TargetEntry> entries = new ArrayList<>();
            targets.forEach(target -> entries.add(TargetEntry.of(target)));
            aliases.put(alias.text(), entries);
          });
      return new PluginEntry(plugin.name().text(), plugin.settings(), versions, aliases);
    }
  }

  /// A version, whose bytes are the entry `blobs/sha256/HEX`.
  ///
  /// @param version `sha256:HEX`
  /// @param createdAt when it was uploaded
  record VersionEntry(@Nullable String version, @Nullable String createdAt) {
    static VersionEntry of(VersionRecord version) {
      return new VersionEntry(version.digest().toString(), version.createdAt().toString());
    }
  }

  /// A target of an alias.
  ///
  /// @param version `sha256:HEX`
  /// @param weight its weight
  record TargetEntry(@Nullable String version, @Nullable Integer weight) {
    static TargetEntry of(AliasTarget target) {
      return new TargetEntry(target.version().toString(), target.weight());
    }

    AliasTarget target(String where) {
      if (weight == null) {
        throw invalid(where, "null", "a weight");
      }
      return new AliasTarget(digest(where, version), weight);
    }
  }

  static TenantManifest of(Tenant tenant, List<Plugin> plugins) {
    List<@Nullable PluginEntry> entries = new ArrayList<>();
    plugins.forEach(plugin -> entries.add(PluginEntry.of(plugin)));
    return new TenantManifest(
        FORMAT,
        FORMAT_VERSION,
        tenant.name().text(),
        new HashMap<>(tenant.record().limits()),
        new TreeMap<>(tenant.services().config()),
        entries,
        null);
  }

  TenantManifest withKeyValues(KeyValuesEntry entry) {
    return new TenantManifest(format, formatVersion, tenant, limits, config, plugins, entry);
  }

  static BlobDigest digest(String where, @Nullable String text) {
    try {
      return BlobDigest.parse(text == null ? "null" : text);
    } catch (IllegalArgumentException _) {
      throw invalid(where, text, "sha256: and 64 hexadecimal digits");
    }
  }

  static Instant time(String where, @Nullable String text) {
    try {
      return Instant.parse(text == null ? "null" : text).truncatedTo(ChronoUnit.MILLIS);
    } catch (DateTimeParseException _) {
      throw invalid(where, text, "a time as in 2026-01-31T12:00:00Z");
    }
  }

  /// The exception for an archive of which `what` is wrong.
  static RuntimeException invalid(String what, @Nullable Object actual, String allowed) {
    return Problem.of(ProblemType.INVALID_ARCHIVE, what + " must be " + allowed)
        .with("what", what)
        .with("actual", actual)
        .with("allowed", allowed)
        .asException();
  }
}
