package dev.cloister.sandbox.storage;

/// A version to which an alias sends a share of the calls.
///
/// @param version the version
/// @param weight its share relative to the other targets, at least 0
public record AliasTarget(BlobDigest version, int weight) {}
