package dev.cloister.sandbox.http;

import dev.cloister.sandbox.config.TlsConfig;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The server's certificate with its private key, as they were read from their files at one time.
///
/// Files that do not fit each other, as when only one of the two was replaced so far, are not
/// accepted: whoever reads again keeps what it had.
final class Certificate {
  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
  private static final byte[] PROBE = "probe".getBytes(StandardCharsets.US_ASCII);

  private final byte[] chain;
  private final byte[] key;

  private Certificate(byte[] chain, byte[] key) {
    this.chain = chain;
    this.key = key;
  }

  /// Reads the files. Blocks.
  ///
  /// @throws IOException if they cannot be read, have another form, or do not fit each other
  static Certificate read(TlsConfig config) throws IOException {
    Certificate read = config.isKeystore() ? ofKeystore(config) : ofPem(config);
    try {
      read.check();
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      String what =
          config.isKeystore()
              ? "the keystore " + config.keystore()
              : "the certificate " + config.certificate() + " with the key " + config.key();
      throw new IOException("cannot use " + what + ": " + e.getMessage(), e);
    }
    return read;
  }

  private static Certificate ofPem(TlsConfig config) throws IOException {
    return new Certificate(
        Files.readAllBytes(Path.of(config.certificate())),
        Files.readAllBytes(Path.of(config.key())));
  }

  private static Certificate ofKeystore(TlsConfig config) throws IOException {
    KeyStoreFile file = KeyStoreFile.read(config);
    return new Certificate(file.chain(), file.key());
  }

  /// Returns the certificate as the HTTP server takes it.
  PemKeyCertOptions options() {
    return new PemKeyCertOptions()
        .addCertValue(Buffer.buffer(chain))
        .addKeyValue(Buffer.buffer(key));
  }

  /// Returns whether the files had the same contents.
  boolean isSame(Certificate other) {
    return Arrays.equals(chain, other.chain) && Arrays.equals(key, other.key);
  }

  /// Signs something with the key and lets the certificate verify it.
  private void check() throws GeneralSecurityException {
    Collection<? extends java.security.cert.Certificate> certificates =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(chain));
    if (!(certificates.stream().findFirst().orElse(null) instanceof X509Certificate own)) {
      throw new CertificateException("there is no certificate in the file");
    }
    Matcher matcher = PRIVATE_KEY.matcher(new String(key, StandardCharsets.US_ASCII));
    if (!matcher.find()) {
      throw new GeneralSecurityException(
          "the key must be PEM of PKCS #8, which begins with -----BEGIN PRIVATE KEY-----");
    }
    String algorithm = own.getPublicKey().getAlgorithm();
    byte[] encoded = Base64.getMimeDecoder().decode(matcher.group(1));
    PrivateKey privateKey =
        KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
    String signatureName =
        switch (algorithm) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> algorithm;
        };
    Signature signature = Signature.getInstance(signatureName);
    signature.initSign(privateKey);
    signature.update(PROBE);
    byte[] signed = signature.sign();
    signature.initVerify(own.getPublicKey());
    signature.update(PROBE);
    if (!signature.verify(signed)) {
      throw new GeneralSecurityException("the key is not that of the certificate");
    }
  }
}
