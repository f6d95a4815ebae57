package dev.cloister.sandbox.storage;

/// A tenant's policy as it is stored.
///
/// @param allowed what the operator allows, as JSON text
/// @param wanted what of it the tenant wants, as JSON text
public record PolicyRecord(String allowed, String wanted) {}
