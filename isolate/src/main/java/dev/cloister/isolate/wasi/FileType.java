package dev.cloister.isolate.wasi;

/// What a file is; a constant's ordinal is its code.
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
  SYMBOLIC_LINK
}
