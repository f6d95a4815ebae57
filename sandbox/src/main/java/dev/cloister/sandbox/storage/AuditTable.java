package dev.cloister.sandbox.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The table `audit`, whose oldest rows go when there are too many.
final class AuditTable {
  private static final int PRUNE_INTERVAL = 256;
  private static final String COLUMNS =
      "id, time, actor, role, action, tenant, target, outcome, detail, remote";

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

  static AuditRecord append(SqlSession session, AuditRecord entry, long recordsKept) {
    @Nullable TenantName tenant = entry.tenant();
    long id =
        session
            .query(
                row -> row.getLong(1),
                """
                INSERT INTO audit
                  (time, actor, role, action, tenant, target, outcome, detail, remote)
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
                """,
                entry.time().toEpochMilli(),
                entry.actor(),
                entry.role(),
                entry.action(),
                tenant == null ? null : tenant.text(),
                entry.target(),
                entry.outcome(),
                entry.detail(),
                entry.remote())
            .getFirst();
    if (id % PRUNE_INTERVAL == 0) {
      session.update("DELETE FROM audit WHERE id <= ?", id - recordsKept);
    }
    return entry.withId(id);
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
        row.getString(10));
  }
}
