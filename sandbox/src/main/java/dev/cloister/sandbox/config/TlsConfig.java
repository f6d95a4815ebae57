package dev.cloister.sandbox.config;

import java.time.Duration;

/// The section `http.tls`: the server's certificate, in files in PEM or in a keystore. Without
/// either the server speaks plain HTTP.
///
/// @param certificate the file with the certificate and those that lead to a root, in PEM; empty
///   for none
/// @param key the file with the private key, in PEM (PKCS #8); empty for none
/// @param keystore the keystore with certificate and key, PKCS #12 or JKS; empty for none
/// @param keystorePasswordFile the file with the password of the keystore and its key
/// @param keystoreAlias the name of the key in the keystore; empty for the only one
/// @param reload how often the files are looked at for changes
public record TlsConfig(
    String certificate,
    String key,
    String keystore,
    String keystorePasswordFile,
    String keystoreAlias,
    Duration reload) {

  static TlsConfig from(ConfigSection section) {
    TlsConfig config =
        new TlsConfig(
            section.optionalText("certificate"),
            section.optionalText("key"),
            section.optionalText("keystore"),
            section.optionalText("keystorePasswordFile"),
            section.optionalText("keystoreAlias"),
            section.duration(
                "reload", Duration.ofMinutes(1), Duration.ofMillis(100), Duration.ofDays(1)));
    if (config.certificate.isEmpty() != config.key.isEmpty()) {
      section.fault("certificate and key belong together: name both files, or none");
    }
    if (config.keystore.isEmpty() != config.keystorePasswordFile.isEmpty()) {
      section.fault("keystore and keystorePasswordFile belong together: name both files, or none");
    }
    if (config.isKeystore() && !config.certificate.isEmpty()) {
      section.fault("the certificate is in PEM files or in a keystore, not in both");
    }
    if (!config.isKeystore() && !config.keystoreAlias.isEmpty()) {
      section.fault("keystoreAlias names a key of a keystore, and there is none");
    }
    section.end();
    return config;
  }

  /// A certificate in PEM files.
  public static TlsConfig ofPem(String certificate, String key, Duration reload) {
    return new TlsConfig(certificate, key, "", "", "", reload);
  }

  /// A certificate in a keystore.
  ///
  /// @param alias the name of its key, empty for the only one
  public static TlsConfig ofKeystore(
      String keystore, String passwordFile, String alias, Duration reload) {
    return new TlsConfig("", "", keystore, passwordFile, alias, reload);
  }

  /// Returns whether the server speaks TLS.
  public boolean isOn() {
    return !certificate.isEmpty() || isKeystore();
  }

  /// Returns whether the certificate is in a keystore.
  public boolean isKeystore() {
    return !keystore.isEmpty();
  }
}
