package dev.cloister.sandbox.storage;

/// A key that signed a version.
///
/// @param keyId the tenant's name for the key when the version was uploaded
/// @param publicKey the key itself, in Base64
public record Signer(String keyId, String publicKey) {}
