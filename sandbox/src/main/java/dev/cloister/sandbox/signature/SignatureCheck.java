package dev.cloister.sandbox.signature;

import dev.cloister.sandbox.problem.Problem;
import dev.cloister.sandbox.problem.ProblemType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Checks the signature of a module while its bytes come in.
///
/// A signature is in the custom section `signature`, which must be the module's first section, and
/// covers what follows it; or it is beside the module and covers what follows the module's eight
/// bytes of header. No more of the module is kept than that section. One thread at a time uses it.
public final class SignatureCheck {
  /// The bytes of a module that no signature covers: its magic and version.
  private static final int MODULE_HEADER_BYTES = 8;

  private static final byte[] NAME = "signature".getBytes(StandardCharsets.UTF_8);

  /// The largest section that is looked at, with its own header.
  private static final int MAX_SECTION_BYTES = 64 << 10;

  private static final int SIGNATURE_BYTES = 64;
  private static final int CUSTOM = 0;

  private final SignaturePolicy policy;
  private final @Nullable DetachedSignature detached;
  private final MessageDigest behindHeader = sha256();
  private final MessageDigest behindSection = sha256();
  private final int headerBytes;
  private long skippedBytes;

  /// The first bytes behind the header, until it is clear whether they are the section.
  private byte[] head = new byte[0];

  private boolean isHeadDone;
  private byte @Nullable [] section;

  /// Creates a check of a module of which nothing came yet.
  ///
  /// @param detached the signature beside the module, null if there is none
  public SignatureCheck(SignaturePolicy policy, @Nullable DetachedSignature detached) {
    this(policy, detached, MODULE_HEADER_BYTES);
  }

  /// Creates a check of a document: a signature beside it covers all of it.
  public static SignatureCheck ofDocument(
      SignaturePolicy policy, @Nullable DetachedSignature detached) {
    return new SignatureCheck(policy, detached, 0);
  }

  private SignatureCheck(
      SignaturePolicy policy, @Nullable DetachedSignature detached, int headerBytes) {
    this.policy = policy;
    this.detached = detached;
    this.headerBytes = headerBytes;
  }

  /// Takes the next bytes of the module.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if its signature is too large
  public void push(byte[] bytes, int from, int length) {
    if (policy.mode() == SignatureMode.OFF) {
      return;
    }
    int skipped = (int) Math.min(length, headerBytes - skippedBytes);
    skippedBytes += skipped;
    int start = from + skipped;
    int rest = length - skipped;
    behindHeader.update(bytes, start, rest);
    if (isHeadDone) {
      behindSection.update(bytes, start, rest);
    } else if (rest > 0) {
      int before = head.length;
      head = Arrays.copyOf(head, before + rest);
      System.arraycopy(bytes, start, head, before, rest);
      readHead();
    }
  }

  /// Returns the trusted keys that signed the module; none if nobody did and nobody has to.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if it must be signed and is not, or if it is
  ///   signed and no trusted key fits
  public Set<TrustedKey> finish() {
    if (policy.mode() == SignatureMode.OFF) {
      return Set.of();
    }
    Set<TrustedKey> signers = new HashSet<>();
    try {
      if (detached != null) {
        byte[] hash = behindHeader.digest();
        SignatureData data =
            detached.bytes().length == SIGNATURE_BYTES
                ? SignatureData.of(hash, detached.keyId(), detached.bytes())
                : SignatureData.parse(detached.bytes());
        signers.addAll(data.signersOf(hash, policy.keys()));
      }
      if (section != null) {
        SignatureData data = SignatureData.parse(section);
        signers.addAll(data.signersOf(behindSection.digest(), policy.keys()));
      }
    } catch (IllegalArgumentException e) {
      throw invalid(String.valueOf(e.getMessage()));
    }
    if (signers.isEmpty() && (detached != null || section != null)) {
      throw invalid("no trusted key made the signature of this module");
    }
    if (signers.isEmpty() && policy.mode() == SignatureMode.REQUIRED) {
      throw Problem.of(
              ProblemType.SIGNATURE_REQUIRED,
              "the tenant's modules must be signed, in a custom section \"signature\" that is the"
                  + " first one, or by the header "
                  + DetachedSignature.HEADER)
          .with("allowed", policy.keys().stream().map(TrustedKey::id).toList())
          .asException();
    }
    return signers;
  }

  private RuntimeException invalid(String detail) {
    return Problem.of(ProblemType.SIGNATURE_INVALID, detail)
        .with("allowed", policy.keys().stream().map(TrustedKey::id).toList())
        .asException();
  }

  /// Finds out whether the first section is the one; needs it whole if it is.
  private void readHead() {
    Position position = new Position();
    if (head[0] != CUSTOM) {
      endHead(0);
      return;
    }
    position.at = 1;
    long size = position.number(head);
    int contentFrom = position.at;
    long nameLength = position.number(head);
    if (position.isShort && head.length < 2 * Position.MAX_NUMBER_BYTES) {
      return;
    }
    int nameFrom = position.at;
    if (position.isShort || nameLength != NAME.length) {
      endHead(0);
      return;
    }
    int known = Math.min(head.length, nameFrom + NAME.length);
    if (!Arrays.equals(head, nameFrom, known, NAME, 0, Math.max(0, known - nameFrom))) {
      endHead(0);
      return;
    }
    if (size > MAX_SECTION_BYTES) {
      throw invalid(
          "the section \"signature\" has "
              + size
              + " bytes, allowed are at most "
              + MAX_SECTION_BYTES);
    }
    long end = contentFrom + size;
    if (head.length >= end && nameFrom + NAME.length <= end) {
      section = Arrays.copyOfRange(head, nameFrom + NAME.length, (int) end);
      endHead((int) end);
    } else if (nameFrom + NAME.length > end) {
      endHead(0);
    }
  }

  /// Hashes what stands behind the section, or all if there is none.
  private void endHead(int sectionEnd) {
    isHeadDone = true;
    behindSection.update(head, sectionEnd, head.length - sectionEnd);
    head = new byte[0];
  }

  /// A place in the first bytes.
  private static final class Position {
    static final int MAX_NUMBER_BYTES = 5;

    private int at;

    /// Whether a number was cut, or is none.
    private boolean isShort;

    /// Reads a number in LEB128.
    long number(byte[] bytes) {
      long value = 0;
      for (int i = 0; i < MAX_NUMBER_BYTES && at < bytes.length; i++) {
        byte next = bytes[at++];
        value |= (next & 0x7fL) << (7 * i);
        if (next >= 0) {
          return value;
        }
      }
      isShort = true;
      return 0;
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
