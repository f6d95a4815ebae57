package dev.cloister.sandbox.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.sandbox.fixture.ModuleSigner;
import dev.cloister.sandbox.fixture.Modules;
import dev.cloister.sandbox.problem.ApiException;
import dev.cloister.sandbox.problem.ProblemType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Signatures in modules and beside them, in pieces of any size; none that is not right passes.
final class SignatureCheckTest {
  private final ModuleSigner signer = new ModuleSigner();
  private final ModuleSigner stranger = new ModuleSigner();
  private final TrustedKey key = TrustedKey.parse("ci", signer.publicKey());
  private final byte[] module = Modules.arithmetic();

  private SignaturePolicy policy(SignatureMode mode) {
    return new SignaturePolicy(mode, List.of(key));
  }

  private Set<TrustedKey> check(
      SignatureMode mode, byte[] bytes, byte @Nullable [] detached, int pieceBytes) {
    SignatureCheck check =
        new SignatureCheck(
            policy(mode), detached == null ? null : new DetachedSignature(null, detached));
    for (int from = 0; from < bytes.length; from += pieceBytes) {
      check.push(bytes, from, Math.min(pieceBytes, bytes.length - from));
    }
    return check.finish();
  }

  private void assertRefused(
      ProblemType type, SignatureMode mode, byte[] bytes, byte @Nullable [] detached) {
    assertThatThrownBy(() -> check(mode, bytes, detached, bytes.length))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.problem().type()).isEqualTo(type));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 10, 64, 1 << 20})
  void signedModule_isSigned_inPiecesOfAnySize(int pieceBytes) {
    byte[] signed = signer.sign(module, "ci");

    assertThat(check(SignatureMode.REQUIRED, signed, null, pieceBytes)).containsExactly(key);
    assertThat(check(SignatureMode.REQUIRED, signer.sign(module, ""), null, pieceBytes))
        .containsExactly(key);
    assertThat(check(SignatureMode.OFF, signed, null, pieceBytes)).isEmpty();
  }

  @Test
  void signatureBesideTheModule_isBare_orAFileOfWasmsign2() {
    assertThat(check(SignatureMode.REQUIRED, module, signer.signature(module), 100))
        .containsExactly(key);
    assertThat(check(SignatureMode.REQUIRED, module, signer.signatureFile(module, "ci"), 100))
        .containsExactly(key);
  }

  @Test
  void unsignedModule_passesUnlessItMustBeSigned() {
    assertThat(check(SignatureMode.OPTIONAL, module, null, 100)).isEmpty();
    assertRefused(ProblemType.SIGNATURE_REQUIRED, SignatureMode.REQUIRED, module, null);
    assertRefused(ProblemType.SIGNATURE_REQUIRED, SignatureMode.REQUIRED, new byte[0], null);
  }

  @ParameterizedTest
  @EnumSource(
      value = SignatureMode.class,
      names = {"OPTIONAL", "REQUIRED"})
  void signatureOfAStranger_orOfAnotherModule_isNotValid(SignatureMode mode) {
    byte[] other = Modules.arithmetic("other");

    assertRefused(ProblemType.SIGNATURE_INVALID, mode, stranger.sign(module, "ci"), null);
    assertRefused(ProblemType.SIGNATURE_INVALID, mode, module, stranger.signature(module));
    assertRefused(ProblemType.SIGNATURE_INVALID, mode, module, signer.signature(other));
    assertRefused(ProblemType.SIGNATURE_INVALID, mode, module, new byte[0]);
    // Of the right key, but saying another: not looked at.
    assertRefused(ProblemType.SIGNATURE_INVALID, mode, signer.sign(module, "prod"), null);
  }

  @Test
  void moduleThatWasChanged_isNotSigned_whereverTheChangeIs() {
    byte[] signed = signer.sign(module, "ci");
    int start = signed.length - module.length + 8;
    for (int i = start; i < signed.length; i++) {
      byte[] changed = signed.clone();
      changed[i] ^= 1;
      assertRefused(ProblemType.SIGNATURE_INVALID, SignatureMode.REQUIRED, changed, null);
    }
    byte[] longer = Arrays.copyOf(signed, signed.length + 1);
    assertRefused(ProblemType.SIGNATURE_INVALID, SignatureMode.REQUIRED, longer, null);
  }

  @Test
  void sectionThatIsDamaged_isRefused_andNeverFails() {
    byte[] signed = signer.sign(module, "ci");
    int end = signed.length - module.length + 8;
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      byte[] changed = signed.clone();
      int at = 8 + random.nextInt(end - 8);
      byte flip = (byte) (1 + random.nextInt(255));
      changed[at] ^= flip;
      assertThatThrownBy(() -> check(SignatureMode.REQUIRED, changed, null, 50))
          .as("seed %d, byte %d ^ %d", seed, at, flip)
          .isInstanceOf(ApiException.class);
    }
    for (int cut = 0; cut < end; cut++) {
      byte[] part = Arrays.copyOf(signed, cut);
      assertThatThrownBy(() -> check(SignatureMode.REQUIRED, part, null, 50))
          .isInstanceOf(ApiException.class);
    }
  }

  @Test
  void sectionThatIsTooLarge_isRefused() {
    byte[] section = new byte[30];
    byte[] start = {0, 'a', 's', 'm', 1, 0, 0, 0, 0, (byte) 0x81, (byte) 0x80, 4, 9};
    System.arraycopy(start, 0, section, 0, start.length);
    System.arraycopy("signature".getBytes(StandardCharsets.UTF_8), 0, section, start.length, 9);

    assertRefused(ProblemType.SIGNATURE_INVALID, SignatureMode.OPTIONAL, section, null);
  }

  @Test
  void key_isReadInEachOfItsForms() {
    byte[] raw = signer.rawPublicKey();
    byte[] prefixed = new byte[33];
    prefixed[0] = 1;
    System.arraycopy(raw, 0, prefixed, 1, 32);
    Base64.Encoder encoder = Base64.getEncoder();

    assertThat(TrustedKey.parse("ci", encoder.encodeToString(raw))).isEqualTo(key);
    assertThat(TrustedKey.parse("ci", encoder.encodeToString(prefixed))).isEqualTo(key);
    assertThat(
            TrustedKey.parse(
                "ci",
                "-----BEGIN PUBLIC KEY-----\n"
                    + signer.publicKey()
                    + "\n-----END PUBLIC KEY-----\n"))
        .isEqualTo(key);
    for (String text : List.of("", "AAAA", "?", signer.publicKey().substring(4))) {
      assertThatThrownBy(() -> TrustedKey.parse("ci", text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Ed25519");
    }
  }

  @Test
  void header_isReadStrictly() {
    DetachedSignature signature = DetachedSignature.parse("keyid=\"ci\";sig=:AAEC:");
    assertThat(signature.keyId()).isEqualTo("ci");
    assertThat(signature.bytes()).containsExactly(0, 1, 2);
    assertThat(DetachedSignature.parse(" sig=:AAEC: ").keyId()).isNull();
    for (String text : List.of("", "AAEC", "sig=AAEC", "sig=:A:", "keyid=\"\";sig=:AAEC:")) {
      assertThatThrownBy(() -> DetachedSignature.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
