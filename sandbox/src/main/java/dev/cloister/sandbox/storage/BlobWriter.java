package dev.cloister.sandbox.storage;

import java.io.IOException;

/// A blob that is being written. One thread at a time uses it.
public interface BlobWriter extends AutoCloseable {

  /// Appends `length` bytes of `bytes` from `from`.
  ///
  /// @throws IOException if the bytes cannot be written
  void write(byte[] bytes, int from, int length) throws IOException;

  /// Makes the blob durable and visible and returns its digest. A blob that exists already is
  /// replaced by the same bytes.
  ///
  /// @throws IOException if the blob cannot be made durable; it is not visible then
  BlobDigest commit() throws IOException;

  /// Gives up what was not committed and leaves nothing behind. Does nothing after a commit.
  @Override
  void close();
}
