package dev.cloister.isolate.wasi;

/// A file with bytes.
public non-sealed interface RegularFileNode extends FileSystemNode {
  /// The length in bytes.
  long sizeBytes();

  /// Reads up to `length` bytes at `offset`; returns their number, 0 at or beyond the end.
  int read(long offset, byte[] into, int from, int length);

  /// Writes `length` bytes at `offset`, after zeros if that is beyond the end. All or, with `NOSPC`
  /// or `FBIG`, none.
  void write(long offset, byte[] bytes, int from, int length);

  /// Cuts the file or fills it with zeros to `sizeBytes`; `NOSPC` or `FBIG`.
  void changeSize(long sizeBytes);
}
