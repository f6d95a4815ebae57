package dev.cloister.sandbox.storage;

import java.util.function.Function;

/// A database with the schema of [SchemaMigrations]: how its transactions are begun and ended.
interface SqlDatabase extends AutoCloseable {

  /// Runs queries that all see the same state. Any number of threads at once.
  ///
  /// @throws StorageException if the database cannot be read
  <T> T read(Function<SqlSession, T> work);

  /// Runs `work` as one transaction, which is on disk when this returns. One thread at a time.
  ///
  /// If this throws, nothing was changed.
  ///
  /// @throws StorageException if the database cannot be written
  /// @throws StorageFullException if there is no space for the change
  <T> T change(Function<SqlSession, T> work);

  /// Releases the database. Nobody uses it any more.
  ///
  /// @throws StorageException if it cannot be closed
  @Override
  void close();
}
