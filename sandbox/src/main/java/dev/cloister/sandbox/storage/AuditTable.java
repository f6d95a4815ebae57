package dev.cloister.sandbox.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The table `audit`, whose oldest rows go when there are too many.
final class AuditTable {
  private static final int PRUNE_INTERVAL = 256;
  private static final String COLUMNS =
      "id, time, actor, role, action, tenant, target, outcome, detail, remote, previous_hash, hash";

  private AuditTable() {}

  static List<AuditRecord> list(SqlSession session, AuditFilter filter) {
    StringBuilder sql = new StringBuilder("SELECT " + COLUMNS + " FROM audit WHERE id < ?");
    List<@Nullable Object> parameters = new ArrayList<>();
    parameters.add(filter.before());
    @Nullable TenantName tenant = filter.tenant();
    if (tenant != null) {
      sql.append(" AND tenant = ?");
      parameters.add(tenant.text());
    }
    @Nullable String action = filter.action();
    if (action != null) {
      sql.append(" AND action = ?");
      parameters.add(action);
    }
    @Nullable String text = filter.text();
    if (text != null && !text.isEmpty()) {
      // A text contains another one if it changes where that is taken out.
      String subject = "(action || ' ' || actor || ' ' || coalesce(target, ''))";
      sql.append(" AND replace(" + subject + ", ?, '') <> " + subject);
      parameters.add(text);
    }
    sql.append(" ORDER BY id DESC LIMIT ?");
    parameters.add(filter.limit());
    return session.query(AuditTable::record, sql.toString(), parameters.toArray());
  }

  static List<AuditRecord> after(SqlSession session, long id, int limit) {
    return session.query(
        AuditTable::record,
        "SELECT " + COLUMNS + " FROM audit WHERE id > ? ORDER BY id LIMIT ?",
        id,
        limit);
  }

  /// Appends a record behind the newest one, whose hash becomes part of its own. No other
  /// transaction appends meanwhile: there is one writer.
  static AuditRecord append(SqlSession session, AuditRecord entry, long recordsKept) {
    @Nullable TenantName tenant = entry.tenant();
    @Nullable String previousHash = newestHash(session);
    String hash = AuditChain.hash(previousHash, entry);
    long id =
        session
            .query(
                row -> row.getLong(1),
                """
                INSERT INTO audit
                  (time, actor, role, action, tenant, target, outcome, detail, remote,
                    previous_hash, hash)
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
                """,
                entry.time().toEpochMilli(),
                entry.actor(),
                entry.role(),
                entry.action(),
                tenant == null ? null : tenant.text(),
                entry.target(),
                entry.outcome(),
                entry.detail(),
                entry.remote(),
                previousHash,
                hash)
            .getFirst();
    if (id % PRUNE_INTERVAL == 0) {
      session.update("DELETE FROM audit WHERE id <= ?", id - recordsKept);
    }
    return entry.stored(id, previousHash, hash);
  }

  private static @Nullable String newestHash(SqlSession session) {
    // Boxed in an Optional because lists have no nulls.
    return session
        .query(
            row -> Optional.ofNullable(row.getString(1)),
            "SELECT hash FROM audit ORDER BY id DESC LIMIT 1")
        .stream()
        .findFirst()
        .flatMap(hash -> hash)
        .orElse(null);
  }

  private static AuditRecord record(ResultSet row) throws SQLException {
    @Nullable String tenant = row.getString(6);
    return new AuditRecord(
        row.getLong(1),
        Instant.ofEpochMilli(row.getLong(2)),
        row.getString(3),
        row.getString(4),
        row.getString(5),
        tenant == null ? null : new TenantName(tenant),
        row.getString(7),
        row.getString(8),
        row.getString(9),
        row.getString(10),
        row.getString(11),
        row.getString(12));
  }
}
