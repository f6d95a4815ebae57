package dev.cloister.sandbox.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The chain of hashes over the audit log: each record's hash covers the record and the hash before
/// it, so whoever changes, removes or inserts one must make all later ones anew.
///
/// A hash is SHA-256 over the previous hash, the time in milliseconds, actor, role, action, tenant,
/// target, outcome, detail and address, in this order: each as the length of its UTF-8 in four
/// bytes and that UTF-8, or as the length -1 where it is absent. Whoever can write the database can
/// make a chain anew; the hash of the newest record, kept elsewhere, shows that.
///
/// An instance checks records as they come, oldest first. One thread uses it.
public final class AuditChain {
  private static final int LENGTH_BYTES = 4;

  private long records;
  private @Nullable Long firstId;
  private @Nullable Long lastId;
  private @Nullable String head;
  private @Nullable Long brokenId;

  /// Creates a check that has seen nothing.
  public AuditChain() {}

  /// What a check found.
  ///
  /// @param records how many records were checked; those without a hash are not
  /// @param firstId the number of the first one, null if there is none
  /// @param lastId the number of the last one, null if there is none
  /// @param head the hash of the last one, null if there is none
  /// @param brokenId the number of the first record that does not follow from the one before it,
  ///   null if all do
  public record Result(
      long records,
      @Nullable Long firstId,
      @Nullable Long lastId,
      @Nullable String head,
      @Nullable Long brokenId) {}

  /// Returns the hash of a record behind one with the hash `previousHash`.
  static String hash(@Nullable String previousHash, AuditRecord entry) {
    MessageDigest digest = sha256();
    @Nullable TenantName tenant = entry.tenant();
    add(digest, previousHash);
    add(digest, Long.toString(entry.time().toEpochMilli()));
    add(digest, entry.actor());
    add(digest, entry.role());
    add(digest, entry.action());
    add(digest, tenant == null ? null : tenant.text());
    add(digest, entry.target());
    add(digest, entry.outcome());
    add(digest, entry.detail());
    add(digest, entry.remote());
    return HexFormat.of().formatHex(digest.digest());
  }

  /// Checks the next record.
  public void check(AuditRecord entry) {
    @Nullable String hash = entry.hash();
    if (hash == null && head == null) {
      // Written before there was a chain.
      return;
    }
    boolean follows = head == null || head.equals(entry.previousHash());
    if (brokenId == null && !(follows && hash(entry.previousHash(), entry).equals(hash))) {
      brokenId = entry.id();
    }
    if (firstId == null) {
      firstId = entry.id();
    }
    lastId = entry.id();
    head = Objects.requireNonNullElse(hash, "");
    records++;
  }

  /// Returns what was found so far.
  public Result result() {
    return new Result(records, firstId, lastId, head, brokenId);
  }

  private static void add(MessageDigest digest, @Nullable String text) {
    ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES);
    if (text == null) {
      digest.update(length.putInt(0, -1));
    } else {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      digest.update(length.putInt(0, bytes.length));
      digest.update(bytes);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
