package dev.cloister.isolate.wasi;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// The rules for paths as guests pass them: strict UTF-8 without NUL, bounded.
final class GuestPath {
  /// The most bytes of a path.
  static final int MAX_PATH_BYTES = 4096;

  /// The most bytes of one name in it.
  static final int MAX_NAME_BYTES = 255;

  private GuestPath() {}

  /// The path that the guest keeps at `address`.
  ///
  /// @throws ErrnoException `NAMETOOLONG`, `FAULT`, `ILSEQ` if it is not UTF-8, `INVAL` for a NUL
  ///   in it
  static String read(GuestMemory memory, int address, int length) {
    if (Integer.compareUnsigned(length, MAX_PATH_BYTES) > 0) {
      throw Errno.NAMETOOLONG.exception();
    }
    String path;
    try {
      path =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(memory.copy(address, length)))
              .toString();
    } catch (CharacterCodingException _) {
      throw Errno.ILSEQ.exception();
    }
    if (path.indexOf('\0') >= 0) {
      throw Errno.INVAL.exception();
    }
    return path;
  }

  /// Refuses a name that is too long.
  ///
  /// @throws ErrnoException `NAMETOOLONG`
  static void requireName(String name) {
    if (name.length() > MAX_NAME_BYTES / 4
        && name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
      throw Errno.NAMETOOLONG.exception();
    }
  }
}
