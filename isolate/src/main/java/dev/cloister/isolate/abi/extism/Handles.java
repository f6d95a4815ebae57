package dev.cloister.isolate.abi.extism;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Takes what a guest passes to the host in blocks: the bytes are copied and the block is freed,
/// since it belongs to the host from then on.
final class Handles {
  private final BlockMemory memory;
  private final CallFunctions call;

  Handles(BlockMemory memory, CallFunctions call) {
    this.memory = memory;
    this.call = call;
  }

  /// The bytes of a block.
  ///
  /// @param what what they are, for the error
  /// @throws ExtismException if the handle is none
  byte[] take(long handle, String what) {
    if (!memory.isLive(handle)) {
      throw new ExtismException(
          "invalid handle for " + what + ": 0x" + Long.toHexString(handle) + " is no live block");
    }
    byte[] bytes = memory.copy(handle, (int) memory.length(handle));
    call.freed(handle);
    memory.free(handle);
    return bytes;
  }

  /// The text of a block.
  ///
  /// @param what what it is, for the error
  /// @throws ExtismException if the handle is none, or the bytes are not UTF-8
  String takeText(long handle, String what) {
    byte[] bytes = take(handle, what);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new ExtismException(what + " is not UTF-8", e);
    }
  }
}
