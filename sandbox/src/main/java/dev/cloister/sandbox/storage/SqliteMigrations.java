package dev.cloister.sandbox.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the schema of a SQLite database to the version this program needs.
///
/// Step N is the resource `000N-….sql`; the number of the last step is the database's
/// `user_version` and changes in the same transaction as the schema. Steps are never edited once
/// released, only added.
final class SqliteMigrations {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteMigrations.class);

  private static final List<String> STEPS = List.of("0001-initial.sql");

  private SqliteMigrations() {}

  /// Runs the steps that the database has not seen yet.
  ///
  /// @throws SQLException if a step fails; the database is as after the step before it
  /// @throws IllegalStateException if the database comes from a newer program
  static void apply(Connection connection) throws SQLException {
    int version = version(connection);
    if (version > STEPS.size()) {
      throw new IllegalStateException(
          "the database has schema version "
              + version
              + ", this program knows versions up to "
              + STEPS.size());
    }
    for (int next = version + 1; next <= STEPS.size(); next++) {
      run(connection, next, script(STEPS.get(next - 1)));
      LOG.info("event=schema-migrated version={}", next);
    }
  }

  private static int version(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("PRAGMA user_version")) {
      return row.next() ? row.getInt(1) : 0;
    }
  }

  private static void run(Connection connection, int version, String script) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(script);
      statement.executeUpdate("PRAGMA user_version = " + version);
      connection.commit();
    } catch (SQLException e) {
      connection.rollback();
      throw e;
    } finally {
      connection.setAutoCommit(true);
    }
  }

  private static String script(String name) {
    try (InputStream in = SqliteMigrations.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("missing migration " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read migration " + name, e);
    }
  }
}
