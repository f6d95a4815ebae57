package dev.cloister.sandbox.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// The table `alias_change`.
final class AliasChangeTable {
  private static final int KEPT = 50;

  private AliasChangeTable() {}

  /// Lists the changes of an alias, newest first.
  static List<AliasChange> list(
      SqlSession session, TenantName tenant, PluginName plugin, AliasName alias) {
    return session.query(
        AliasChangeTable::record,
        """
        SELECT number, targets, changed_at FROM alias_change
        WHERE tenant = ? AND plugin = ? AND alias = ? ORDER BY number DESC
        """,
        tenant.text(),
        plugin.text(),
        alias.text());
  }

  /// Adds a change and lets go of the oldest beyond those that are kept.
  static void append(SqlSession session, AliasRecord alias, Instant changedAt) {
    List<AliasChange> changes = list(session, alias.tenant(), alias.plugin(), alias.alias());
    long number = changes.isEmpty() ? 1 : changes.getFirst().number() + 1;
    String tenant = alias.tenant().text();
    String plugin = alias.plugin().text();
    String name = alias.alias().text();
    session.update(
        """
        INSERT INTO alias_change (tenant, plugin, alias, number, targets, changed_at)
          VALUES (?, ?, ?, ?, ?, ?)
        """,
        tenant,
        plugin,
        name,
        number,
        text(alias.targets()),
        changedAt.toEpochMilli());
    session.update(
        "DELETE FROM alias_change WHERE tenant = ? AND plugin = ? AND alias = ? AND number <= ?",
        tenant,
        plugin,
        name,
        number - KEPT);
  }

  private static AliasChange record(ResultSet row) throws SQLException {
    List<AliasTarget> targets =
        Arrays.stream(row.getString(2).split(",", -1)).map(AliasChangeTable::target).toList();
    return new AliasChange(row.getLong(1), targets, Instant.ofEpochMilli(row.getLong(3)));
  }

  private static String text(List<AliasTarget> targets) {
    return targets.stream()
        .map(target -> target.version().hex() + ":" + target.weight())
        .collect(Collectors.joining(","));
  }

  private static AliasTarget target(String text) {
    int colon = text.indexOf(':');
    return new AliasTarget(
        new BlobDigest(text.substring(0, colon)), Integer.parseInt(text.substring(colon + 1)));
  }
}
