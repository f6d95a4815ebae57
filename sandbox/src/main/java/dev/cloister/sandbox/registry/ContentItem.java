package dev.cloister.sandbox.registry;

import dev.cloister.isolate.wasi.ContentTree;
import dev.cloister.sandbox.storage.BlobDigest;

/// A file that came with a version, as people and their tools see it.
///
/// @param path its place below the mount
/// @param sizeBytes its length
/// @param digest `sha256:HEX` of its bytes
public record ContentItem(String path, long sizeBytes, String digest) {
  static ContentItem of(ContentTree.FileEntry file) {
    return new ContentItem(
        file.path(), file.bytes().length, BlobDigest.of(file.bytes()).toString());
  }
}
