package dev.cloister.isolate.wasi;

/// What the offset of `fd_seek` is counted from.
enum Whence {
  /// The beginning of the file.
  SET,
  /// The position now.
  CURRENT,
  /// The end of the file.
  END
}
