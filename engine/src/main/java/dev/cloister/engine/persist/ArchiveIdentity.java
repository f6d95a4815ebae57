package dev.cloister.engine.persist;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cloister.engine.feature.WasmFeatures;
import dev.cloister.engine.feature.WasmLimit;
import dev.cloister.engine.feature.WasmLimits;
import dev.cloister.engine.module.ModuleHash;
import dev.cloister.engine.runtime.VectorUse;
import java.util.HexFormat;

/// What code was made by and for; kept code is used only where all of it agrees.
///
/// @param software the lines that change with the engine and the JVM: an archive in which they
///   differ is stale
/// @param settings the lines that an embedder chooses, with which a module has an archive of its
///   own
public record ArchiveIdentity(String software, String settings) {

  /// {@return the identity of code in this JVM}
  ///
  /// @param engineVersion what [EngineVersion] found
  public static ArchiveIdentity of(
      String engineVersion,
      WasmFeatures features,
      WasmLimits limits,
      int methodBytes,
      VectorUse vectorUse) {
    StringBuilder lowered = new StringBuilder();
    for (WasmLimit limit : WasmLimit.values()) {
      if (limits.allowed(limit) != limit.standard()) {
        lowered.append(' ').append(limit.name()).append('=').append(limits.allowed(limit));
      }
    }
    boolean hasVectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return new ArchiveIdentity(
        "engine "
            + engineVersion
            + "\njava "
            + Runtime.version()
            + "\nmachine "
            + System.getProperty("os.arch")
            + "\nvectors "
            + hasVectors,
        "features "
            + features
            + "\nlimits"
            + lowered
            + "\nmethods "
            + methodBytes
            + "\nvector use "
            + vectorUse);
  }

  /// {@return all lines}
  String text() {
    return software + '\n' + settings;
  }

  /// {@return the name of the archive of a module}
  String archiveName(ModuleHash module, String salt) {
    byte[] bytes = (module.hex() + '\n' + settings + '\n' + salt).getBytes(UTF_8);
    return HexFormat.of().formatHex(ArchiveFormat.digest(bytes));
  }
}
