package dev.cloister.sandbox.config;

import java.time.Duration;

/// The section `http.tls`: the server's certificate. Without files the server speaks plain HTTP.
///
/// @param certificate the file with the certificate and those that lead to a root, in PEM; empty
///   for none
/// @param key the file with the private key, in PEM (PKCS #8); empty for none
/// @param reload how often the files are looked at for changes
public record TlsConfig(String certificate, String key, Duration reload) {

  static TlsConfig from(ConfigSection section) {
    TlsConfig config =
        new TlsConfig(
            section.optionalText("certificate"),
            section.optionalText("key"),
            section.duration(
                "reload", Duration.ofMinutes(1), Duration.ofMillis(100), Duration.ofDays(1)));
    if (config.certificate.isEmpty() != config.key.isEmpty()) {
      section.fault("certificate and key belong together: name both files, or none");
    }
    section.end();
    return config;
  }

  /// Returns whether the server speaks TLS.
  public boolean isOn() {
    return !certificate.isEmpty();
  }
}
