package dev.cloister.sandbox.storage;

import java.io.IOException;
import java.util.function.Predicate;

/// A durable, content-addressed store of immutable byte sequences.
///
/// A blob is visible only whole: readers never see a blob that is still being written, also after a
/// crash. Any thread may call any method; all of them block. Where there is no space, methods that
/// write throw a [StorageFullException], or an [IOException] that is one
/// ([StorageFullException#isCauseOf]).
public interface BlobStore {

  /// Starts a new blob whose digest is known at its end.
  ///
  /// @throws IOException if the store cannot be written
  BlobWriter begin() throws IOException;

  /// Returns the bytes of a blob, checked against its digest.
  ///
  /// @throws CorruptBlobException if there is no such blob or it does not have this digest
  /// @throws IOException if the store cannot be read
  byte[] read(BlobDigest digest) throws IOException;

  /// Removes a blob and returns whether there was one.
  ///
  /// @throws IOException if the store cannot be written
  boolean delete(BlobDigest digest) throws IOException;

  /// Removes every blob for which `isReferenced` is false and returns how many were removed.
  ///
  /// Called while nothing else uses the store.
  ///
  /// @throws IOException if the store cannot be read or written
  int collect(Predicate<BlobDigest> isReferenced) throws IOException;
}
