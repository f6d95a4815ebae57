package dev.cloister.sandbox.storage;

import java.util.List;

/// The tables `signature_policy` and `version_signature`.
final class SignatureTable {
  private SignatureTable() {}

  static List<String> policies(SqlSession session, TenantName tenant) {
    return session.query(
        row -> row.getString(1),
        "SELECT policy FROM signature_policy WHERE tenant = ?",
        tenant.text());
  }

  static void putPolicy(SqlSession session, TenantName tenant, String policy) {
    session.update(
        """
        INSERT INTO signature_policy (tenant, policy) VALUES (?, ?)
        ON CONFLICT (tenant) DO UPDATE SET policy = excluded.policy
        """,
        tenant.text(),
        policy);
  }

  static List<Signer> signers(
      SqlSession session, TenantName tenant, PluginName plugin, BlobDigest version) {
    return session.query(
        row -> new Signer(row.getString(1), row.getString(2)),
        """
        SELECT key_id, public_key FROM version_signature
        WHERE tenant = ? AND plugin = ? AND digest = ?
        ORDER BY key_id, public_key
        """,
        tenant.text(),
        plugin.text(),
        version.hex());
  }

  static void addSigner(
      SqlSession session, TenantName tenant, PluginName plugin, BlobDigest version, Signer signer) {
    session.update(
        """
        INSERT INTO version_signature (tenant, plugin, digest, key_id, public_key)
          VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        tenant.text(),
        plugin.text(),
        version.hex(),
        signer.keyId(),
        signer.publicKey());
  }
}
