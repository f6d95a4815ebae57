package dev.cloister.sandbox.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A transaction of a database while it runs: the statements that the tables are made of.
///
/// Statements are written in the SQL that all dialects share. Parameters are texts, longs,
/// integers, byte arrays and nulls. One thread uses a session.
final class SqlSession {

  /// Makes a value of the current row.
  @FunctionalInterface
  interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  private final Connection connection;
  private final SqlDialect dialect;

  SqlSession(Connection connection, SqlDialect dialect) {
    this.connection = connection;
    this.dialect = dialect;
  }

  /// Runs a statement that changes rows and returns how many it changed.
  ///
  /// @throws StorageException if it fails
  int update(String sql, @Nullable Object... parameters) {
    try (PreparedStatement statement = prepare(sql, parameters)) {
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw dialect.failure("cannot change the metadata", e);
    }
  }

  /// Runs a query and returns what `reader` makes of its rows.
  ///
  /// @throws StorageException if it fails
  <T> List<T> query(RowReader<T> reader, String sql, @Nullable Object... parameters) {
    try (PreparedStatement statement = prepare(sql, parameters);
        ResultSet rows = statement.executeQuery()) {
      List<T> result = new ArrayList<>();
      while (rows.next()) {
        result.add(reader.read(rows));
      }
      return result;
    } catch (SQLException e) {
      throw dialect.failure("cannot read the metadata", e);
    }
  }

  /// Runs a query over a whole table, whose first column is the tenant, and returns what `reader`
  /// makes of its rows. A row of which it makes nothing is told to `damaged`.
  ///
  /// @throws StorageException if the query fails
  <T> List<T> queryIntact(
      Consumer<DamagedRow> damaged, String table, RowReader<T> reader, String sql) {
    List<T> intact = new ArrayList<>();
    query(
        row -> {
          try {
            intact.add(reader.read(row));
          } catch (IllegalArgumentException e) {
            damaged.accept(
                new DamagedRow(tenant(row), table, row.getString(2) + ": " + e.getMessage()));
          }
          return true;
        },
        sql);
    return intact;
  }

  private static @Nullable TenantName tenant(ResultSet row) throws SQLException {
    try {
      return new TenantName(row.getString(1));
    } catch (InvalidNameException _) {
      return null;
    }
  }

  /// Runs a query and returns whether it has any row.
  ///
  /// @throws StorageException if it fails
  boolean exists(String sql, @Nullable Object... parameters) {
    return !query(_ -> true, sql, parameters).isEmpty();
  }

  private PreparedStatement prepare(String sql, @Nullable Object[] parameters) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int index = 0; index < parameters.length; index++) {
      bind(statement, index + 1, parameters[index]);
    }
    return statement;
  }

  private static void bind(PreparedStatement statement, int position, @Nullable Object value)
      throws SQLException {
    switch (value) {
      case null -> statement.setNull(position, Types.NULL);
      case String text -> statement.setString(position, text);
      case Long number -> statement.setLong(position, number);
      case Integer number -> statement.setInt(position, number);
      case byte[] bytes -> statement.setBytes(position, bytes);
      default -> throw new IllegalArgumentException("no SQL type for " + value.getClass());
    }
  }
}
