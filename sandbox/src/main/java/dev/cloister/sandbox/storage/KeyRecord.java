package dev.cloister.sandbox.storage;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A tenant's key as it is stored: the secret itself is not.
///
/// @param id the public part of the key
/// @param tenant the tenant it belongs to
/// @param role what its holder may do
/// @param secretHash SHA-256 of the whole key, in hexadecimal
/// @param createdAt when it was created
/// @param expiresAt when it stops being valid, null if it does not
/// @param replaced the secret it had before, null if it has its first
/// @param lastUsedAt when it was used last, as far as that was written down; null for never
public record KeyRecord(
    String id,
    TenantName tenant,
    Role role,
    String secretHash,
    Instant createdAt,
    @Nullable Instant expiresAt,
    @Nullable ReplacedSecret replaced,
    @Nullable Instant lastUsedAt) {

  /// A new key.
  public static KeyRecord create(
      String id,
      TenantName tenant,
      Role role,
      String secretHash,
      Instant createdAt,
      @Nullable Instant expiresAt) {
    return new KeyRecord(id, tenant, role, secretHash, createdAt, expiresAt, null, null);
  }

  /// Returns this key with another secret; the present one stays valid until `validUntil`.
  public KeyRecord rotated(String newHash, Instant validUntil) {
    return new KeyRecord(
        id,
        tenant,
        role,
        newHash,
        createdAt,
        expiresAt,
        new ReplacedSecret(secretHash, validUntil),
        lastUsedAt);
  }

  /// Returns whether the key is not valid any more at `time`.
  public boolean isExpired(Instant time) {
    return expiresAt != null && !time.isBefore(expiresAt);
  }
}
