package dev.cloister.sandbox.storage;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The table `request`.
final class RequestTable {
  private RequestTable() {}

  static List<RequestRecord> find(SqlSession session, String id) {
    return session.query(
        row -> {
          byte @Nullable [] answer = row.getBytes(4);
          return new RequestRecord(
              row.getString(1),
              row.getString(2),
              row.getString(3),
              answer == null ? null : new String(answer, StandardCharsets.US_ASCII),
              Instant.ofEpochMilli(row.getLong(5)));
        },
        "SELECT id, principal, fingerprint, answer, expires_at FROM request WHERE id = ?",
        id);
  }

  static RequestRecord.Use use(SqlSession session, String principal) {
    return session
        .query(
            row -> new RequestRecord.Use(row.getLong(1), row.getLong(2)),
            "SELECT count(*), coalesce(sum(size_bytes), 0) FROM request WHERE principal = ?",
            principal)
        .getFirst();
  }

  static void put(SqlSession session, RequestRecord request) {
    @Nullable String answer = request.answer();
    byte @Nullable [] bytes = answer == null ? null : answer.getBytes(StandardCharsets.US_ASCII);
    delete(session, request.id());
    session.update(
        "INSERT INTO request (id, principal, fingerprint, answer, size_bytes, expires_at)"
            + " VALUES (?, ?, ?, "
            + (bytes == null ? "NULL" : "?")
            + ", ?, ?)",
        bytes == null
            ? new Object[] {
              request.id(),
              request.principal(),
              request.fingerprint(),
              0L,
              request.expiresAt().toEpochMilli()
            }
            : new Object[] {
              request.id(),
              request.principal(),
              request.fingerprint(),
              bytes,
              (long) bytes.length,
              request.expiresAt().toEpochMilli()
            });
  }

  static void delete(SqlSession session, String id) {
    session.update("DELETE FROM request WHERE id = ?", id);
  }

  static void deleteExpired(SqlSession session, Instant now) {
    session.update("DELETE FROM request WHERE expires_at < ?", now.toEpochMilli());
  }
}
