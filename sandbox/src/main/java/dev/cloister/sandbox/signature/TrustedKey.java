package dev.cloister.sandbox.signature;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/// A public Ed25519 key that a tenant trusts.
///
/// @param id the tenant's name for it, which signatures may say
/// @param publicKey its 32 bytes in Base64
public record TrustedKey(String id, String publicKey) {
  private static final String ALGORITHM = "Ed25519";
  private static final int KEY_BYTES = 32;

  /// What stands before the 32 bytes in a SubjectPublicKeyInfo (RFC 8410).
  private static final byte[] DER_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  /// What stands before the 32 bytes in a key file of wasmsign2.
  private static final byte WASMSIGN_PREFIX = 1;

  /// Reads a key: PEM, or in Base64 the DER form, a key file of wasmsign2 or the 32 bytes.
  ///
  /// @throws IllegalArgumentException if `text` is none of these
  public static TrustedKey parse(String id, String text) {
    String base64 = text.replaceAll("-----(BEGIN|END) PUBLIC KEY-----|\\s", "");
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw noKey(e);
    }
    TrustedKey key = new TrustedKey(id, Base64.getEncoder().encodeToString(raw(bytes)));
    try {
      key.verifier();
    } catch (GeneralSecurityException e) {
      throw noKey(e);
    }
    return key;
  }

  /// Returns whether `signature` is this key's signature of `message`.
  boolean isSignature(byte[] message, byte[] signature) {
    try {
      Signature verifier = verifier();
      verifier.update(message);
      return verifier.verify(signature);
    } catch (SignatureException _) {
      // Not even the form of one.
      return false;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the key was read before", e);
    }
  }

  private Signature verifier() throws GeneralSecurityException {
    byte[] raw = Base64.getDecoder().decode(publicKey);
    byte[] der = Arrays.copyOf(DER_PREFIX, DER_PREFIX.length + KEY_BYTES);
    System.arraycopy(raw, 0, der, DER_PREFIX.length, KEY_BYTES);
    PublicKey key = KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(der));
    Signature verifier = Signature.getInstance(ALGORITHM);
    verifier.initVerify(key);
    return verifier;
  }

  private static byte[] raw(byte[] bytes) {
    if (bytes.length == KEY_BYTES) {
      return bytes;
    }
    if (bytes.length == KEY_BYTES + 1 && bytes[0] == WASMSIGN_PREFIX) {
      return Arrays.copyOfRange(bytes, 1, bytes.length);
    }
    int prefix = DER_PREFIX.length;
    if (bytes.length == prefix + KEY_BYTES
        && Arrays.equals(bytes, 0, prefix, DER_PREFIX, 0, prefix)) {
      return Arrays.copyOfRange(bytes, prefix, bytes.length);
    }
    throw noKey(new InvalidKeyException(bytes.length + " bytes of another form"));
  }

  private static IllegalArgumentException noKey(Exception cause) {
    return new IllegalArgumentException(
        "expected a public Ed25519 key as PEM, or in Base64 its DER form, its 32 bytes or a key"
            + " file of wasmsign2",
        cause);
  }
}
