package dev.cloister.sandbox.storage;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A change of the server's state and who made it.
///
/// @param id increasing number, 0 while it is not stored yet
/// @param time when it happened
/// @param actor who did it: `operator` or `key:ID`
/// @param role the public name of the actor's role
/// @param action what was done, `plugin.upload` for instance
/// @param tenant the tenant concerned
/// @param target what was changed within the tenant or the server
/// @param outcome `ok` or `refused`
/// @param detail what else is worth knowing
/// @param remote the network address it came from
/// @param previousHash the hash of the record before it, null if there is none that has one
/// @param hash the hash of this record and `previousHash` (see [AuditChain]), null while it is not
///   stored, and in records of servers that made no hashes
public record AuditRecord(
    long id,
    Instant time,
    String actor,
    String role,
    String action,
    @Nullable TenantName tenant,
    @Nullable String target,
    String outcome,
    @Nullable String detail,
    @Nullable String remote,
    @Nullable String previousHash,
    @Nullable String hash) {

  /// A record that is not stored yet.
  public static AuditRecord create(
      Instant time,
      String actor,
      String role,
      String action,
      @Nullable TenantName tenant,
      @Nullable String target,
      String outcome,
      @Nullable String detail,
      @Nullable String remote) {
    return new AuditRecord(
        0, time, actor, role, action, tenant, target, outcome, detail, remote, null, null);
  }

  /// Returns this record under the number it was stored with, behind the one it follows.
  AuditRecord stored(long newId, @Nullable String newPreviousHash, String newHash) {
    return new AuditRecord(
        newId,
        time,
        actor,
        role,
        action,
        tenant,
        target,
        outcome,
        detail,
        remote,
        newPreviousHash,
        newHash);
  }
}
