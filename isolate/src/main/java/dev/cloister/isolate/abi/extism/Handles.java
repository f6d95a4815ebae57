package dev.cloister.isolate.abi.extism;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Takes what a guest passes to the host in blocks: the bytes are copied and the block is freed,
/// since it belongs to the host from then on.
final class Handles {
  /// The longest text: a name, or the description of a request.
  static final long MAX_TEXT_BYTES = 64 << 10;

  private final BlockMemory memory;
  private final CallFunctions call;

  Handles(BlockMemory memory, CallFunctions call) {
    this.memory = memory;
    this.call = call;
  }

  /// The bytes of a block.
  ///
  /// @param what what they are, for the error
  /// @param maxBytes the most bytes that they may be
  /// @throws ExtismException if the handle is none, or they are more
  byte[] take(long handle, String what, long maxBytes) {
    long length = memory.length(handle);
    if (length > maxBytes) {
      throw new ExtismException(
          what + " is too large: " + length + " bytes, allowed are " + maxBytes);
    }
    return takeBeginning(handle, what, (int) length);
  }

  /// The first bytes of a block, at most `maxBytes`.
  ///
  /// @throws ExtismException if the handle is none
  byte[] takeBeginning(long handle, String what, int maxBytes) {
    if (!memory.isLive(handle)) {
      throw new ExtismException(
          "invalid handle for " + what + ": 0x" + Long.toHexString(handle) + " is no live block");
    }
    byte[] bytes = memory.copy(handle, (int) Math.min(memory.length(handle), maxBytes));
    call.freed(handle);
    memory.free(handle);
    return bytes;
  }

  /// The text of a block.
  ///
  /// @param what what it is, for the error
  /// @throws ExtismException if the handle is none, the bytes are not UTF-8 or more than
  ///   [#MAX_TEXT_BYTES]
  String takeText(long handle, String what) {
    byte[] bytes = take(handle, what, MAX_TEXT_BYTES);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new ExtismException(what + " is not UTF-8", e);
    }
  }
}
