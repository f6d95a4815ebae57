package dev.cloister.sandbox.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The table `operation`.
final class OperationTable {
  private OperationTable() {}

  static List<OperationRecord> list(SqlSession session) {
    return session.query(
        OperationTable::read,
        """
        SELECT id, tenant, kind, plugin, actor, status, created_at, ended_at, http_status, headers,
          body
        FROM operation ORDER BY created_at, id
        """);
  }

  private static OperationRecord read(ResultSet row) throws SQLException {
    long endedAt = row.getLong(8);
    boolean isEnded = !row.wasNull();
    @Nullable String headers = row.getString(10);
    return new OperationRecord(
        row.getString(1),
        row.getString(2),
        row.getString(3),
        row.getString(4),
        row.getString(5),
        row.getString(6),
        Instant.ofEpochMilli(row.getLong(7)),
        isEnded
            ? new OperationRecord.End(
                Instant.ofEpochMilli(endedAt),
                row.getInt(9),
                headers == null ? "{}" : headers,
                row.getBytes(11))
            : null);
  }

  /// Adds one that goes on; nothing if its tenant is gone.
  static void insert(SqlSession session, OperationRecord operation) {
    session.update(
        """
        INSERT INTO operation (id, tenant, kind, plugin, actor, status, created_at)
          SELECT ?, name, ?, ?, ?, ?, ? FROM tenant WHERE name = ?
        """,
        operation.id(),
        operation.kind(),
        operation.plugin(),
        operation.actor(),
        operation.status(),
        operation.createdAt().toEpochMilli(),
        operation.tenant());
  }

  /// Notes how one ended; nothing if it is gone.
  static void end(SqlSession session, String id, String status, OperationRecord.End end) {
    byte @Nullable [] body = end.body();
    if (body == null) {
      session.update(
          """
          UPDATE operation SET status = ?, ended_at = ?, http_status = ?, headers = ?, body = NULL
          WHERE id = ?
          """,
          status,
          end.at().toEpochMilli(),
          end.httpStatus(),
          end.headersJson(),
          id);
    } else {
      session.update(
          """
          UPDATE operation SET status = ?, ended_at = ?, http_status = ?, headers = ?, body = ?
          WHERE id = ?
          """,
          status,
          end.at().toEpochMilli(),
          end.httpStatus(),
          end.headersJson(),
          body,
          id);
    }
  }

  static void delete(SqlSession session, String id) {
    session.update("DELETE FROM operation WHERE id = ?", id);
  }

  static void deleteEndedBefore(SqlSession session, Instant time) {
    session.update("DELETE FROM operation WHERE ended_at < ?", time.toEpochMilli());
  }
}
