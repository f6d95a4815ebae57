package dev.cloister.isolate.wasi;

import com.google.errorprone.annotations.CanIgnoreReturnValue;

/// A file with bytes.
public non-sealed interface RegularFileNode extends FileSystemNode {
  /// The file for reading, writing or both; without either for its attributes alone. It may be this
  /// node, held once more.
  RegularFileNode open(boolean reads, boolean writes);

  /// The length in bytes.
  long sizeBytes();

  /// Reads up to `length` bytes at `offset`; returns their number, which may be less, 0 at or
  /// beyond the end.
  int read(long offset, byte[] into, int from, int length);

  /// Writes up to `length` bytes at `offset`, after zeros if that is beyond the end; returns their
  /// number, which may be less but not 0; `NOSPC` or `FBIG` if none fits.
  @CanIgnoreReturnValue
  int write(long offset, byte[] bytes, int from, int length);

  /// Writes as [#write(long, byte\[\], int, int)] does, at the end, wherever others have moved it.
  @CanIgnoreReturnValue
  int append(byte[] bytes, int from, int length);

  /// Makes the file at least `offset + length` long, with room for that part.
  void allocate(long offset, long length);

  /// Cuts the file or fills it with zeros to `sizeBytes`; `NOSPC` or `FBIG`.
  void changeSize(long sizeBytes);
}
