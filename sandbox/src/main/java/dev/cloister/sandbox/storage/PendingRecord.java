package dev.cloister.sandbox.storage;

/// A version that waits for the operator's approval.
///
/// @param tenant the tenant
/// @param plugin its plugin
/// @param digest the version
public record PendingRecord(TenantName tenant, PluginName plugin, BlobDigest digest) {}
