package dev.cloister.sandbox.services;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cloister.sandbox.storage.DataFolder;
import dev.cloister.sandbox.storage.MasterKeys;
import dev.cloister.sandbox.storage.TenantName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// Encrypts secrets for the disk and decrypts them when a guest asks. Any thread.
///
/// Layout of what is sealed: version (1 byte, 1), the id of the key (4 bytes), nonce (12 bytes),
/// then AES-256-GCM's text and tag. Tenant and name are authenticated with it, so that a row that
/// was moved to another tenant or name does not open.
///
/// The key and its id come by HKDF-SHA-256 (RFC 5869) of the first line of `secrets.key`; further
/// lines are older keys, which only open.
public final class SecretBox {
  private static final byte VERSION = 1;
  private static final int KEY_BYTES = 32;
  private static final int ID_BYTES = 4;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final int HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES;

  /// A key and what its sealed texts are marked with.
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  private record Key(byte[] id, SecretKey key) {}

  private final List<Key> keys;
  private final SecureRandom random;

  private SecretBox(List<Key> keys, SecureRandom random) {
    this.keys = keys;
    this.random = random;
  }

  /// Reads the keys; makes `secrets.key` (mode 0600) with one at the first start.
  ///
  /// @throws IOException if the file cannot be used
  public static SecretBox open(DataFolder folder, SecureRandom random) throws IOException {
    List<Key> keys = new ArrayList<>();
    for (byte[] master : MasterKeys.load(folder, random)) {
      keys.add(key(master));
    }
    return new SecretBox(List.copyOf(keys), random);
  }

  /// A secret cannot be decrypted: the key is missing, or it was changed.
  public static final class UnreadableSecretException extends Exception {
    private static final long serialVersionUID = 1L;

    private UnreadableSecretException(String message) {
      super(message);
    }
  }

  /// Encrypts a value.
  public byte[] seal(TenantName tenant, String name, String value) {
    Key newest = keys.getFirst();
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      byte[] text =
          cipher(Cipher.ENCRYPT_MODE, newest, nonce, tenant, name).doFinal(value.getBytes(UTF_8));
      return ByteBuffer.allocate(HEAD_BYTES + text.length)
          .put(VERSION)
          .put(newest.id)
          .put(nonce)
          .put(text)
          .array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot encrypt", e);
    }
  }

  /// Decrypts a value.
  ///
  /// @throws UnreadableSecretException if there is no key for it, or it is not what was sealed for
  ///   this tenant and name
  public String open(TenantName tenant, String name, byte[] sealed)
      throws UnreadableSecretException {
    if (sealed.length < HEAD_BYTES || sealed[0] != VERSION) {
      throw unreadable(tenant, name, "it has another format");
    }
    byte[] nonce = Arrays.copyOfRange(sealed, 1 + ID_BYTES, HEAD_BYTES);
    for (Key key : keys) {
      if (isSealedBy(key, sealed)) {
        try {
          Cipher cipher = cipher(Cipher.DECRYPT_MODE, key, nonce, tenant, name);
          byte[] text = cipher.doFinal(sealed, HEAD_BYTES, sealed.length - HEAD_BYTES);
          return new String(text, UTF_8);
        } catch (AEADBadTagException _) {
          throw unreadable(tenant, name, "it was changed");
        } catch (GeneralSecurityException e) {
          throw new IllegalStateException("cannot decrypt", e);
        }
      }
    }
    throw unreadable(tenant, name, "its key is not in secrets.key");
  }

  /// Returns whether the newest key sealed this.
  public boolean isNewest(byte[] sealed) {
    return sealed.length >= HEAD_BYTES && isSealedBy(keys.getFirst(), sealed);
  }

  private static boolean isSealedBy(Key key, byte[] sealed) {
    return Arrays.equals(key.id, 0, ID_BYTES, sealed, 1, 1 + ID_BYTES);
  }

  private static UnreadableSecretException unreadable(TenantName tenant, String name, String why) {
    return new UnreadableSecretException(
        "the secret \"" + name + "\" of the tenant " + tenant + " cannot be decrypted: " + why);
  }

  private static Cipher cipher(int mode, Key key, byte[] nonce, TenantName tenant, String name)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key.key, new GCMParameterSpec(TAG_BITS, nonce));
    // Names of tenants have no NUL, so no two pairs of tenant and name are the same text.
    cipher.updateAAD(("cloister secret\0" + tenant.text() + "\0" + name).getBytes(UTF_8));
    return cipher;
  }

  private static Key key(byte[] master) {
    return new Key(
        derive(master, "cloister secrets key id", ID_BYTES),
        new SecretKeySpec(derive(master, "cloister secrets key", KEY_BYTES), "AES"));
  }

  private static byte[] derive(byte[] master, String purpose, int length) {
    try {
      return KDF.getInstance("HKDF-SHA256")
          .deriveData(
              HKDFParameterSpec.ofExtract()
                  .addIKM(master)
                  .thenExpand(purpose.getBytes(UTF_8), length));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HKDF", e);
    }
  }
}
