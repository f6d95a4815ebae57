package dev.cloister.sandbox.config;

import org.jspecify.annotations.Nullable;

/// The section `cluster`: what servers that serve together have in common.
///
/// @param database where the metadata and the modules are, null for the data folder
public record ClusterConfig(@Nullable DatabaseConfig database) {

  static ClusterConfig from(ConfigSection section) {
    ClusterConfig config = new ClusterConfig(DatabaseConfig.from(section.section("database")));
    section.end();
    return config;
  }
}
