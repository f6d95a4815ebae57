package dev.cloister.engine.persist;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.util.Arrays;

/// The key by which archives are authenticated: HMAC-SHA-256 (RFC 2104). Immutable.
///
/// Written out over the digest, which every module's bytes go through anyway: the JDK's `Mac` costs
/// a new process 30 ms for checking its providers, as much as is saved for many a module.
public final class ArchiveKey {
  /// The bytes of an authentication code.
  static final int CODE_BYTES = 32;

  /// The bytes that SHA-256 takes at a time.
  private static final int BLOCK_BYTES = 64;

  private static final int INNER = 0x36;
  private static final int OUTER = 0x5c;

  /// The least bytes of a secret.
  private static final int MIN_SECRET_BYTES = 16;

  /// Keeps what is derived for archives from what the same secret is used for elsewhere.
  private static final byte[] PURPOSE = "cloister compiled code, format 1".getBytes(US_ASCII);

  private final byte[] inner;
  private final byte[] outer;

  private ArchiveKey(byte[] key) {
    byte[] block =
        Arrays.copyOf(key.length > BLOCK_BYTES ? ArchiveFormat.digest(key) : key, BLOCK_BYTES);
    inner = xor(block, INNER);
    outer = xor(block, OUTER);
  }

  private static byte[] xor(byte[] block, int pad) {
    byte[] padded = block.clone();
    for (int i = 0; i < padded.length; i++) {
      padded[i] ^= (byte) pad;
    }
    return padded;
  }

  /// {@return the key that is derived from a secret for this purpose alone: HKDF (RFC 5869) without
  /// a salt, the purpose as its information, one block}
  ///
  /// @throws IllegalArgumentException if the secret is shorter than 16 bytes
  public static ArchiveKey derive(byte[] secret) {
    if (secret.length < MIN_SECRET_BYTES) {
      throw new IllegalArgumentException(
          "the secret must have " + MIN_SECRET_BYTES + " bytes, has " + secret.length);
    }
    byte[] extracted = new ArchiveKey(new byte[CODE_BYTES]).code(secret, secret.length);
    byte[] expansion = Arrays.copyOf(PURPOSE, PURPOSE.length + 1);
    expansion[PURPOSE.length] = 1;
    return new ArchiveKey(new ArchiveKey(extracted).code(expansion, expansion.length));
  }

  /// {@return the key that is `bytes` themselves}
  static ArchiveKey of(byte[] bytes) {
    return new ArchiveKey(bytes);
  }

  /// {@return the authentication code of the first bytes of an array}
  byte[] code(byte[] bytes, int length) {
    MessageDigest digest = ArchiveFormat.sha256();
    digest.update(inner);
    digest.update(bytes, 0, length);
    byte[] innerCode = digest.digest();
    digest.update(outer);
    return digest.digest(innerCode);
  }
}
