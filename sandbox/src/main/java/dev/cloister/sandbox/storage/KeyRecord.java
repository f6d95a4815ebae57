package dev.cloister.sandbox.storage;

import java.time.Instant;

/// A tenant's key as it is stored: the secret itself is not.
///
/// @param id the public part of the key
/// @param tenant the tenant it belongs to
/// @param role what its holder may do
/// @param secretHash SHA-256 of the whole key, in hexadecimal
/// @param createdAt when it was created
public record KeyRecord(
    String id, TenantName tenant, Role role, String secretHash, Instant createdAt) {}
