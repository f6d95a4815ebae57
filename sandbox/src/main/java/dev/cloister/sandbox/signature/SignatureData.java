package dev.cloister.sandbox.signature;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the custom section `signature` holds, in the form that wasmsign2 writes and of which a
/// detached signature is made, too (https://github.com/wasm-signatures/wasmsign2).
///
/// All numbers are LEB128. `1 1 1` for the version, modules, and SHA-256; the number of sets, and
/// each with its length before it: the number of hashes, the hashes, the number of signatures, and
/// each with its length before it: the length of the key's id and the id, `1` for Ed25519, the
/// length of the signature and the signature. A signature is over `wasmsig 1 1 1` and all hashes of
/// its set; a module is signed if its own hash is among them.
///
/// @param sets the hashes and who signed them
record SignatureData(List<SignedHashes> sets) {
  private static final byte[] DOMAIN = "wasmsig\1\1\1".getBytes(StandardCharsets.UTF_8);
  private static final int HASH_BYTES = 32;
  private static final int SIGNATURE_BYTES = 64;
  private static final int ED25519 = 1;

  /// As many as wasmsign2 takes.
  private static final int MAX_HASHES = 64;

  private static final int MAX_SIGNATURES = 256;

  /// Hashes that were signed together.
  ///
  /// @param hashes the hashes, one after the other
  /// @param signatures who signed them
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record SignedHashes(byte[] hashes, List<KeySignature> signatures) {
    boolean has(byte[] hash) {
      for (int from = 0; from < hashes.length; from += HASH_BYTES) {
        if (Arrays.equals(hashes, from, from + HASH_BYTES, hash, 0, HASH_BYTES)) {
          return true;
        }
      }
      return false;
    }
  }

  /// A signature.
  ///
  /// @param keyId the id of the key it says it is of, null if it says none
  /// @param bytes the signature
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record KeySignature(@Nullable String keyId, byte[] bytes) {}

  /// The data that a bare signature over one hash stands for.
  static SignatureData of(byte[] hash, @Nullable String keyId, byte[] signature) {
    return new SignatureData(
        List.of(new SignedHashes(hash, List.of(new KeySignature(keyId, signature)))));
  }

  /// Reads the content of a section.
  ///
  /// @throws IllegalArgumentException if it does not have the form above
  static SignatureData parse(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      expect(in, 1, "version");
      expect(in, 1, "kind of content");
      expect(in, 1, "hash function");
      int count = count(in, MAX_HASHES, "sets of hashes");
      List<SignedHashes> sets = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        sets.add(signedHashes(slice(in)));
      }
      return new SignatureData(sets);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("the signature ends too early", e);
    }
  }

  /// Returns the keys that signed a module with this hash.
  Set<TrustedKey> signersOf(byte[] hash, List<TrustedKey> keys) {
    Set<TrustedKey> signers = new HashSet<>();
    for (SignedHashes set : sets) {
      if (set.has(hash)) {
        byte[] message = Arrays.copyOf(DOMAIN, DOMAIN.length + set.hashes.length);
        System.arraycopy(set.hashes, 0, message, DOMAIN.length, set.hashes.length);
        for (KeySignature signature : set.signatures) {
          for (TrustedKey key : keys) {
            if (isOf(signature, key) && key.isSignature(message, signature.bytes)) {
              signers.add(key);
            }
          }
        }
      }
    }
    return signers;
  }

  /// What a signature says of its key spares work; it proves nothing.
  private static boolean isOf(KeySignature signature, TrustedKey key) {
    return signature.keyId == null || signature.keyId.equals(key.id());
  }

  private static SignedHashes signedHashes(ByteBuffer in) {
    byte[] hashes = bytes(in, count(in, MAX_HASHES, "hashes") * HASH_BYTES);
    int count = count(in, MAX_SIGNATURES, "signatures");
    List<KeySignature> signatures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ByteBuffer signature = slice(in);
      String keyId = new String(remaining(slice(signature)), StandardCharsets.UTF_8);
      if (number(signature) == ED25519) {
        byte[] bytes = remaining(slice(signature));
        if (bytes.length == SIGNATURE_BYTES) {
          signatures.add(new KeySignature(keyId.isEmpty() ? null : keyId, bytes));
        }
      }
    }
    return new SignedHashes(hashes, signatures);
  }

  private static void expect(ByteBuffer in, int allowed, String what) {
    int actual = number(in);
    if (actual != allowed) {
      throw new IllegalArgumentException(
          "the signature's " + what + " is " + actual + ", known is " + allowed);
    }
  }

  private static int count(ByteBuffer in, int maximum, String what) {
    int count = number(in);
    if (count > maximum) {
      throw new IllegalArgumentException(
          "the signature has " + count + " " + what + ", allowed are " + maximum);
    }
    return count;
  }

  private static ByteBuffer slice(ByteBuffer in) {
    return ByteBuffer.wrap(bytes(in, number(in)));
  }

  private static byte[] bytes(ByteBuffer in, int length) {
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static byte[] remaining(ByteBuffer in) {
    return bytes(in, in.remaining());
  }

  private static int number(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 5 * 7; shift += 7) {
      byte next = in.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        if (value > Integer.MAX_VALUE) {
          break;
        }
        return (int) value;
      }
    }
    throw new IllegalArgumentException("the signature has a number that is too large");
  }
}
