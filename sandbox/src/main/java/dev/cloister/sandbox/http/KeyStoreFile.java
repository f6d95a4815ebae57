package dev.cloister.sandbox.http;

import dev.cloister.sandbox.config.TlsConfig;
import dev.cloister.sandbox.problem.NearestName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A keystore of Java's, PKCS #12 or JKS, from which the server's certificate is taken. Blocks.
///
/// @param chain the certificate and those that lead to a root, in PEM
/// @param key its private key, in PEM
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
record KeyStoreFile(byte[] chain, byte[] key) {

  /// Reads the keystore that `config` names.
  ///
  /// @throws IOException if it cannot be read, the password is wrong, or it is not clear which
  ///   certificate is meant
  static KeyStoreFile read(TlsConfig config) throws IOException {
    String file = config.keystore();
    String password = Files.readString(Path.of(config.keystorePasswordFile())).stripTrailing();
    try {
      KeyStore store = KeyStore.getInstance(Path.of(file).toFile(), password.toCharArray());
      String alias = alias(store, config);
      Key key = store.getKey(alias, password.toCharArray());
      java.security.cert.Certificate @Nullable [] chain = store.getCertificateChain(alias);
      if (key == null || chain == null) {
        throw new IOException("the entry \"" + alias + "\" has no certificate");
      }
      StringBuilder certificates = new StringBuilder();
      for (java.security.cert.Certificate certificate : chain) {
        certificates.append(pem("CERTIFICATE", certificate.getEncoded()));
      }
      return new KeyStoreFile(
          ascii(certificates.toString()), ascii(pem("PRIVATE KEY", key.getEncoded())));
    } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
      throw new IOException("cannot use the keystore " + file + ": " + e.getMessage(), e);
    }
  }

  /// Returns the entry that is meant: the one with the configured name, or the only one with a key.
  private static String alias(KeyStore store, TlsConfig config)
      throws GeneralSecurityException, IOException {
    List<String> keys = new ArrayList<>();
    for (String alias : Collections.list(store.aliases())) {
      if (store.isKeyEntry(alias)) {
        keys.add(alias);
      }
    }
    Collections.sort(keys);
    String wanted = config.keystoreAlias();
    if (keys.isEmpty()) {
      throw new IOException("it has no private key");
    }
    if (wanted.isEmpty()) {
      if (keys.size() > 1) {
        throw new IOException(
            "it has several private keys; keystoreAlias must name one of "
                + String.join(", ", keys));
      }
      return keys.getFirst();
    }
    if (!store.isKeyEntry(wanted)) {
      @Nullable String nearest = NearestName.of(wanted, keys);
      throw new IOException(
          "it has no private key \""
              + wanted
              + "\""
              + (nearest == null
                  ? "; there are " + String.join(", ", keys)
                  : "; did you mean \"" + nearest + "\"?"));
    }
    return wanted;
  }

  private static String pem(String type, byte[] encoded) {
    return "-----BEGIN "
        + type
        + "-----\n"
        + Base64.getMimeEncoder().encodeToString(encoded)
        + "\n-----END "
        + type
        + "-----\n";
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
