package dev.cloister.sandbox.registry;

import dev.cloister.engine.module.ModuleHash;
import dev.cloister.isolate.Isolate;
import dev.cloister.isolate.plugin.PluginHandle;
import dev.cloister.sandbox.storage.BlobDigest;
import dev.cloister.sandbox.storage.BlobStore;
import io.vertx.core.Future;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The compiled versions that one tenant holds, and which of them it keeps.
///
/// Versions that an alias names stay compiled. Of the others the most recently used few do, so that
/// calls that chose a version just before an alias moved still find it. Any thread may call.
final class LoadedVersions {
  private final Isolate isolate;
  private final BlobStore blobs;
  private final int onDemandVersions;

  /// When each held version was asked for last, in nanoseconds of [System#nanoTime].
  private final Map<BlobDigest, Long> lastUse = new ConcurrentHashMap<>();

  /// How many uploads that are not yet committed use a version.
  private final Map<BlobDigest, Integer> pins = new ConcurrentHashMap<>();

  LoadedVersions(Isolate isolate, BlobStore blobs, int onDemandVersions) {
    this.isolate = isolate;
    this.blobs = blobs;
    this.onDemandVersions = onDemandVersions;
  }

  /// Returns the compiled version; compiles it off the event loop if the tenant does not hold it.
  Future<PluginHandle> handle(BlobDigest version) {
    lastUse.put(version, System.nanoTime());
    ModuleHash hash = new ModuleHash(version.hex());
    @Nullable PluginHandle held = isolate.plugin(hash);
    return held != null
        ? Future.succeededFuture(held)
        : isolate.load(hash, () -> blobs.read(version));
  }

  /// Notes that the tenant holds a version that an upload compiled, and keeps it until [#unpin].
  void pin(BlobDigest version) {
    pins.merge(version, 1, Integer::sum);
    lastUse.put(version, System.nanoTime());
  }

  /// Undoes one [#pin].
  void unpin(BlobDigest version) {
    pins.computeIfPresent(version, (_, count) -> count == 1 ? null : count - 1);
  }

  /// Lets go of every version that is not in `existing`, and of the least recently used ones that
  /// are not in `aliased`. Calls that are running end first.
  void retain(Set<BlobDigest> existing, Set<BlobDigest> aliased) {
    List<BlobDigest> onDemand =
        lastUse.entrySet().stream()
            .filter(entry -> !aliased.contains(entry.getKey()))
            .filter(entry -> !pins.containsKey(entry.getKey()))
            .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
            .map(Map.Entry::getKey)
            .toList();
    int kept = 0;
    for (BlobDigest version : onDemand) {
      if (existing.contains(version) && kept < onDemandVersions) {
        kept++;
      } else {
        lastUse.remove(version);
        isolate.unload(new ModuleHash(version.hex()));
      }
    }
  }
}
