package dev.cloister.sandbox.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the schema of a database to the version this program needs.
///
/// Step N is the resource `000N-….sql`, written for SQLite and translated for the others
/// ([SqlDialect#translate]). A step and the schema's new version are one transaction. Steps are
/// never edited once released, only added: a file, and its name at the end of [#STEPS].
final class SchemaMigrations {
  private static final Logger LOG = LoggerFactory.getLogger(SchemaMigrations.class);

  private static final List<String> STEPS =
      List.of(
          "0001-initial.sql",
          "0002-keys-and-audit-chain.sql",
          "0003-signatures.sql",
          "0004-usage.sql",
          "0005-host-services.sql",
          "0006-alias-changes.sql",
          "0007-requests.sql",
          "0008-operations.sql",
          "0009-blobs.sql",
          "0010-key-value-checksums.sql");

  private SchemaMigrations() {}

  /// Returns the version that this program needs.
  static int newest() {
    return STEPS.size();
  }

  /// Runs the steps that the database has not seen yet.
  ///
  /// @throws SQLException if a step fails; the database is as after the step before it
  /// @throws StorageException if the database comes from a newer program
  static void apply(Connection connection, SqlDialect dialect) throws SQLException {
    apply(connection, dialect, STEPS.size());
  }

  /// Runs the steps up to a version, as an older program would have.
  static void apply(Connection connection, SqlDialect dialect, int newest) throws SQLException {
    while (step(connection, dialect, newest)) {
      // One more version in each turn.
    }
  }

  /// Runs one step; false if there is none to run.
  private static boolean step(Connection connection, SqlDialect dialect, int newest)
      throws SQLException {
    int next = 0;
    connection.setAutoCommit(false);
    try {
      int version = dialect.lockSchema(connection);
      if (version > STEPS.size()) {
        throw new StorageException(
            "the database has schema version "
                + version
                + ", this program knows versions up to "
                + STEPS.size());
      }
      if (version < newest) {
        next = version + 1;
        SqlDialect.run(connection, dialect.translate(script(STEPS.get(version))));
        dialect.setSchemaVersion(connection, next);
      }
      connection.commit();
    } catch (SQLException | StorageException e) {
      connection.rollback();
      throw e;
    } finally {
      connection.setAutoCommit(true);
    }
    if (next > 0) {
      LOG.info("event=schema-migrated version={}", next);
    }
    return next > 0;
  }

  private static String script(String name) {
    try (InputStream in = SchemaMigrations.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("missing migration " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read migration " + name, e);
    }
  }
}
