package dev.cloister.engine.code;

import java.lang.module.ModuleDescriptor;
import java.util.Optional;

/// Which engine makes the code: what one version generates is not for another one.
public final class EngineVersion {
  /// The version of this engine, or `development` where it has none.
  public static final String CURRENT =
      Optional.ofNullable(EngineVersion.class.getModule().getDescriptor())
          .flatMap(ModuleDescriptor::rawVersion)
          .orElse("development");

  private EngineVersion() {}
}
