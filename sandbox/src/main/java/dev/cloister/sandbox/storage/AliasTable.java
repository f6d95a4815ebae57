package dev.cloister.sandbox.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// The table `alias_target`: a row for each version behind an alias.
final class AliasTable {
  private AliasTable() {}

  private record Key(TenantName tenant, PluginName plugin, AliasName alias) {}

  static List<AliasRecord> all(SqlSession session, Consumer<DamagedRow> damaged) {
    Map<Key, List<AliasTarget>> targets = new LinkedHashMap<>();
    session.queryIntact(
        damaged,
        "alias_target",
        row ->
            targets
                .computeIfAbsent(key(row), _ -> new ArrayList<>())
                .add(new AliasTarget(new BlobDigest(row.getString(4)), row.getInt(5))),
        """
        SELECT tenant, plugin, alias, digest, weight FROM alias_target
        ORDER BY tenant, plugin, alias, position
        """);
    List<AliasRecord> aliases = new ArrayList<>();
    targets.forEach(
        (key, value) -> aliases.add(new AliasRecord(key.tenant, key.plugin, key.alias, value)));
    return aliases;
  }

  /// Replaces the targets. What was there before is a change too if none is known yet, as in a
  /// database that is older than the changes.
  static void put(SqlSession session, AliasRecord alias, Instant changedAt) {
    List<AliasTarget> before = targets(session, alias);
    if (before.equals(alias.targets())) {
      return;
    }
    boolean isUnknown =
        AliasChangeTable.list(session, alias.tenant(), alias.plugin(), alias.alias()).isEmpty();
    if (isUnknown && !before.isEmpty()) {
      AliasRecord earlier = new AliasRecord(alias.tenant(), alias.plugin(), alias.alias(), before);
      AliasChangeTable.append(session, earlier, changedAt);
    }
    AliasChangeTable.append(session, alias, changedAt);
    replace(session, alias);
  }

  private static List<AliasTarget> targets(SqlSession session, AliasRecord alias) {
    return session.query(
        row -> new AliasTarget(new BlobDigest(row.getString(1)), row.getInt(2)),
        """
        SELECT digest, weight FROM alias_target
        WHERE tenant = ? AND plugin = ? AND alias = ? ORDER BY position
        """,
        alias.tenant().text(),
        alias.plugin().text(),
        alias.alias().text());
  }

  private static void replace(SqlSession session, AliasRecord alias) {
    String tenant = alias.tenant().text();
    String plugin = alias.plugin().text();
    String name = alias.alias().text();
    session.update(
        "DELETE FROM alias_target WHERE tenant = ? AND plugin = ? AND alias = ?",
        tenant,
        plugin,
        name);
    for (int position = 0; position < alias.targets().size(); position++) {
      AliasTarget target = alias.targets().get(position);
      session.update(
          """
          INSERT INTO alias_target (tenant, plugin, alias, position, digest, weight)
            VALUES (?, ?, ?, ?, ?, ?)
          """,
          tenant,
          plugin,
          name,
          position,
          target.version().hex(),
          target.weight());
    }
  }

  private static Key key(ResultSet row) throws SQLException {
    return new Key(
        new TenantName(row.getString(1)),
        new PluginName(row.getString(2)),
        new AliasName(row.getString(3)));
  }
}
