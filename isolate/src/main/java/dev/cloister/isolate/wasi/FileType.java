package dev.cloister.isolate.wasi;

/// What a file is.
///
/// Source: `witx/typenames.witx`, `$filetype`.
public enum FileType {
  /// Something else, as a pipe.
  UNKNOWN,
  /// A block device.
  BLOCK_DEVICE,
  /// A character device, as a terminal.
  CHARACTER_DEVICE,
  /// A directory.
  DIRECTORY,
  /// A regular file.
  REGULAR_FILE,
  /// A datagram socket.
  SOCKET_DGRAM,
  /// A byte-stream socket.
  SOCKET_STREAM,
  /// A symbolic link.
  SYMBOLIC_LINK;

  /// The number that stands for it.
  @SuppressWarnings("EnumOrdinal") // the constants are in the order of the specification
  public int code() {
    return ordinal();
  }
}
