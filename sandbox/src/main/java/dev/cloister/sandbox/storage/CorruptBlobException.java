package dev.cloister.sandbox.storage;

import java.io.IOException;

/// Stored bytes that do not have the digest under which they are stored.
public final class CorruptBlobException extends IOException {
  private static final long serialVersionUID = 1L;

  CorruptBlobException(BlobDigest expected, BlobDigest actual) {
    super("blob " + expected + " has the digest " + actual);
  }
}
