package dev.cloister.sandbox.storage;

import java.util.List;

/// Everything a server holds in memory of its metadata, as read at its start.
///
/// @param tenants all tenants
/// @param keys all keys
/// @param plugins all plugins
/// @param versions all versions, oldest first
/// @param aliases all aliases
/// @param damaged rows of which no record could be made
public record MetadataSnapshot(
    List<TenantRecord> tenants,
    List<KeyRecord> keys,
    List<PluginRecord> plugins,
    List<VersionRecord> versions,
    List<AliasRecord> aliases,
    List<DamagedRow> damaged) {}
