package dev.cloister.sandbox.storage;

import org.jspecify.annotations.Nullable;

/// A stored row that makes no sense, or that others contradict.
///
/// @param tenant the tenant that it belongs to, null if not even that can be told
/// @param table the table
/// @param reason what is wrong with it; says the names in it, but no values that are secret
public record DamagedRow(@Nullable TenantName tenant, String table, String reason) {}
