package dev.cloister.sandbox.storage;

import java.time.Instant;
import java.util.List;

/// The table `usage_hour`.
final class UsageTable {
  private UsageTable() {}

  /// Adds to what is stored of an hour; nothing if the tenant is gone.
  static void add(SqlSession session, TenantName tenant, UsageRecord usage) {
    session.update(
        """
        INSERT INTO usage_hour
          (tenant, hour, invocations, errors, cpu_nanos, memory_byte_seconds, egress_bytes)
          SELECT name, ?, ?, ?, ?, ?, ? FROM tenant WHERE name = ?
        ON CONFLICT (tenant, hour) DO UPDATE SET
          invocations = usage_hour.invocations + excluded.invocations,
          errors = usage_hour.errors + excluded.errors,
          cpu_nanos = usage_hour.cpu_nanos + excluded.cpu_nanos,
          memory_byte_seconds = usage_hour.memory_byte_seconds + excluded.memory_byte_seconds,
          egress_bytes = usage_hour.egress_bytes + excluded.egress_bytes
        """,
        usage.hour().toEpochMilli(),
        usage.invocations(),
        usage.errors(),
        usage.cpuNanos(),
        usage.memoryByteSeconds(),
        usage.egressBytes(),
        tenant.text());
  }

  static List<UsageRecord> list(SqlSession session, TenantName tenant, Instant from, Instant to) {
    return session.query(
        row ->
            new UsageRecord(
                Instant.ofEpochMilli(row.getLong(1)),
                row.getLong(2),
                row.getLong(3),
                row.getLong(4),
                row.getLong(5),
                row.getLong(6)),
        """
        SELECT hour, invocations, errors, cpu_nanos, memory_byte_seconds, egress_bytes
        FROM usage_hour WHERE tenant = ? AND hour >= ? AND hour < ? ORDER BY hour
        """,
        tenant.text(),
        from.toEpochMilli(),
        to.toEpochMilli());
  }

  static void deleteBefore(SqlSession session, Instant time) {
    session.update("DELETE FROM usage_hour WHERE hour < ?", time.toEpochMilli());
  }
}
