package dev.cloister.sandbox.storage;

import java.util.List;
import java.util.Map;

/// Everything a server holds in memory of its metadata, as read at its start.
///
/// @param tenants all tenants
/// @param keys all keys
/// @param plugins all plugins
/// @param versions all versions, oldest first
/// @param aliases all aliases
/// @param pending versions that wait for approval
/// @param services what plugins may use, by tenant; a tenant without anything is missing
/// @param damaged rows of which no record could be made
public record MetadataSnapshot(
    List<TenantRecord> tenants,
    List<KeyRecord> keys,
    List<PluginRecord> plugins,
    List<VersionRecord> versions,
    List<AliasRecord> aliases,
    List<PendingRecord> pending,
    Map<TenantName, ServicesRecord> services,
    List<DamagedRow> damaged) {}
