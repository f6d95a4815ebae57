package dev.cloister.sandbox.wast;

import dev.cloister.engine.runtime.Memory;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// The hash by which recorded runs name the content of a memory.
public final class MemoryDigest {
  private static final int CHUNK_BYTES = 1 << 16;

  private MemoryDigest() {}

  /// The SHA-256 of all bytes of `memory`, in lower-case hexadecimal.
  public static String sha256(Memory memory) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException fault) {
      throw new IllegalStateException("every Java platform has SHA-256", fault);
    }
    byte[] chunk = new byte[CHUNK_BYTES];
    long sizeBytes = memory.sizeBytes();
    for (long address = 0; address < sizeBytes; address += CHUNK_BYTES) {
      int length = (int) Math.min(CHUNK_BYTES, sizeBytes - address);
      memory.read(address, chunk, 0, length);
      digest.update(chunk, 0, length);
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
