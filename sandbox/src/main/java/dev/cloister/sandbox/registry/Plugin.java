package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.storage.AliasName;
import dev.cloister.sandbox.storage.AliasTarget;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.PluginName;
import dev.cloister.sandbox.storage.PluginRecord;
import dev.cloister.sandbox.storage.VersionRecord;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A plugin with its versions and aliases at one moment. Immutable; a change makes a new one.
public final class Plugin {
  private final PluginRecord record;
  private final PluginSettings settings;
  private final Map<BlobDigest, VersionRecord> versions;
  private final Map<AliasName, List<AliasTarget>> aliases;

  private Plugin(
      PluginRecord record,
      PluginSettings settings,
      Map<BlobDigest, VersionRecord> versions,
      Map<AliasName, List<AliasTarget>> aliases) {
    this.record = record;
    this.settings = settings;
    this.versions = versions;
    this.aliases = aliases;
  }

  /// A plugin without versions.
  static Plugin of(PluginRecord record) {
    return new Plugin(record, PluginSettings.parse(record.settings()), Map.of(), Map.of());
  }

  /// Returns the plugin's name.
  public PluginName name() {
    return record.name();
  }

  /// Returns when its settings, versions or aliases changed last.
  public Instant updatedAt() {
    return record.updatedAt();
  }

  /// Returns its settings.
  public PluginSettings settings() {
    return settings;
  }

  /// Returns its versions by digest, oldest first.
  public Map<BlobDigest, VersionRecord> versions() {
    return versions;
  }

  /// Returns its aliases by name.
  public Map<AliasName, List<AliasTarget>> aliases() {
    return aliases;
  }

  /// Returns the version that gets most of the calls, or null if none is live.
  public @Nullable VersionRecord live() {
    @Nullable AliasTarget heaviest = null;
    for (AliasTarget target : aliases.getOrDefault(AliasName.LIVE, List.of())) {
      if (heaviest == null || target.weight() > heaviest.weight()) {
        heaviest = target;
      }
    }
    return heaviest == null ? null : versions.get(heaviest.version());
  }

  /// Returns a version.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if there is no such version
  public VersionRecord requireVersion(BlobDigest digest) {
    @Nullable VersionRecord version = versions.get(digest);
    if (version == null) {
      throw Problem.notFound("version", digest.toString()).asException();
    }
    return version;
  }

  /// Returns whether any alias names the version.
  public boolean isAliased(BlobDigest version) {
    return aliasedVersions().contains(version);
  }

  /// Chooses a version behind `alias` by weight, or returns null if there is no such alias.
  @Nullable BlobDigest choose(AliasName alias, RandomGenerator random) {
    @Nullable List<AliasTarget> targets = aliases.get(alias);
    if (targets == null) {
      return null;
    }
    if (targets.size() == 1) {
      return targets.getFirst().version();
    }
    int total = targets.stream().mapToInt(AliasTarget::weight).sum();
    int ticket = random.nextInt(total);
    for (AliasTarget target : targets) {
      ticket -= target.weight();
      if (ticket < 0) {
        return target.version();
      }
    }
    throw new IllegalStateException("the weights of " + alias + " changed");
  }

  PluginRecord record() {
    return record;
  }

  Set<BlobDigest> aliasedVersions() {
    Set<BlobDigest> aliased = new HashSet<>();
    aliases.values().forEach(targets -> targets.forEach(target -> aliased.add(target.version())));
    return aliased;
  }

  long storedBytes() {
    return versions.values().stream().mapToLong(VersionRecord::sizeBytes).sum();
  }

  /// Returns this plugin, changed at `now`.
  Plugin touchedAt(Instant now) {
    return withRecord(new PluginRecord(record.tenant(), record.name(), record.settings(), now));
  }

  /// Returns this plugin without the oldest versions beyond those that its settings keep. Versions
  /// that an alias names stay, and count.
  Plugin withoutExpiredVersions() {
    @Nullable Integer kept = settings.retention().versions();
    if (kept == null) {
      return this;
    }
    Plugin result = this;
    Set<BlobDigest> aliased = aliasedVersions();
    for (BlobDigest version : versions.keySet()) {
      if (result.versions.size() > kept && !aliased.contains(version)) {
        result = result.withoutVersion(version);
      }
    }
    return result;
  }

  Plugin withRecord(PluginRecord newRecord) {
    return new Plugin(newRecord, PluginSettings.parse(newRecord.settings()), versions, aliases);
  }

  Plugin withVersion(VersionRecord version) {
    Map<BlobDigest, VersionRecord> copy = new LinkedHashMap<>(versions);
    copy.put(version.digest(), version);
    return new Plugin(record, settings, Collections.unmodifiableMap(copy), aliases);
  }

  Plugin withoutVersion(BlobDigest digest) {
    Map<BlobDigest, VersionRecord> copy = new LinkedHashMap<>(versions);
    copy.remove(digest);
    return new Plugin(record, settings, Collections.unmodifiableMap(copy), aliases);
  }

  Plugin withAlias(AliasName alias, List<AliasTarget> targets) {
    Map<AliasName, List<AliasTarget>> copy = new TreeMap<>(aliases);
    copy.put(alias, List.copyOf(targets));
    return new Plugin(record, settings, versions, Collections.unmodifiableMap(copy));
  }
}
