package dev.cloister.sandbox.storage;

import java.time.Instant;

/// A plugin as it is stored.
///
/// @param tenant the tenant it belongs to
/// @param name the plugin
/// @param settings its settings as JSON text
/// @param updatedAt when its settings, versions or aliases changed last
public record PluginRecord(
    TenantName tenant, PluginName name, String settings, Instant updatedAt) {}
