package dev.cloister.engine.persist;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cloister.engine.fixture.Seed;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/// The key of archives computes what the standards say.
final class ArchiveKeyTest {
  @Test
  void code_ofTestCase2OfRfc4231_isAsPublished() {
    byte[] data = "what do ya want for nothing?".getBytes(UTF_8);
    assertThat(HexFormat.of().formatHex(ArchiveKey.of("Jefe".getBytes(UTF_8)).code(data, 28)))
        .isEqualTo("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  }

  @Test
  void code_ofRandomKeysAndTexts_isThatOfTheJdk() throws GeneralSecurityException {
    Random random = Seed.random();
    for (int i = 0; i < 200; i++) {
      byte[] key = new byte[1 + random.nextInt(150)];
      byte[] text = new byte[random.nextInt(300)];
      random.nextBytes(key);
      random.nextBytes(text);
      int length = random.nextInt(text.length + 1);
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(text, 0, length);
      assertThat(ArchiveKey.of(key).code(text, length)).isEqualTo(mac.doFinal());
    }
  }

  @Test
  void derivedKey_isThatOfTheJdksHkdf() throws GeneralSecurityException {
    byte[] secret = new byte[32];
    Arrays.fill(secret, (byte) 7);
    byte[] expected =
        KDF.getInstance("HKDF-SHA256")
            .deriveData(
                HKDFParameterSpec.ofExtract()
                    .addIKM(secret)
                    .thenExpand("cloister compiled code, format 1".getBytes(UTF_8), 32));
    byte[] text = {1, 2, 3};
    assertThat(ArchiveKey.derive(secret).code(text, 3))
        .isEqualTo(ArchiveKey.of(expected).code(text, 3));
  }

  @Test
  void secretBelow16Bytes_isRefused() {
    assertThatThrownBy(() -> ArchiveKey.derive(new byte[15]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the secret must have 16 bytes, has 15");
  }
}
