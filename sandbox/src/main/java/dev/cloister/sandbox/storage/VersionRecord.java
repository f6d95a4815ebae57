package dev.cloister.sandbox.storage;

import java.time.Instant;

/// An immutable version of a plugin as it is stored; its bytes are the blob of this digest.
///
/// @param tenant the tenant it belongs to
/// @param plugin the plugin
/// @param digest the digest of its bytes, and its name
/// @param sizeBytes the size of its bytes
/// @param abi the calling convention found in it
/// @param script its script URL
/// @param createdAt when it was uploaded first
public record VersionRecord(
    TenantName tenant,
    PluginName plugin,
    BlobDigest digest,
    long sizeBytes,
    String abi,
    String script,
    Instant createdAt) {}
