package dev.cloister.sandbox.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.isolate.instance.StartInfo;
import dev.cloister.isolate.instance.VersionKey;
import dev.cloister.sandbox.registry.Plugin;
import dev.cloister.sandbox.registry.Tenant;
import dev.cloister.sandbox.storage.BlobDigest;
import org.jspecify.annotations.Nullable;

/// The image that instances of a version begin with, as it is shown.
///
/// @param state `off`, `pending`, `used` or `refused`
/// @param reason why there is none although there should be; null if that is not known, or not so
/// @param bytes what it is charged; null if there is none
@JsonInclude(JsonInclude.Include.NON_NULL)
record SnapshotView(String state, @Nullable String reason, @Nullable Long bytes) {
  private static final SnapshotView OFF = new SnapshotView("off", null, null);

  static SnapshotView of(Tenant tenant, Plugin plugin, BlobDigest version) {
    if (!plugin.settings().instance().isSnapshot()) {
      return OFF;
    }
    StartInfo info =
        tenant
            .isolate()
            .keptInstances()
            .startInfo(new VersionKey(plugin.name().text(), new ModuleHash(version.hex())));
    return new SnapshotView(
        info.state().label(), info.reason(), info.bytes() == 0 ? null : (Long) info.bytes());
  }
}
