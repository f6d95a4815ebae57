package dev.cloister.sandbox.storage;

import java.io.IOException;

/// A blob that should be there and is not, or not as it was written.
public final class CorruptBlobException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient BlobDigest digest;

  private CorruptBlobException(BlobDigest digest, String what) {
    super("blob " + digest + " " + what);
    this.digest = digest;
  }

  /// Bytes that have another digest than that under which they are stored.
  static CorruptBlobException changed(BlobDigest digest, BlobDigest actual, long sizeBytes) {
    return new CorruptBlobException(
        digest, "has the digest " + actual + " (" + sizeBytes + " bytes)");
  }

  /// No bytes at all.
  static CorruptBlobException missing(BlobDigest digest) {
    return new CorruptBlobException(digest, "is missing");
  }

  /// Bytes that the database cannot read.
  static CorruptBlobException unreadable(BlobDigest digest, StorageCorruptException damage) {
    return new CorruptBlobException(digest, "cannot be read: " + damage.getMessage());
  }

  /// Returns the name of the blob.
  public BlobDigest digest() {
    return digest;
  }
}
