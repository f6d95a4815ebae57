package dev.cloister.isolate.wasi;

/// What the standard streams show of themselves.
final class StandardStreams {
  private StandardStreams() {}

  /// The attributes of a stream: a pipe, without size and times.
  static FileStat stat() {
    return new FileStat(0, 0, FileType.UNKNOWN, 1, 0, 0, 0, 0);
  }
}
