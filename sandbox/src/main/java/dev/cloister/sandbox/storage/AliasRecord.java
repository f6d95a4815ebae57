package dev.cloister.sandbox.storage;

import java.util.List;

/// A name for one or several versions of a plugin as it is stored.
///
/// @param tenant the tenant it belongs to
/// @param plugin the plugin
/// @param alias the name
/// @param targets the versions behind it, at least one
public record AliasRecord(
    TenantName tenant, PluginName plugin, AliasName alias, List<AliasTarget> targets) {

  /// Copies the targets.
  public AliasRecord {
    targets = List.copyOf(targets);
  }
}
