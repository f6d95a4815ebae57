package dev.cloister.sandbox.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A SQL statement with its parameters, run once.
final class SqlStatement {

  /// Makes a value of the current row.
  @FunctionalInterface
  interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  private final String sql;
  private final @Nullable Object[] parameters;

  private SqlStatement(String sql, @Nullable Object[] parameters) {
    this.sql = sql;
    this.parameters = parameters;
  }

  /// A statement whose parameters are texts, longs, integers and nulls.
  static SqlStatement of(String sql, @Nullable Object... parameters) {
    return new SqlStatement(sql, parameters);
  }

  /// Runs a statement that changes rows.
  void update(Connection connection) throws SQLException {
    try (PreparedStatement statement = prepare(connection)) {
      statement.executeUpdate();
    }
  }

  /// Runs a query and returns its rows.
  <T> List<T> query(Connection connection, RowReader<T> reader) throws SQLException {
    try (PreparedStatement statement = prepare(connection);
        ResultSet rows = statement.executeQuery()) {
      List<T> result = new ArrayList<>();
      while (rows.next()) {
        result.add(reader.read(rows));
      }
      return result;
    }
  }

  private PreparedStatement prepare(Connection connection) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int index = 0; index < parameters.length; index++) {
      bind(statement, index + 1, parameters[index]);
    }
    return statement;
  }

  private static void bind(PreparedStatement statement, int position, @Nullable Object value)
      throws SQLException {
    switch (value) {
      case null -> statement.setNull(position, Types.VARCHAR);
      case String text -> statement.setString(position, text);
      case Long number -> statement.setLong(position, number);
      case Integer number -> statement.setInt(position, number);
      default -> throw new IllegalArgumentException("no SQL type for " + value.getClass());
    }
  }
}
